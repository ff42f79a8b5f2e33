"""What is published with weights: their classes, their accuracy, and how a photo becomes their input.

All that torchvision and timm publish is listed in files beside this module (`python -m tools.published_classifiers`
makes them), so that neither, which take seconds to import, is asked about a classifier before it is loaded.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from explainers.classifiers.view import Interpolation
from explainers.errors import ExplanationError

BUNDLED = "bundled"
PACKAGE_FOLDER = Path(__file__).parent
TIMM = "timm/"  # begins the names of timm's
AT_SIZE = "@"  # before the side of the input in pixels, where it isn't the usual one


@dataclass(frozen=True)
class Listing:
    """What a menu says of a classifier, and which weights are published.

    weights:   the library's name of these weights.
    accuracy:  top-1 accuracy on its validation pictures in per cent; None where the library doesn't say.
    megabytes: size of the weights file, in units of 2**20 bytes.
    file:      its name, once it is downloaded.
    size:      side of the square input in pixels.
    classes:   their number.
    licence:   of the weights, in a word; "" where it is unknown.
    """

    title: str
    weights: str
    accuracy: float | None
    megabytes: float
    file: str
    size: int
    classes: int
    licence: str


@dataclass(frozen=True)
class Recipe:
    """What weights were trained for: their classes, and how a photo becomes their input.

    size:   side of the square input in pixels.
    resize: length of the photo's short side before the crop.
    """

    labels: tuple[str, ...]
    size: int
    resize: int
    interpolation: Interpolation
    mean: tuple[float, ...]
    std: tuple[float, ...]


def _rows(name: str) -> Iterator[list[str]]:
    with (PACKAGE_FOLDER / name).open(newline="", encoding="utf-8") as file:
        yield from csv.reader(file)


def labels_of(name: str) -> tuple[str, ...]:
    """Return the labels of all classes in a file beside this module, where they stand last in each row."""
    return tuple(row[-1] for row in _rows(name))


def ids_of(name: str) -> tuple[str, ...]:
    """Return the WordNet ids of all classes in such a file, where they stand first in each row."""
    return tuple(row[0] for row in _rows(name))


def _recommended() -> Mapping[str, tuple[str, float | None]]:
    return {name: (title, float(accuracy) if accuracy else None) for name, title, accuracy in _rows("listed.csv")}


# The titles of those of the menu, in its order, and their accuracies where the library doesn't say.
RECOMMENDED = _recommended()


@cache
def of_torchvision() -> Mapping[str, Listing]:
    """Return what torchvision publishes, by the names of its classifiers."""
    return {
        name: Listing(
            *(RECOMMENDED[name][0] if name in RECOMMENDED else title, weights, float(accuracy), float(megabytes)),
            *(file, int(size), 1000, licence),
        )
        for name, title, weights, accuracy, megabytes, file, size, licence in _rows("torchvision.csv")
    }


@cache
def of_timm() -> Mapping[str, Listing]:
    """Return what timm publishes, by its names of architecture and weights; an architecture's default comes first."""
    return {
        weights: Listing(
            *(f"{weights} (timm)", weights, None, float(megabytes), file or f"timm-{weights}.safetensors"),
            *(int(size), int(classes), licence),
        )
        for weights, classes, size, megabytes, file, licence in _rows("timm.csv")
    }


@cache
def _defaults_of_timm() -> Mapping[str, str]:
    """Return the names of the weights that timm takes for an architecture where none are named."""
    return {name.partition(".")[0]: name for name in reversed(list(of_timm()))}


def is_published(name: str) -> bool:
    """Whether torchvision or timm has a classifier of that name, which for the latter begins with "timm/"."""
    try:
        listing(name)
    except ExplanationError:
        return False
    return True


def listing(name: str) -> Listing:
    """Return what is published about a classifier of torchvision's or timm's. Raises ExplanationError if there is none.

    Names of timm's begin with "timm/", may leave out the name of the weights, and may end with the side of the input
    in pixels, as "timm/legacy_xception@224".
    """
    found = _of_timm(name) if name.startswith(TIMM) else of_torchvision().get(name)
    if found is None:
        raise ExplanationError(
            f"There is no classifier called {name!r}: choose {BUNDLED!r}, one of torchvision's, such as 'resnet50', or "
            "one of timm's, such as 'timm/resnet50'."
        )
    return found


def _of_timm(name: str) -> Listing | None:
    weights, at_size, side = name.removeprefix(TIMM).partition(AT_SIZE)
    found = of_timm().get(_defaults_of_timm().get(weights, weights))
    if found is None or (at_size and not side.isdecimal()):
        return None
    size = int(side) if at_size else found.size
    title = f"{found.title}, {size} px" if at_size else found.title
    title, accuracy = RECOMMENDED.get(name, (title, None))
    return Listing(
        *(title, found.weights, accuracy, found.megabytes, found.file, size, found.classes, found.licence),
    )
