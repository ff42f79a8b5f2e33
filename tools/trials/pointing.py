"""Whether the map's peak lies in the object's box: the pointing game on photos with boxes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from explainers import EXPLAINERS, Classifier, Explainer, ExplanationError, Target
from explainers.experiments import PointingScore, hit
from tools.trials.cases import Box, Case

PAPER = 15  # pixels: the tolerance of Zhang et al. (2016)
MOST = 110  # passes, occlusion being of 101: dearer methods would take the time of all others
HEADER = """| method | peak in the box | within 15 px | attribution in the box | times the box's share |
|---|---|---|---|---|"""


def table(classifier: Classifier, cases: Sequence[Case]) -> str:
    """Rows of Markdown, best first: every method of at most MOST passes, the class of the boxes being the target."""
    questions = list(_questions(cases))
    rows = []
    for kind in EXPLAINERS:
        explainer = kind().repeated
        if explainer.passes(classifier) > MOST:
            continue
        try:
            found = [_hits(explainer, classifier, *question) for question in questions]
        except ExplanationError:
            continue  # an architecture that the method refuses
        exact, near = (np.mean([hits[place].peak or 0 for hits in found]) for place in (0, 1))
        inside = np.mean([hits[0].inside or 0 for hits in found])
        lift = np.mean([(hits[0].inside or 0) / hits[0].area for hits in found])
        rows.append((exact, near, f"| {kind.title} | {exact:.0%} | {near:.0%} | {inside:.0%} | {lift:.1f} |"))
    area = np.mean([hits[0].area for hits in found])
    middle = [np.mean([hits[place].centre for hits in found]) for place in (0, 1)]
    centre = f"| *the middle of the picture* | {middle[0]:.0%} | {middle[1]:.0%} | *{area:.0%} is the box* | 1.0 |"
    best_first = sorted(rows, key=lambda row: row[:2], reverse=True)
    counted = f"{len(questions)} questions: a photo and a class that it has a box of."
    return "\n".join([HEADER, *(row[2] for row in best_first), centre, "", counted])


def _questions(cases: Sequence[Case]) -> Iterator[tuple[Image.Image, int, Sequence[Box]]]:
    """A photo, a class, and all boxes of that class."""
    for case in cases:
        by_class = defaultdict(list)
        for index, box in case.boxes:
            by_class[index].append(box)
        for index, boxes in by_class.items():
            yield case.photo, index, boxes


def _hits(
    explainer: Explainer, classifier: Classifier, photo: Image.Image, index: int, boxes: Sequence[Box]
) -> tuple[PointingScore, PointingScore]:
    explanation = explainer(classifier, photo, Target(index))
    return hit(explanation, *boxes), hit(explanation, *boxes, tolerance=PAPER)
