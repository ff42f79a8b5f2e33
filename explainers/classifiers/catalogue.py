"""The sources of classifiers: in memory, the owner's, the bundled ones, and what torchvision and timm publish."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import torch

from explainers.classifiers import named_files
from explainers.classifiers.brought import brought
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.offered import in_memory, of_team
from explainers.classifiers.published import (
    RECOMMENDED,
    TIMM,
    is_published,
    listing,
    of_timm,
    of_torchvision,
)
from explainers.classifiers.source import Origin, Source
from explainers.classifiers.weights_source import (
    WEIGHTS_FOLDER_VARIABLE,
    BundledSource,
    WeightsSource,
    published_source,
)

WEIGHTS_SUFFIXES = (".pth", ".safetensors")
DEFAULT_VARIABLE = "WHYPIXEL_CLASSIFIER"  # names the classifier that visitors meet first
SETTLED_SECONDS = 2.0  # file systems tell times of change no more finely than this


def sources() -> tuple[Source, ...]:
    """Return the sources of a menu: in memory, the owner's, bundled, the best known, local ones, a visitor's own.

    Every name occurs once: the first in this order has it.
    """
    local = _local_weights()
    unlisted = [_published(name, local) for name in sorted(local.keys() - RECOMMENDED.keys())]
    bundled = [name for name, each in BUNDLED_CLASSIFIERS.items() if each.is_installed]
    every = (
        *in_memory(),
        *of_team(),
        *named_files.sources(weights_folder()),
        *map(_bundled, bundled),
        *(_published(name, local) for name in RECOMMENDED),
        *(source for source in unlisted if source.origin == "local"),  # whose file has not gone since it was listed
        *brought(),
    )
    first: dict[str, Source] = {}
    for source in every:
        first.setdefault(source.name, source)
    return tuple(first.values())


def published() -> tuple[Source, ...]:
    """Return the sources of all that torchvision and timm publish, of which the menu has the best known."""
    local = _local_weights()
    return tuple(_published(name, local) for name in (*of_torchvision(), *(TIMM + name for name in of_timm())))


def default() -> Source:
    """Return the source of the classifier that visitors meet first.

    It is the one that was offered last in memory, else the one that the environment variable WHYPIXEL_CLASSIFIER names,
    else the first bundled one that is installed. Raises ExplanationError for a name that no classifier has.
    """
    if offered := in_memory():
        return offered[0]
    installed = next(name for name, each in BUNDLED_CLASSIFIERS.items() if each.is_installed)
    return find(os.environ.get(DEFAULT_VARIABLE) or installed)


def find(name: str) -> Source:
    """Return the source called `name`: one of the menu, or any of torchvision's or timm's, on this machine or not.

    Raises ExplanationError if there is none.
    """
    for source in (*in_memory(), *of_team(), *named_files.sources(weights_folder()), *brought()):
        if source.name == name:
            return source
    return _bundled(name) if name in BUNDLED_CLASSIFIERS else _published(name, _local_weights())


def weights_folder() -> Path | None:
    """Return the owner's folder of weights, if one is named."""
    named = os.environ.get(WEIGHTS_FOLDER_VARIABLE, "")
    return Path(os.path.expanduser(named)) if named else None


def _bundled(name: str) -> Source:
    bundled = BUNDLED_CLASSIFIERS[name]
    return BundledSource(
        name=name,
        title=bundled.title,
        origin="bundled",
        megabytes=_megabytes(bundled.path) if bundled.is_installed else 0.0,
        accuracy=bundled.accuracy,
        size=bundled.recipe.size,
        licence=bundled.licence,
        about=bundled.purpose,
        path=bundled.path,
    )


def _published(name: str, local: Mapping[str, Path]) -> WeightsSource:
    """Return the source of a classifier of torchvision's or timm's. Raises ExplanationError if there is none."""
    known = listing(name)
    own = local.get(f"{TIMM}{known.weights}" if name.startswith(TIMM) else name)
    if own is not None:
        with suppress(OSError):  # it may have gone since it was listed
            return published_source(name, known, "local", own, megabytes=_megabytes(own), accuracy=None)
    path = Path(torch.hub.get_dir(), "checkpoints", known.file)
    origin: Origin = "on disk" if path.is_file() else "download"
    return published_source(name, known, origin, path, megabytes=known.megabytes, accuracy=known.accuracy)


def _local_weights() -> Mapping[str, Path]:
    """Return the owner's weights files of published classifiers, by the classifier's name."""
    folder = weights_folder()
    try:
        changed = os.stat(folder).st_mtime_ns if folder else 0
        # A folder that has just changed may change again within the same tick of the clock, so it is listed anew.
        settled = time.time_ns() - changed > SETTLED_SECONDS * 1e9
        return _listed(folder, changed) if settled else _listed.__wrapped__(folder, changed)
    except OSError:  # it isn't there, or isn't to be read
        return {}


@lru_cache(maxsize=4)
def _listed(folder: Path | None, changed: int) -> Mapping[str, Path]:
    """List a folder as it was when it changed last. Of two files for one classifier, the first by name is taken.

    A file that is called as weights of timm's are, such as `resnet18.a1_in1k.safetensors`, has them.
    """
    if folder is None:
        return {}
    with os.scandir(folder) as entries:
        paths = sorted((Path(entry) for entry in entries), reverse=True)
    files = [path for path in paths if path.suffix in WEIGHTS_SUFFIXES and path.is_file()]
    return {name: path for path in files if (name := _name_of(path.stem))}


def _name_of(stem: str) -> str:
    """Return the name of the published classifier whose weights are in a file of that name; "" if there is none."""
    if is_published(stem):
        return stem
    return f"{TIMM}{listing(TIMM + stem).weights}" if is_published(TIMM + stem) else ""


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 2**20
