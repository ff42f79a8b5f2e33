"""The pointing game on photos with boxes: whether the map's peak lies in the object's box."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from explainers import EXPLAINERS, Classifier, Explainer, ExplanationError, Target
from explainers.experiments import PointingScore, hit
from tools.trials.cases import Box, Case

Photograph = Image.Image | Tensor
PAPER_TOLERANCE = 15  # pixels, of Zhang et al. (2016)
MAX_PASSES = 110  # occlusion needs 101; a method that needs more would take longer than all others together
TABLE_HEAD = """| method | peak in the box | within 15 px | attribution in the box | times the box's share |
|---|---|---|---|---|"""


def table(classifier: Classifier, cases: Sequence[Case]) -> str:
    """Write a Markdown table of the methods of at most MAX_PASSES passes, best first; the boxes' class is explained."""
    questions = list(_questions(cases))
    rows = []
    for kind in EXPLAINERS:
        explainer = kind().repeatable
        if explainer.passes(classifier) > MAX_PASSES:
            continue
        try:
            scores = [_scores(explainer, classifier, *question) for question in questions]
        except ExplanationError:
            continue  # an architecture that the method refuses
        exact, near = (np.mean([pair[tolerance].peak or 0 for pair in scores]) for tolerance in (0, 1))
        inside = np.mean([pair[0].inside or 0 for pair in scores])
        concentration = np.mean([(pair[0].inside or 0) / pair[0].area for pair in scores])
        row = f"| {kind.title} | {exact:.0%} | {near:.0%} | {inside:.0%} | {concentration:.1f} |"
        rows.append((exact, near, row))
    box_share = np.mean([pair[0].area for pair in scores])
    centre = [np.mean([pair[tolerance].centre for pair in scores]) for tolerance in (0, 1)]
    centre_row = (
        f"| *the middle of the picture* | {centre[0]:.0%} | {centre[1]:.0%} | *{box_share:.0%} is the box* | 1.0 |"
    )
    ranked = sorted(rows, key=lambda row: row[:2], reverse=True)
    note = f"{len(questions)} questions: a photo and a class that it has a box of."
    return "\n".join([TABLE_HEAD, *(row[2] for row in ranked), centre_row, "", note])


def _questions(cases: Sequence[Case]) -> Iterator[tuple[Photograph, int, Sequence[Box]]]:
    """Yield each photo with a class and all boxes of that class."""
    for case in cases:
        by_class = defaultdict(list)
        for index, box in case.boxes:
            by_class[index].append(box)
        for index, boxes in by_class.items():
            yield case.photo.image, index, boxes


def _scores(
    explainer: Explainer, classifier: Classifier, photo: Photograph, index: int, boxes: Sequence[Box]
) -> tuple[PointingScore, PointingScore]:
    """Score the map's peak without tolerance, and with the paper's."""
    explanation = explainer(classifier, photo, Target(index))
    return hit(explanation, *boxes), hit(explanation, *boxes, tolerance=PAPER_TOLERANCE)
