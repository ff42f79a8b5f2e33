"""The photos that experiments are tried on: real ones, with what they show and where."""

from __future__ import annotations

import csv
import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from explainers import read_image

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Case:
    """A photo, upright, and what it shows.

    label: index of its ImageNet class, where known.
    boxes: (index of an ImageNet class, (left, top, right, bottom) of such an object in the photo's pixels).
    """

    name: str
    photo: Image.Image
    label: int | None
    boxes: tuple[tuple[int, Box], ...]


def cases() -> Iterator[Case]:
    """Those of the folder WHYPIXEL_PHOTOS: its labels.tsv says what they show, its boxes.tsv where."""
    folder = Path(os.environ["WHYPIXEL_PHOTOS"])
    boxes = defaultdict(list)
    for row in _rows(folder / "boxes.tsv"):
        left, top, right, bottom = (float(row[side]) for side in ("left", "top", "right", "bottom"))
        boxes[row["file"]].append((int(row["imagenet_index"]), (left, top, right, bottom)))
    for row in _rows(folder / "labels.tsv"):
        label = int(row["imagenet_index"]) if row["imagenet_index"] else None
        photo = read_image((folder / row["file"]).read_bytes())
        yield Case(row["file"], photo, label, tuple(boxes[row["file"]]))


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as lines:
        yield from csv.DictReader(lines, delimiter="\t")
