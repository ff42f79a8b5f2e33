"""What every source of a classifier is: a value that says what there is, and loads it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from explainers.classifiers.classifier import Classifier
from explainers.classifiers.download import Progress
from explainers.classifiers.view import Fit

Origin = Literal["bundled", "local", "on disk", "download", "team", "memory", "own"]


def file_state(path: Path) -> str:
    """Return what tells a file from others and from itself before a change: its path, size and time of change."""
    with suppress(OSError):  # it may have gone since it was listed
        status = path.stat()
        return f"{path} {status.st_size} {status.st_mtime_ns}"
    return str(path)


@dataclass(frozen=True, kw_only=True)
class Source(ABC):
    """A classifier that can be loaded.

    name:      what it is called in addresses and by `load_classifier`.
    origin:    "bundled", "local" (in the folder WHYPIXEL_WEIGHTS), "on disk" (downloaded before), "download" (to be
               downloaded), "team" (from WHYPIXEL_CLASSIFIERS), "memory" (given to `serve`) or "own" (a visitor's).
    megabytes: size of the weights file, in units of 2**20 bytes; None where there is no file.
    accuracy:  top-1 accuracy on its validation pictures in per cent; None where it is unknown for these weights.
    size:      side of the square input in pixels; None where that is known only once it is loaded.
    licence:   that of the weights, in a word; "" where it is unknown.
    about:     what it knows and is for, in sentences; may be "".
    fit:       how a photo is fitted to the input unless somebody chooses otherwise.
    """

    name: str
    title: str
    origin: Origin
    megabytes: float | None = None
    accuracy: float | None = None
    size: int | None = None
    licence: str = ""
    about: str = ""
    fit: Fit = "crop"

    @property
    @abstractmethod
    def digest(self) -> str:
        """A hash that tells this classifier from others of the same name; what is loaded is cached by it."""

    @abstractmethod
    def load(
        self,
        *,
        fit: Fit | None = None,
        on_progress: Progress | None = None,
        device: str | torch.device | None = None,
    ) -> Classifier:
        """Load the classifier, and download its weights first if need be.

        fit:         how a photo is fitted to the input; None: as the source says.
        on_progress: called during a download with the bytes done and the bytes in total (or None); it may raise an
                     exception to cancel.
        device:      the device of the network; None: the GPU if there is one.

        Raises ExplanationError.
        """

    @property
    def description(self) -> str:
        """Title, accuracy and size in one line, with a ↓ where the weights must be downloaded."""
        accuracy = "accuracy unknown" if self.accuracy is None else f"{self.accuracy:.1f}%"
        size = "" if self.megabytes is None else f" · {self.megabytes:.0f} MB"
        return f"{self.title} · {accuracy}{size}" + " ↓" * (self.origin == "download")
