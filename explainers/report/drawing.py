"""A drawing of texts, pictures and lines that is declared once, and written as SVG or as PNG at twice the size."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from explainers.images.encoding import data_address, encode

SCALE = 2  # pixels of the PNG, and of every picture, for each unit of the drawing
INK, FAINT = "#1c1b1a", "#5d6170"
FONTS = {False: "DejaVuSans.ttf", True: "DejaVuSans-Bold.ttf"}  # whether bold; they come with Matplotlib
FAMILY = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"
DASH, GAP = 5.0, 4.0  # units of a dashed line that are drawn, and that are left out
# What a stranger's text may hold and a drawing can't: controls, halves of characters, and what turns the reading order.
UNDRAWABLE = re.compile("[^ -~\xa0-\u2027\u202f-\u2065\u206a-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]+")
ELLIPSIS = "…"
Anchor = Literal["start", "middle", "end"]
Point = tuple[float, float]


@dataclass(frozen=True)
class Text:
    """A line of text, which begins, has its middle, or ends at a point of its baseline."""

    at: Point
    text: str
    size: float = 12
    bold: bool = False
    colour: str = INK
    anchor: Anchor = "start"


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture with its left upper corner at a point, of SCALE pixels for each unit."""

    at: Point
    image: Image.Image


@dataclass(frozen=True)
class Line:
    """A line through some points."""

    points: Sequence[Point]
    colour: str
    width: float = 1.5
    dashed: bool = False


@dataclass(frozen=True, eq=False)
class Drawing:
    """Parts on white paper of a width and height; the later ones lie over the earlier ones.

    about: what the drawing shows, in a sentence, for those who can't see it.
    """

    size: tuple[float, float]
    parts: Sequence[Text | Picture | Line]
    about: str


def drawable(text: str) -> str:
    """Return a text as one line of what a drawing can hold."""
    return " ".join(UNDRAWABLE.sub(" ", text).split())


def wrapped(text: str, width: float, size: float, *, bold: bool = False, most: int = 100) -> list[str]:
    """Break a text into at most `most` lines of this width; what doesn't fit ends in an ellipsis."""
    lines, rest = list[str](), drawable(text)
    while rest:
        if len(lines) == most - 1:
            return [*lines, _shortened(rest, width, size, bold)]
        line = rest[: _fitting(rest, width, size, bold)]
        if len(line) < len(rest) and " " in line.rstrip() and rest[len(line)] != " ":
            line = line[: line.rstrip().rindex(" ")]
        lines.append(line.strip())
        rest = rest[len(line) :].strip()
    return lines


def svg(drawing: Drawing) -> bytes:
    """Write a drawing as one SVG file that needs no other."""
    width, height = (f"{side:g}" for side in drawing.size)
    about = html.escape(drawable(drawing.about))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'role="img" font-family="{FAMILY}">'
    )
    paper = f'<rect width="{width}" height="{height}" fill="#fff"/>'
    return "\n".join([head, f"<title>{about}</title>", paper, *map(_tag, drawing.parts), "</svg>\n"]).encode()


def png(drawing: Drawing) -> bytes:
    """Write a drawing as PNG, SCALE times as large."""
    image = Image.new("RGB", (round(drawing.size[0] * SCALE), round(drawing.size[1] * SCALE)), "white")
    canvas = ImageDraw.Draw(image)
    for part in drawing.parts:
        match part:
            case Text((x, y)):
                place, anchor = (x * SCALE, y * SCALE), {"start": "ls", "middle": "ms", "end": "rs"}[part.anchor]
                font = _font(part.size * SCALE, part.bold)
                canvas.text(place, drawable(part.text), part.colour, font, anchor)
            case Picture((x, y)):
                image.paste(part.image, (round(x * SCALE), round(y * SCALE)))
            case Line():
                for stroke in _dashes(part.points) if part.dashed else [part.points]:
                    ends = [(x * SCALE, y * SCALE) for x, y in stroke]
                    canvas.line(ends, part.colour, round(part.width * SCALE), "curve")
    return encode(image)


def fitted(image: Image.Image, width: float, height: float) -> Image.Image:
    """Scale an image to the largest size that fits into a box of the drawing; small pixels stay squares."""
    factor = min(width * SCALE / image.width, height * SCALE / image.height)
    size = max(1, round(image.width * factor)), max(1, round(image.height * factor))
    resampling = Image.Resampling.NEAREST if factor > 2 else Image.Resampling.LANCZOS
    return image.convert("RGB").resize(size, resampling)


def _tag(part: Text | Picture | Line) -> str:
    """Return a part of a drawing as a tag of SVG."""
    match part:
        case Text((x, y)):
            weight, anchor = ' font-weight="bold"' * part.bold, f' text-anchor="{part.anchor}"'
            look = f'font-size="{part.size:g}" fill="{part.colour}"{weight}{anchor * (part.anchor != "start")}'
            return f'<text x="{x:g}" y="{y:g}" {look}>{html.escape(drawable(part.text))}</text>'
        case Picture((x, y)):
            width, height = (f"{side / SCALE:g}" for side in part.image.size)
            source = data_address(part.image, "jpeg")
            return f'<image x="{x:g}" y="{y:g}" width="{width}" height="{height}" href="{source}"/>'
        case Line():
            points = " ".join(f"{x:.2f},{y:.2f}" for x, y in part.points)
            dash = f' stroke-dasharray="{DASH:g} {GAP:g}"' * part.dashed
            look = f'fill="none" stroke="{part.colour}" stroke-width="{part.width:g}"{dash}'
            return f'<polyline points="{points}" {look}/>'


def _dashes(points: Sequence[Point]) -> list[list[Point]]:
    """Cut a line into its dashes."""
    dashes, current, left, draws = list[list[Point]](), [points[0]], DASH, True
    for (x, y), (end_x, end_y) in pairwise(points):
        while (length := ((end_x - x) ** 2 + (end_y - y) ** 2) ** 0.5) > left:
            x, y = x + (end_x - x) * left / length, y + (end_y - y) * left / length
            if draws:
                dashes.append([*current, (x, y)])
            draws, left, current = not draws, GAP if draws else DASH, [(x, y)]
        left -= length
        current.append((end_x, end_y))
    return [*dashes, current] if draws else dashes


def _shortened(text: str, width: float, size: float, bold: bool) -> str:
    """Return a text that fits into a line, with an ellipsis where something is left out."""
    if _fitting(text, width, size, bold) == len(text):
        return text
    return text[: _fitting(text, width - _font(size, bold).getlength(ELLIPSIS), size, bold)].rstrip() + ELLIPSIS


def _fitting(text: str, width: float, size: float, bold: bool) -> int:
    """Count the first characters of a text that fit into a line, at least one."""
    font, few, many = _font(size, bold), 1, min(len(text), 1 + int(width))  # no character that counts is below a unit
    while few < many:
        middle = (few + many + 1) // 2
        few, many = (middle, many) if font.getlength(text[:middle]) <= width else (few, middle - 1)
    return few


@cache
def _font(size: float, bold: bool) -> ImageFont.FreeTypeFont:
    """Return the font of all texts, from Matplotlib's folder, without importing Matplotlib."""
    package = find_spec("matplotlib")
    assert package
    assert package.submodule_search_locations
    path = Path(package.submodule_search_locations[0], "mpl-data", "fonts", "ttf", FONTS[bold])
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)
