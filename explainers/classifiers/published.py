"""What is published with weights: their classes, their accuracy, and how a photo becomes their input.

The classifiers of the menu are listed in a file beside this module. torchvision, which takes seconds to import, is
asked only about a classifier of its own.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlparse

from explainers.errors import ExplanationError
from explainers.importing import IMPORTING

BUNDLED = "bundled"
PACKAGE_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Listing:
    """What a menu says of a classifier, and which weights are published.

    weights:   torchvision's name of these weights among those of the architecture.
    accuracy:  top-1 accuracy on its validation pictures in per cent.
    megabytes: size of the weights file, in units of 2**20 bytes.
    file:      its name.
    """

    title: str
    weights: str
    accuracy: float
    megabytes: float
    file: str


@dataclass(frozen=True)
class Recipe:
    """What weights were trained for: their classes, and how a photo becomes their input.

    size:   side of the square input in pixels.
    resize: length of the photo's short side before the crop.
    """

    labels: tuple[str, ...]
    size: int
    resize: int
    interpolation: Literal["nearest", "bilinear", "bicubic"]
    mean: tuple[float, ...]
    std: tuple[float, ...]


def _rows(name: str) -> Iterator[list[str]]:
    with (PACKAGE_FOLDER / name).open(newline="", encoding="utf-8") as file:
        yield from csv.reader(file)


def labels_of(name: str) -> tuple[str, ...]:
    """Return the labels of all classes in a file beside this module, where they stand last in each row."""
    return tuple(row[-1] for row in _rows(name))


# torchvision's best known ones, in the order of the menu.
LISTED = {
    name: Listing(title, weights, float(accuracy), float(megabytes), file)
    for name, title, weights, accuracy, megabytes, file in _rows("listed.csv")
}


def is_architecture(name: str) -> bool:
    """Whether torchvision has a classifier of that name."""
    return name in LISTED or name in _architectures()


def listing(name: str) -> Listing:
    """Return what is published about a classifier of torchvision's. Raises ExplanationError if there is none."""
    if name in LISTED:
        return LISTED[name]
    weights = _torchvision_weights(name)
    title = type(weights).__name__.removesuffix("_Weights").replace("_", " ")
    accuracy: float = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    file = Path(urlparse(weights.url).path).name
    return Listing(title, weights.name, accuracy, weights.meta["_file_size"], file)


@cache
def recipe(name: str) -> Recipe:
    """Return what the weights of a classifier of torchvision's were trained for.

    Raises ExplanationError if there is none.
    """
    weights = _torchvision_weights(name)
    preset = weights.transforms()
    (size,), (resize,) = preset.crop_size, preset.resize_size
    labels = tuple(weights.meta["categories"])
    return Recipe(labels, size, resize, preset.interpolation.value, tuple(preset.mean), tuple(preset.std))


def address(name: str) -> str:
    """Return where the weights of a classifier of torchvision's are published. Raises ExplanationError for others."""
    url: str = _torchvision_weights(name).url
    return url


def _torchvision_weights(name: str) -> Any:
    """Return torchvision's record of the published weights. Raises ExplanationError if it has no such classifier."""
    if not is_architecture(name):
        raise ExplanationError(
            f"There is no classifier called {name!r}: choose {BUNDLED!r} or one of torchvision's, such as 'resnet50'."
        )
    with IMPORTING:
        from torchvision import models
    every = models.get_model_weights(name)
    return every[LISTED[name].weights] if name in LISTED else every.DEFAULT


@cache
def _architectures() -> frozenset[str]:
    with IMPORTING:
        from torchvision import models
    return frozenset(models.list_models(module=models))
