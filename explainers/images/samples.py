"""Sample pictures from packages that are installed anyway, and those that this process is given for its visitors."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from explainers.errors import ExplanationError

SCIKIT_IMAGE, MATPLOTLIB = "skimage/data", "matplotlib/mpl-data/sample_data"
# Pictures that come with two packages, each for another reason: folder, file, title, caption, credit. What
# EfficientNet-Lite0 says of them is in the test. The credits are from the docstrings of skimage.data.
KNOWN_SAMPLES = (
    (
        *(SCIKIT_IMAGE, "coffee.png", "Cup of coffee"),
        "An easy one. Is it the coffee, the cup or the spoon that decides?",
        "Rachel Michetti, CC0, from scikit-image",
    ),
    (
        *(SCIKIT_IMAGE, "chelsea.png", "Chelsea the cat"),
        "Tabby, tiger cat or Egyptian cat? Compare one class with another to see what tells them apart.",
        "Stéfan van der Walt, CC0, from scikit-image",
    ),
    (
        *(MATPLOTLIB, "grace_hopper.jpg", "Grace Hopper in uniform"),
        "Uniform, gown or suit? ImageNet has classes for clothes, but none for people.",
        "U.S. Navy, public domain, from matplotlib",
    ),
    (
        *(SCIKIT_IMAGE, "camera.png", "Cameraman"),
        "Grey, so no colour helps. Does it look at the man or at the tripod?",
        "Lav Varshney, CC0, from scikit-image",
    ),
    (
        *(SCIKIT_IMAGE, "motorcycle_left.png", "Motorcycle"),
        "A motorcycle in a cluttered garage. Moped or motor scooter: which parts decide?",
        "N. Nesic, D. Scharstein and others, Middlebury stereo benchmark 2014, from scikit-image",
    ),
    (
        *(SCIKIT_IMAGE, "rocket.jpg", "Rocket"),
        "Missile, projectile or space shuttle? And do the towers beside it count?",
        "SpaceX, public domain, from scikit-image",
    ),
    (
        *(SCIKIT_IMAGE, "astronaut.png", "Eileen Collins, astronaut"),
        "ImageNet has no class for astronauts. Which thing in the picture stands in for her?",
        "NASA, public domain, from scikit-image",
    ),
    (
        *(SCIKIT_IMAGE, "clock_motion.png", "Clock, blurred"),
        "A wall clock, blurred by a moving camera: a classifier can be wrong here, and sure of it.",
        "Stéfan van der Walt, public domain, from scikit-image",
    ),
    (
        *(SCIKIT_IMAGE, "horse.png", "Outline of a horse"),
        "A shape without colour or texture. Is the outline enough?",
        "Andreas Preuss, CC0, from scikit-image",
    ),
    (
        *(SCIKIT_IMAGE, "retina.jpg", "Retina"),
        "A medical picture: nothing like it is among the classes of ImageNet, and yet one of them wins.",
        "Mikael Häggström, CC0, from scikit-image",
    ),
    (
        *(SCIKIT_IMAGE, "moon.png", "Surface of the moon"),
        "Craters are not among the classes of ImageNet either. What are they taken for?",
        "author unknown, from scikit-image",
    ),
)


@dataclass(frozen=True)
class Sample:
    """A sample picture.

    name:    the stem of its file name, which is unique.
    title:   what it shows, in plain words.
    caption: why it is worth a look, whichever classifier is asked.
    credit:  its author, its licence and the package it comes from.
    path:    the path of its file; None for one in memory.
    content: the bytes of the file of one in memory.
    """

    name: str
    title: str
    caption: str
    credit: str
    path: Path | None
    content: bytes = field(default=b"", repr=False)

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return self.path.read_bytes() if self.path else self.content


def installed_samples() -> tuple[Sample, ...]:
    """Return the known samples whose file exists, without importing their packages."""
    return tuple(
        Sample(path.stem, title, caption, credit, path)
        for folder, file, title, caption, credit in KNOWN_SAMPLES
        if (path := _find(folder, file))
    )


def _find(folder: str, file: str) -> Path | None:
    package, _, below = folder.partition("/")
    spec = find_spec(package)
    folders = (spec and spec.submodule_search_locations) or ()
    return next((path for folder in folders if (path := Path(folder, below, file)).is_file()), None)


SAMPLES = installed_samples()
_LOCK = threading.Lock()
_GIVEN: list[Sample] = []


def samples() -> tuple[Sample, ...]:
    """Return what is offered to visitors: the pictures that this process was given, then the installed ones."""
    with _LOCK:
        return (*_GIVEN, *SAMPLES)


def sample(name: str) -> Sample:
    """Return the installed sample of this name. Raises ExplanationError if there is none."""
    for each in SAMPLES:
        if each.name == name:
            return each
    raise ExplanationError(f"There is no sample {name!r}: there are {', '.join(each.name for each in SAMPLES)}.")


def given_sample(title: str, content: bytes) -> Sample:
    """Make a sample of the bytes of a picture's file; other bytes have another name."""
    name = re.sub(r"\W+", "-", title).strip("-") or "picture"
    digest = hashlib.sha256(content).hexdigest()[:8]
    return Sample(
        f"{name}-{digest}", title, "One of the pictures that came with the classifier.", "yours", None, content
    )


def give(pictures: Sequence[Sample]) -> None:
    """Offer these pictures before the installed ones, in place of those that were given before."""
    with _LOCK:
        _GIVEN[:] = {picture.name: picture for picture in pictures}.values()
