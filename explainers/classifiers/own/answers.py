"""What a classifier needs and a file of weights doesn't carry; the likeliest answers, and where each comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from explainers.classifiers.admission import Output, checked_labels, checked_scaling
from explainers.classifiers.own.labels import checked
from explainers.classifiers.published import labels_of
from explainers.classifiers.view import Fit, Interpolation
from explainers.errors import ExplanationError

if TYPE_CHECKING:
    from explainers.classifiers.own.candidate import Candidate
    from explainers.classifiers.own.reading import OwnFile

Origin = Literal["the file", "the architecture's usual", "a guess"]

INTERPOLATIONS: tuple[Interpolation, ...] = ("nearest", "bilinear", "bicubic")
IMAGENET_LABELS = "imagenet_classes.csv"  # in the order of torchvision's categories
IMAGENET_CLASSES = 1000
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
NO_AND_YES = "no", "yes"  # of a network of one logit
MAX_SIDE = 1024  # pixels of the input


@dataclass(frozen=True)
class Answers:
    """All that a classifier needs beside its network.

    labels:    one name per class; of a network of one logit two, of which the second has the logit (see `Classifier`).
    size:      side of the square input in pixels.
    mean, std: per channel, in pixel units (0 to 1).
    resize:    length of the photo's short side before the crop, in pixels; None: that of the input.
    output:    "softmax" (exactly one class applies) or "sigmoid" (each class for itself).
    """

    labels: tuple[str, ...]
    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: int | None = None
    interpolation: Interpolation = "bilinear"
    fit: Fit = "crop"
    output: Output = "softmax"

    def check(self) -> None:
        """Raise ExplanationError, with a sentence that says what to change, for answers that make no classifier."""
        checked(self.labels, len(self.labels))
        checked_labels(self.labels, self.output)
        checked_scaling(self.mean, self.std)
        if not 1 <= self.size <= MAX_SIDE:
            raise ExplanationError(f"The input may have 1 to {MAX_SIDE:,} pixels a side, not {self.size:,}.")
        if self.resize is not None and not self.size <= self.resize <= 4 * self.size:
            raise ExplanationError(
                f"The photo's short side must have {self.size:,} to {4 * self.size:,} pixels before the crop, not "
                f"{self.resize:,}."
            )


@dataclass(frozen=True)
class Suggestion:
    """The likeliest answers, and the origin of each, by the names of the fields of Answers."""

    answers: Answers
    origins: Mapping[str, Origin]


def suggest(file: OwnFile, candidate: Candidate | None) -> Suggestion:
    """Suggest answers for a file: what it says itself, else what is usual for its architecture, else a guess.

    candidate: the architecture that was chosen; None for a Hugging Face folder, which says it all.
    Raises ExplanationError if nothing tells the number of classes.
    """
    facts, usual = file.facts, candidate.architecture if candidate else None
    origins: dict[str, Origin] = {}

    def first(name: str, *options: tuple[Origin, object]) -> object:
        origin, value = next(option for option in options if option[1] is not None)
        origins[name] = origin
        return value

    classes, channels = class_count(file, candidate), candidate.channels if candidate else len(facts.mean or (0, 0, 0))
    size = cast(int, first("size", ("the file", facts.size), _usual(candidate and candidate.size), ("a guess", 224)))
    share = cast(
        float, first("resize", ("the file", facts.crop_pct), _usual(usual and usual.crop_pct), ("a guess", 1.0))
    )
    interpolation = first(
        "interpolation",
        ("the file", _known(facts.interpolation)),
        _usual(_known(usual.interpolation if usual else None)),
        ("a guess", "bilinear"),
    )
    mean = first("mean", ("the file", facts.mean), _usual(usual and usual.mean), ("a guess", IMAGENET_MEAN))
    std = first("std", ("the file", facts.std), _usual(usual and usual.std), ("a guess", IMAGENET_STD))
    output = first("output", ("the file", facts.output), ("a guess", "sigmoid" if classes == 1 else "softmax"))
    given = facts.labels if _says_something(facts.labels, classes) else None
    labels = first("labels", ("the file", given), ("a guess", usual_labels(classes)))
    answers = Answers(
        told_apart(cast(Sequence[str], labels)),
        size,
        _for_channels(cast(Sequence[float], mean), channels),
        _for_channels(cast(Sequence[float], std), channels),
        _short_side(size, share),
        cast(Interpolation, interpolation),
        output="sigmoid" if classes == 1 else cast(Output, output),
    )
    return Suggestion(answers, origins | {"fit": "a guess"})


def class_count(file: OwnFile, candidate: Candidate | None) -> int:
    """Return how many numbers the network of a file gives. Raises ExplanationError if nothing tells."""
    count = candidate.classes if candidate else file.facts.classes or len(file.facts.labels or ())
    if count < 1:
        raise ExplanationError(f"Nothing in {file.name} tells how many classes there are.")
    return count


def usual_labels(classes: int) -> tuple[str, ...]:
    """Return the names of classes where nothing is known but their number."""
    if classes == 1:
        return NO_AND_YES
    if classes == IMAGENET_CLASSES:
        return labels_of(IMAGENET_LABELS)
    return tuple(f"class {number}" for number in range(classes))


def told_apart(labels: Sequence[str]) -> tuple[str, ...]:
    """Return labels of which none is blank or appears twice: those have their number behind them."""
    plain = [" ".join(label.split()) for label in labels]
    return tuple(
        label if label and plain.count(label) == 1 else f"{label or 'class'} ({number})"
        for number, label in enumerate(plain)
    )


def _says_something(labels: Sequence[str] | None, classes: int) -> bool:
    """Whether a file's labels are names for the network's classes, and not LABEL_0, as Hugging Face fills them in."""
    expected = (1, 2) if classes == 1 else (classes,)
    if not labels or len(labels) not in expected:
        return False
    return any(label not in (f"LABEL_{number}", str(number)) for number, label in enumerate(labels))


def _short_side(size: int, share: float) -> int | None:
    """Return the length of a photo's short side of which the input is this share; None if it is all of it."""
    return math.floor(size / share) if 0 < share < 1 else None


def _usual(value: object) -> tuple[Origin, object]:
    return "the architecture's usual", value


def _known(interpolation: str | None) -> str | None:
    return interpolation if interpolation in INTERPOLATIONS else None


def _for_channels(values: Sequence[float], channels: int) -> tuple[float, ...]:
    """Return a value for each channel; for another number of channels than there are values, their mean."""
    if len(values) == channels:
        return tuple(map(float, values))
    return (round(sum(values) / len(values), 4),) * channels
