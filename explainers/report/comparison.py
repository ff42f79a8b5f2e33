"""A report of the tiles of a comparison, in their grid."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from explainers.classifiers import Prediction
from explainers.experiments import Finding
from explainers.figures import Tile, Tints, spans
from explainers.question import Question
from explainers.report.html import report
from explainers.report.pictures import tile_look
from explainers.report.result import Failure, Result

Likely = Sequence[Prediction]
OWN_SCALES = "Each map has its own colour scale."
ONE_SCALE = "All maps share one colour scale: a colour means the same number in each."


def comparison_report(
    tiles: Sequence[Tile],
    columns: int,
    tints: Tints,
    *,
    findings: Sequence[Mapping[str, Finding]] = (),
    title: str = "",
    notes: str = "",
) -> str:
    """Return a report of tiles as HTML: in their grid with titles and lines, then one after the other.

    Tiles that failed say why.

    columns:  the number of tiles in a row.
    tints:    how the maps are drawn.
    findings: of each tile, what tests of its map found, by their titles; empty: no test is told of.
    """
    with_map = [number for number, tile in enumerate(tiles) if tile.explanation]
    maps = [tile.explanation for tile in tiles if tile.explanation]
    limits = dict(zip(with_map, spans(maps, tints), strict=True))
    known: dict[tuple[str, str], Likely] = {}

    def likely(question: Question) -> Likely:
        if question.subjects not in known:
            known[question.subjects] = question.classifier.predict(question.photo.image)
        return known[question.subjects]

    def results() -> Iterator[Result | Failure]:
        for number, tile in enumerate(tiles):
            explainer, question, explanation = tile.explainer, tile.question, tile.explanation
            if explainer and question and explanation:
                found, span = findings[number] if findings else {}, limits[number]
                look = tile_look(explanation, tints, span)
                yield Result(explainer, question, explanation, likely(question), found, look, span, tile.title)
            else:
                yield Failure(tile.title, tile.line)

    about = ONE_SCALE if tints.shared else OWN_SCALES
    return report(results(), title=title, notes=notes, columns=columns, about_grid=about)
