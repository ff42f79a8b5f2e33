"""The captioned picture of one map: the map beside its picture, with what one must know to read it."""

from __future__ import annotations

from PIL import Image

from explainers import proof
from explainers.arrays import Array
from explainers.check import Check, no_sum
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.figures import Look
from explainers.figures.colours import BLUE, GREY, ORANGE
from explainers.images.encoding import as_image
from explainers.markdown import plain
from explainers.methods import BY_SLUG
from explainers.numbers import SEPARATOR, counted, significant
from explainers.paths.trace import Trace
from explainers.report.drawing import FAINT, SCALE, Drawing, Line, Picture, Point, Text, fitted
from explainers.report.layout import (
    GUTTER,
    LEGEND_HEIGHT,
    MARGIN,
    NAME_LINES,
    SENTENCE_LINES,
    SMALL,
    TALLEST,
    TEXT_SIZE,
    TITLE_LINES,
    TITLE_SIZE,
    Column,
    Part,
    legend,
)
from explainers.report.pictures import overlay_picture, own_span

SIDE = 360.0  # the width of each of the two pictures
CURVE_HEIGHT, CURVE_TOP, CURVE_FOOT = 130.0, 18.0, 30.0  # of the curve itself, and the room over it and under it
CURVE_LEFT = 56.0  # the room for its numbers


def captioned(
    explanation: Explanation, photo: Image.Image | None, look: Look, *, name: str = "", curve: bool = False
) -> Drawing:
    """Draw picture and overlay with a title, the scale of the colours, and the check.

    photo: the upright photo; None: what the classifier saw of it is drawn instead.
    name:  what the picture is called.
    curve: whether the score along the path is drawn, too, where the method has a path.
    """
    title, about = _title(explanation), SEPARATOR.join([explanation.facts.classifier, *filter(None, [name])])
    column = Column(2 * SIDE + GUTTER)
    column.write([title], TITLE_SIZE, most=TITLE_LINES, bold=True)
    column.write([about, _settings(explanation)], TEXT_SIZE, most=NAME_LINES, colour=FAINT)
    column.y += 8
    overlay = overlay_picture(explanation, look, photo)
    images = [fitted(image, SIDE, SIDE * TALLEST) for image in (photo or as_image(explanation.picture), overlay)]
    right = MARGIN + SIDE + GUTTER
    column.parts += [Picture((left, column.y), image) for left, image in zip((MARGIN, right), images, strict=True)]
    column.y += max(image.height for image in images) / SCALE + 8
    column.parts.append(Text((MARGIN, column.y + SMALL), "The picture, and the map over it", SMALL, colour=FAINT))
    column.parts += legend(explanation, own_span(explanation, look), look.colours, (right, column.y), SIDE)
    column.y += LEGEND_HEIGHT
    if curve and explanation.trace:
        column.parts += _curve(explanation, explanation.trace, column.y, column.width)
        column.y += CURVE_TOP + CURVE_HEIGHT + CURVE_FOOT
    column.write(_sentences(explanation), TEXT_SIZE, most=SENTENCE_LINES)
    return Drawing((column.width + 2 * MARGIN, column.y + MARGIN), column.parts, f"{title}. {about}")


def _title(explanation: Explanation) -> str:
    """Name the class, the score, and the method."""
    facts = explanation.facts
    rather = "" if facts.versus is None else f" rather than {facts.versus}"
    return f"{facts.label}{rather}: {explanation.target.scale} {proof.score(explanation)}, {facts.method}"


def _settings(explanation: Explanation) -> str:
    """Return the settings that have an effect, each with its value, as the pages show them."""
    facts = explanation.facts
    kind = BY_SLUG.get(facts.slug, Explainer)  # a script may have a method of its own
    return SEPARATOR.join(f"{name}: {value}" for name, value in kind.in_words(facts.settings))


def _sentences(explanation: Explanation) -> list[str]:
    """Return the check, what is to be known of the map, and its cost, as plain sentences."""
    check, passes = Check.of(explanation), counted(explanation.facts.passes, "pass", "passes")
    lines = (
        [no_sum(explanation)]
        if check is None
        else [f"{check.sum[0].upper()}{check.sum[1:]}. {check.verdict}", check.why_unjudged]
    )
    about = (proof.accuracy, proof.samples, proof.steps, proof.why_empty, proof.caution)
    sentences = (*lines, *(say(explanation) for say in about), f"{passes} through the classifier.")
    return [plain(sentence) for sentence in sentences if sentence]


def _curve(explanation: Explanation, trace: Trace, top: float, width: float) -> list[Part]:
    """Return the score along the path, and what baseline and map have added up to, with their ends as numbers."""
    scale = explanation.target.scale
    scores = trace.logits if scale == "logit" else trace.probabilities
    sums = trace.cumulative + (explanation.baseline_score or 0.0)
    low, high = float(min(scores.min(), sums.min())), float(max(scores.max(), sums.max()))
    left, right, foot = MARGIN + CURVE_LEFT, MARGIN + width, top + CURVE_TOP + CURVE_HEIGHT

    def points(values: Array) -> list[Point]:
        heights = (values - low) / ((high - low) or 1.0) * CURVE_HEIGHT
        places = left + trace.alphas * (right - left)
        return [(float(x), foot - float(height)) for x, height in zip(places, heights, strict=True)]

    dashed = "dashed: the baseline's score, plus the map so far"
    return [
        Text((left, top + SMALL), f"{scale[0].upper()}{scale[1:]} along the path", SMALL, colour=BLUE),
        Text((right, top + SMALL), dashed, SMALL, colour=ORANGE, anchor="end"),
        Line([(left, foot), (right, foot)], GREY, 0.5),
        Line(points(scores), BLUE),
        Line(points(sums), ORANGE, dashed=True),
        Text((left - 6, top + CURVE_TOP + SMALL), significant(high), SMALL, anchor="end"),
        Text((left - 6, foot), significant(low), SMALL, anchor="end"),
        Text((left, foot + SMALL + 4), "alpha 0: baseline", SMALL, colour=FAINT),
        Text((right, foot + SMALL + 4), "alpha 1: picture", SMALL, colour=FAINT, anchor="end"),
    ]
