"""The photos that experiments are tried on, with what they show and where."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from explainers import Classifier, Target
from explainers.images.photo import Photo
from explainers.question import Question

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Case:
    """A photo, upright, and what it shows.

    label: the index of its ImageNet class, where known.
    boxes: (index of an ImageNet class, (left, top, right, bottom) in the photo's pixels) for each marked object.
    """

    name: str
    photo: Photo
    label: int | None
    boxes: tuple[tuple[int, Box], ...]

    def likeliest(self, classifier: Classifier) -> Question:
        """Return the question why the classifier gives its likeliest class that logit."""
        return Question(self.photo, classifier, Target(classifier.predict(self.photo.image, 1)[0].index))


def cases() -> Iterator[Case]:
    """Yield the photos of the folder WHYPIXEL_PHOTOS: its labels.tsv says what they show, its boxes.tsv where."""
    folder = Path(os.environ["WHYPIXEL_PHOTOS"])
    boxes = defaultdict(list)
    for row in _rows(folder / "boxes.tsv"):
        left, top, right, bottom = (float(row[side]) for side in ("left", "top", "right", "bottom"))
        boxes[row["file"]].append((int(row["imagenet_index"]), (left, top, right, bottom)))
    for row in _rows(folder / "labels.tsv"):
        label = int(row["imagenet_index"]) if row["imagenet_index"] else None
        photo = Photo.read(row["file"], (folder / row["file"]).read_bytes())
        yield Case(row["file"], photo, label, tuple(boxes[row["file"]]))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        yield from csv.DictReader(lines, delimiter="\t")
