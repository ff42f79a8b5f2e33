"""Pictures and runs of audits, to be measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from explainers import Classifier, Explainer, read_image
from explainers.audit.cases.listing import list_cases
from explainers.audit.runs.beginning import planned
from explainers.audit.runs.run import Run
from explainers.images.samples import SAMPLES

PART = 16


def drawn(folder: Path, count: int, *, side: int = 400) -> Path:
    """Make pictures from the installed samples: pieces of them, mirrored or not, all different."""
    photos, random = [read_image(sample.data) for sample in SAMPLES], np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        photo = photos[number % len(photos)]
        share, left, top = random.uniform(0.5, 1), *random.uniform(0, 1, 2)
        width, height = (int(share * each) for each in photo.size)
        left, top = int(left * (photo.width - width)), int(top * (photo.height - height))
        piece = photo.crop((left, top, left + width, top + height)).resize((side, side * height // width))
        if random.integers(2):
            piece = piece.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        piece.save(folder / f"{number:05}.jpg", quality=90)
    return folder


def made_run(
    folder: Path, classifier: Classifier, name: str, explainer: Explainer, paths: list[Path], part: int = PART
) -> Run:
    listing = list_cases(paths[0].parent)
    cases = tuple(listing.cases[: len(paths)])
    return Run.create(folder, planned(listing, classifier, explainer, name=name, part=part), cases)
