"""Keeps one map of a comparison, for a verdict is about one; opened again, it is the whole comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from explainers.figures import Look, Tile
from explainers.question import Question
from pages.sections.compare.drawing import Drawing
from pages.shared.keep import offer_to_keep


def offer_tile_to_keep(question: Question, tiles: Sequence[Tile], drawing: Drawing) -> None:
    """Offer to keep one of the maps, drawn as they are."""
    tints, results = drawing.tints, {}
    for tile in map(drawing.of, tiles):
        if explanation := tile.explanation:
            colours = tints.signed if explanation.signed else tints.unsigned
            results[tile.title] = explanation, replace(Look.first(explanation), colours=colours, clip=tints.clip)
    offer_to_keep(question.photo, results, "compare")
