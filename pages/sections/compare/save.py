"""What the Save menu offers of a comparison: all its tiles together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from explainers import ExplanationError, Prediction
from explainers.arrays import Array
from explainers.comparison.variants import Comparison
from explainers.experiments import Finding
from explainers.figures import Tile, Tints
from explainers.question import Question
from explainers.report import comparison_report, snippets, zipped_tiles
from explainers.report.captioned_tiles import captioned_tiles
from explainers.report.drawing import png, svg
from explainers.report.measures import tile_measures
from pages.sections.compare.agreement import AGREEMENT_MEASURES, agreement, heats_of
from pages.shared.findings import known_findings
from pages.shared.save import Group, Offer, plain_name, save_menu

ABOUT_PICTURES = "All maps in their grid, each with its title, its colour scale and its proof in a line."
ABOUT_CODES = "It computes all maps again, bit for bit with the same versions and number of threads."
ABOUT_DATA = "The zip has a numbered folder for each map, with its values, settings and proof."


def offer_comparison(
    comparison: Comparison,
    question: Question,
    likely: Sequence[Prediction],
    tiles: Sequence[Tile],
    tints: Tints,
    *,
    with_agreement: bool,
) -> None:
    """Draw the menu of a comparison.

    tiles:          as they are drawn.
    with_agreement: whether the page shows how far they agree, so that the measures hold it, too.
    """
    pictures_shown = len({tile.photo for tile in tiles if tile.explanation})
    about = question.photo.name if pictures_shown < 2 else f"{pictures_shown} pictures"
    title = f"{about}: {len(tiles)} maps compared"
    findings = list(map(_findings, tiles))  # files are made where no page is at hand

    def drawn(write: Callable[..., bytes]) -> Callable[[], bytes]:
        return lambda: write(captioned_tiles(tiles, comparison.columns, tints, title=title))

    def make_measures() -> bytes:
        tables: dict[str, Array] = {}
        with suppress(ExplanationError):  # the page says why they can't be compared
            heats = heats_of([tile for tile in tiles if tile.explanation]) if with_agreement else []
            tables = {title: agreement(heats, measure) for title, _, measure in AGREEMENT_MEASURES if heats}
        return tile_measures(tiles, (question.classifier.identity, likely[0]), tables, findings)

    pictures = [
        Offer("Captioned (PNG)", "-captioned.png", drawn(png)),
        Offer("Captioned (SVG)", "-captioned.svg", drawn(svg)),
    ]
    data = [
        Offer("Everything (zip)", ".zip", lambda: zipped_tiles(tiles, tints)),
        Offer("Measures (CSV)", "-measures.csv", make_measures),
    ]
    groups = [
        Group("Picture", ABOUT_PICTURES, pictures),
        Group("Data", ABOUT_DATA, data),
        Group("Code", ABOUT_CODES, [Offer("Code (Python)", ".py", lambda: snippets(tiles).encode())]),
    ]

    def make_report(notes: str) -> bytes:
        page = comparison_report(tiles, comparison.columns, tints, findings=findings, title=title, notes=notes)
        return page.encode()

    save_menu(f"{plain_name(question.photo)}-comparison", question.photo, groups, make_report=make_report)


def _findings(tile: Tile) -> Mapping[str, Finding]:
    """Return what tests of a tile's map have found, by their titles."""
    if tile.explainer and tile.question and tile.explanation:
        return known_findings(tile.explainer, tile.question, tile.explanation)
    return {}
