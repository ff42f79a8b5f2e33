"""What captioned pictures are laid out with: texts one under the other, and the scale of a map's colours."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from PIL import Image

from explainers.explanation import Explanation
from explainers.figures import scale_texts
from explainers.figures.colours import rgb
from explainers.figures.parts import Span
from explainers.report.drawing import FAINT, INK, SCALE, Line, Picture, Point, Text, wrapped

MARGIN, GUTTER = 20.0, 20.0  # around everything, and between pictures
TALLEST = 1.4  # times as high as wide: pictures that are higher become narrower
LINE = 1.4  # the height of a line of text, in sizes of its type
BAR_HEIGHT, LEGEND_HEIGHT = 8.0, 42.0
TITLE_SIZE, TEXT_SIZE, SMALL = 18, 12, 10
TITLE_LINES, NAME_LINES, SENTENCE_LINES, REASON_LINES = 3, 2, 4, 8  # that a stranger's text may fill
Part = Text | Picture | Line


class Column:
    """What stands one under the other: the parts so far, and where the next one begins."""

    def __init__(self, width: float) -> None:
        self.width, self.y, self.parts = width, MARGIN, list[Part]()

    def write(self, sentences: Iterable[str], size: float, *, most: int, bold: bool = False, colour: str = INK) -> None:
        """Write sentences, each in at most `most` lines of its own."""
        for sentence in sentences:
            lines = block(sentence, (MARGIN, self.y), self.width, size, most=most, bold=bold, colour=colour)
            self.parts += lines
            self.y += LINE * size * len(lines)


def block(
    sentence: str, corner: Point, width: float, size: float, *, most: int, bold: bool = False, colour: str = INK
) -> list[Text]:
    """Return the lines of a text, given its left upper corner."""
    left, top = corner
    lines = wrapped(sentence, width, size, bold=bold, most=most)
    return [Text((left, top + LINE * size * n + size), line, size, bold, colour) for n, line in enumerate(lines)]


def legend(explanation: Explanation, span: Span, colours: str, corner: Point, width: float) -> list[Text | Picture]:
    """Return a bar of a map's colours, with the numbers at its ends and in its middle, and their unit under it."""
    left, top = corner
    row, foot = rgb(colours, round(width * SCALE)), top + BAR_HEIGHT + SMALL + 1
    bar = Image.fromarray(np.ascontiguousarray(np.broadcast_to(row, (round(BAR_HEIGHT * SCALE), *row.shape))))
    low, middle, high = scale_texts(explanation, span)
    return [
        Picture(corner, bar),
        Text((left, foot), low, SMALL),
        Text((left + width / 2, foot), middle, SMALL, anchor="middle"),
        Text((left + width, foot), high, SMALL, anchor="end"),
        *block(explanation.facts.unit.text, (left, foot + 3), width, SMALL, most=1, colour=FAINT),
    ]
