"""The captioned picture of a comparison: its tiles in their grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image

from explainers.classifiers.view import Box
from explainers.explanation import Explanation
from explainers.figures import Tile, Tints, common_view, spans
from explainers.figures.parts import Span
from explainers.numbers import SEPARATOR
from explainers.report.drawing import FAINT, SCALE, Drawing, Picture, Point, fitted, wrapped
from explainers.report.layout import (
    GUTTER,
    LEGEND_HEIGHT,
    LINE,
    MARGIN,
    NAME_LINES,
    REASON_LINES,
    SENTENCE_LINES,
    SMALL,
    TALLEST,
    TEXT_SIZE,
    TITLE_LINES,
    TITLE_SIZE,
    Column,
    Part,
    block,
    legend,
)
from explainers.report.pictures import overlay_picture, tile_look, tile_photo

SIDES = {1: 360.0, 2: 340.0, 3: 260.0}  # the width of a tile, by the number of columns, and
SMALL_SIDE = 210.0  # where there are more
NARROWEST = 700.0  # the width of the title and of what is said of all tiles


@dataclass(frozen=True, eq=False)
class _Style:
    """What the tiles share.

    side:        their width.
    title_lines: the lines that the longest title takes.
    limits:      the numbers at the ends of each tile's scale, None without a map.
    """

    side: float
    title_lines: int
    tints: Tints
    limits: Sequence[Span | None]


def captioned_tiles(tiles: Sequence[Tile], columns: int, tints: Tints, *, title: str) -> Drawing:
    """Draw the tiles of a comparison in their grid, each with its title, map, scale and line."""
    side = SIDES.get(columns, SMALL_SIDE)
    column = Column(max(NARROWEST, columns * (side + GUTTER) - GUTTER))
    column.write([title], TITLE_SIZE, most=TITLE_LINES, bold=True)
    column.write([_common(tiles)], TEXT_SIZE, most=NAME_LINES, colour=FAINT)
    scales = iter(spans([tile.explanation for tile in tiles if tile.explanation], tints))
    limits = [next(scales) if tile.explanation else None for tile in tiles]
    lines = (len(wrapped(tile.title, side, TEXT_SIZE, bold=True, most=TITLE_LINES)) for tile in tiles)
    style = _Style(side, max(lines, default=1), tints, limits)
    for first in range(0, len(tiles), columns):
        row, top = range(first, min(first + columns, len(tiles))), column.y + 12
        for number in row:
            corner = MARGIN + (number - first) * (side + GUTTER), top
            parts, bottom = _tile(tiles, number, corner, style)
            column.parts += parts
            column.y = max(column.y, bottom)
    column.y += 16
    scale = "One colour scale for all maps." if tints.shared else "Each map has its own colour scale."
    about = f"{scale} The maps lie over the picture, and are transparent where they are zero."
    column.write([about], TEXT_SIZE, most=SENTENCE_LINES, colour=FAINT)
    size = column.width + 2 * MARGIN, column.y + MARGIN
    return Drawing(size, column.parts, f"{title}: {', '.join(tile.title for tile in tiles)}")


def _tile(tiles: Sequence[Tile], number: int, corner: Point, style: _Style) -> tuple[list[Part], float]:
    """Return the parts of a tile, given its left upper corner, and where it ends."""
    tile, span, (left, top) = tiles[number], style.limits[number], corner
    parts: list[Part] = [*block(tile.title, corner, style.side, TEXT_SIZE, most=TITLE_LINES, bold=True)]
    top += LINE * TEXT_SIZE * style.title_lines + 4
    most = REASON_LINES
    if tile.explanation and span:
        look = tile_look(tile.explanation, style.tints, span)
        picture = overlay_picture(tile.explanation, look, tile_photo(tile), span)
        shown = picture.crop(_whole_pixels(common_view(_of_same_photo(tiles, tile)), picture))
        image = fitted(shown, style.side, style.side * TALLEST)
        parts.append(Picture((left, top), image))
        top += image.height / SCALE + 6
        parts += legend(tile.explanation, span, look.colours, (left, top), style.side)
        top += LEGEND_HEIGHT
        most = SENTENCE_LINES
    line = block(tile.line, (left, top), style.side, SMALL, most=most, colour=FAINT)
    return [*parts, *line], top + LINE * SMALL * len(line)


def _whole_pixels(view: Box, picture: Image.Image) -> tuple[int, int, int, int]:
    """Return the pixels of a picture that a view touches."""
    left, top, right, bottom = view
    return (
        max(math.floor(left), 0),
        max(math.floor(top), 0),
        min(math.ceil(right), picture.width),
        min(math.ceil(bottom), picture.height),
    )


def _common(tiles: Sequence[Tile]) -> str:
    """Name the class, the classifier and the method that all maps have in common."""
    maps = [tile.explanation.facts for tile in tiles if tile.explanation]
    kinds = ({getattr(facts, name) for facts in maps} for name in ("label", "classifier", "method"))
    return SEPARATOR.join(values.pop() for values in kinds if len(values) == 1)


def _of_same_photo(tiles: Sequence[Tile], tile: Tile) -> list[Explanation]:
    """Return the maps of the same photo, which show the same part of it."""
    return [each.explanation for each in tiles if each.explanation and _digest(each) == _digest(tile)]


def _digest(tile: Tile) -> str:
    return tile.question.photo.digest if tile.question else ""
