"""Keeps one map of a comparison, for a verdict is about one; opened again, it is the whole comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from explainers.figures import Look, Tile
from pages.sections.compare.drawing import Drawing
from pages.shared.keep import Keepable, offer_to_keep


def offer_tile_to_keep(tiles: Sequence[Tile], drawing: Drawing) -> None:
    """Offer to keep one of the maps, drawn as they are."""
    tints, results = drawing.tints, {}
    for tile in map(drawing.of, tiles):
        if tile.question and (explanation := tile.explanation):
            colours = tints.signed if explanation.signed else tints.unsigned
            look = replace(Look.first(explanation), colours=colours, clip=tints.clip)
            results[tile.title] = Keepable(tile.question.photo, explanation, look)
    offer_to_keep(results, "compare")
