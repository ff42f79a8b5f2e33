"""The sources of classifiers: the bundled one, torchvision's, and weights files of the visitor's own."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import torch

from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.published import LISTED, is_architecture, listing

WEIGHTS_FOLDER_VARIABLE = "WHYPIXEL_WEIGHTS"  # names a folder with files called <architecture>.pth or .safetensors
WEIGHTS_SUFFIXES = (".pth", ".safetensors")
DEFAULT_VARIABLE = "WHYPIXEL_CLASSIFIER"  # names the classifier that visitors meet first
SETTLED_SECONDS = 2.0  # file systems tell times of change no more finely than this


@dataclass(frozen=True)
class Source:
    """A classifier that can be loaded.

    megabytes: size of the weights file, in units of 2**20 bytes.
    accuracy:  top-1 accuracy on its validation pictures in per cent; None where it is unknown for these weights.
    origin:    "bundled", "local" (in the folder WHYPIXEL_WEIGHTS), "on disk" (downloaded before) or "download" (to be
               downloaded).
    path:      where the weights file is, or will be once it is downloaded.
    """

    name: str
    title: str
    megabytes: float
    accuracy: float | None
    origin: Literal["bundled", "local", "on disk", "download"]
    path: Path

    @property
    def digest(self) -> str:
        """A hash that tells these weights from others of the same name.

        It is made of the name of the published file, which holds a part of its own hash, or else of the path, size and
        time of change of the file.
        """
        identity = self.path.name
        if self.origin in ("bundled", "local"):
            identity = str(self.path)
            with suppress(OSError):  # it may have gone since it was listed
                status = self.path.stat()
                identity += f" {status.st_size} {status.st_mtime_ns}"
        return hashlib.sha256(f"{self.name} {identity}".encode()).hexdigest()

    @property
    def description(self) -> str:
        """Title, accuracy and size in one line, with a ↓ where the weights must be downloaded."""
        accuracy = "accuracy unknown" if self.accuracy is None else f"{self.accuracy:.1f}%"
        return f"{self.title} · {accuracy} · {self.megabytes:.0f} MB" + " ↓" * (self.origin == "download")


def sources() -> tuple[Source, ...]:
    """Return the installed bundled classifiers, torchvision's best known ones, and others of the visitor's own."""
    local = _local_weights()
    unlisted = [_find(name, local) for name in sorted(local.keys() - LISTED.keys())]
    bundled = [name for name, each in BUNDLED_CLASSIFIERS.items() if each.is_installed]
    return (
        *(_find(name, local) for name in (*bundled, *LISTED)),
        *(source for source in unlisted if source.origin == "local"),  # whose file has not gone since it was listed
    )


def default() -> Source:
    """Return the source of the classifier that visitors meet first.

    It is the one that the environment variable WHYPIXEL_CLASSIFIER names, else the first bundled one that is installed.
    Raises ExplanationError for a name that no classifier has.
    """
    installed = next(name for name, each in BUNDLED_CLASSIFIERS.items() if each.is_installed)
    return find(os.environ.get(DEFAULT_VARIABLE) or installed)


def find(name: str) -> Source:
    """Return the source called `name`: a bundled one or any torchvision classifier, even if it is to be downloaded.

    Raises ExplanationError if there is none.
    """
    return _find(name, _local_weights())


def _find(name: str, local: Mapping[str, Path]) -> Source:
    if bundled := BUNDLED_CLASSIFIERS.get(name):
        size = _megabytes(bundled.path) if bundled.is_installed else 0.0
        return Source(name, bundled.title, size, bundled.accuracy, "bundled", bundled.path)
    published = listing(name)
    if name in local:
        with suppress(OSError):  # it may have gone since it was listed
            return Source(name, published.title, _megabytes(local[name]), None, "local", local[name])
    path = Path(torch.hub.get_dir(), "checkpoints", published.file)
    origin: Literal["on disk", "download"] = "on disk" if path.is_file() else "download"
    return Source(name, published.title, published.megabytes, published.accuracy, origin, path)


def _local_weights() -> Mapping[str, Path]:
    """Return the visitor's own weights files of torchvision's classifiers, by the classifier's name."""
    folder = os.path.expanduser(os.environ.get(WEIGHTS_FOLDER_VARIABLE, ""))
    try:
        changed = os.stat(folder).st_mtime_ns if folder else 0
        # A folder that has just changed may change again within the same tick of the clock, so it is listed anew.
        settled = time.time_ns() - changed > SETTLED_SECONDS * 1e9
        return _listed(folder, changed) if settled else _listed.__wrapped__(folder, changed)
    except OSError:  # it isn't there, or isn't to be read
        return {}


@lru_cache(maxsize=4)
def _listed(folder: str, changed: int) -> Mapping[str, Path]:
    """List a folder as it was when it changed last. Of two files for one classifier, the first by name is taken."""
    if not folder:
        return {}
    with os.scandir(folder) as entries:
        paths = sorted((Path(entry) for entry in entries), reverse=True)
    return {
        path.stem: path
        for path in paths
        if path.suffix in WEIGHTS_SUFFIXES and path.is_file() and is_architecture(path.stem)
    }


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 2**20
