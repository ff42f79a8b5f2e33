"""A report of the tiles of a comparison, in their grid."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explainers.classifiers import Prediction
from explainers.figures import Look, Tile, Tints
from explainers.question import Question
from explainers.report.html import report
from explainers.report.result import Failure, Result

Likely = Sequence[Prediction]


def comparison_report(tiles: Sequence[Tile], columns: int, tints: Tints, *, title: str = "", notes: str = "") -> str:
    """Return a report of tiles as HTML: in their grid with titles and lines, then one after the other.

    Tiles that failed say why. Each map has a colour scale of its own.

    columns: the number of tiles in a row.
    tints:   how the maps are drawn.
    """
    known: dict[tuple[str, str], Likely] = {}

    def likely(question: Question) -> Likely:
        if question.subjects not in known:
            known[question.subjects] = question.classifier.predict(question.photo.image)
        return known[question.subjects]

    def results() -> Iterator[Result | Failure]:
        for tile in tiles:
            explainer, question, explanation = tile.explainer, tile.question, tile.explanation
            if explainer and question and explanation:
                colours = tints.signed if explanation.signed else tints.unsigned
                look = Look(colours, tints.clip, smooth=explanation.coarse)
                yield Result(explainer, question, explanation, likely(question), look=look, title=tile.title)
            else:
                yield Failure(tile.title, tile.line)

    return report(results(), title=title, notes=notes, columns=columns)
