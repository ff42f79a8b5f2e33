"""The sources of classifiers: the bundled one, torchvision's, and weights files of the visitor's own."""

from __future__ import annotations

import csv
import hashlib
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Literal
from urllib.parse import urlparse

import torch
from torchvision import models
from torchvision.models import ResNet18_Weights, Weights

from explainers.errors import ExplanationError

BUNDLED = "bundled"
WEIGHTS_FOLDER_VARIABLE = "WHYPIXEL_WEIGHTS"  # names a folder with files called <architecture>.pth or .safetensors
WEIGHTS_SUFFIXES = (".pth", ".safetensors")
SETTLED_SECONDS = 2.0  # file systems tell times of change no more finely than this
PACKAGE_FOLDER = Path(__file__).parent
LISTED_TITLES = {
    "resnet18": "ResNet-18",
    "resnet50": "ResNet-50",
    "googlenet": "GoogLeNet",
    "inception_v3": "Inception v3",
    "vgg16": "VGG-16",
    "densenet121": "DenseNet-121",
    "mobilenet_v2": "MobileNetV2",
    "squeezenet1_1": "SqueezeNet 1.1",
    "efficientnet_b0": "EfficientNet-B0",
    "convnext_tiny": "ConvNeXt-Tiny",
    "vit_b_16": "ViT-B/16",
}


@dataclass(frozen=True)
class Source:
    """A classifier that can be loaded.

    megabytes: size of the weights file, in units of 2**20 bytes.
    accuracy:  top-1 accuracy on its validation pictures in per cent; None where it is unknown for these weights.
    origin:    "bundled", "local" (in the folder WHYPIXEL_WEIGHTS), "on disk" (downloaded before) or "download" (to be
               downloaded).
    path:      where the weights file is, or will be once it is downloaded.
    url:       where the file is downloaded from; None for the bundled one and local files.
    """

    name: str
    title: str
    megabytes: float
    accuracy: float | None
    origin: Literal["bundled", "local", "on disk", "download"]
    path: Path
    url: str | None = None

    @property
    def digest(self) -> str:
        """A hash that tells these weights from others of the same name.

        It is made of the URL or, without one, of the path, size and time of change of the file.
        """
        identity = self.url or str(self.path)
        if self.url is None:
            with suppress(OSError):  # it may have gone since it was listed
                status = self.path.stat()
                identity += f" {status.st_size} {status.st_mtime_ns}"
        return hashlib.sha256(f"{self.name} {identity}".encode()).hexdigest()

    @property
    def description(self) -> str:
        """Title, accuracy and size in one line, with a ↓ where the weights must be downloaded."""
        accuracy = "local" if self.accuracy is None else f"{self.accuracy:.1f} %"
        return f"{self.title} · {accuracy} · {self.megabytes:.0f} MB" + " ↓" * (self.origin == "download")


def sources() -> tuple[Source, ...]:
    """Return the bundled classifier, torchvision's best known ones, and others for which the visitor has weights."""
    local = _local_weights()
    unlisted = [_find(name, local) for name in sorted(local.keys() - LISTED_TITLES.keys())]
    return (
        *(_find(name, local) for name in (BUNDLED, *LISTED_TITLES)),
        *(source for source in unlisted if source.origin == "local"),  # whose file has not gone since it was listed
    )


def find(name: str) -> Source:
    """Return the source called `name`: "bundled" or any torchvision classifier, even if it must be downloaded first.

    Raises ExplanationError if there is none.
    """
    return _find(name, _local_weights())


def _find(name: str, local: Mapping[str, Path]) -> Source:
    published, title = weights(name), _title(name)
    accuracy: float = published.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    if name == BUNDLED:
        path = PACKAGE_FOLDER / "pocketnet.safetensors"
        return Source(name, title, _megabytes(path), accuracy, "bundled", path)
    if name in local:
        with suppress(OSError):  # it may have gone since it was listed
            return Source(name, title, _megabytes(local[name]), None, "local", local[name])
    path = Path(torch.hub.get_dir(), "checkpoints", Path(urlparse(published.url).path).name)
    origin: Literal["on disk", "download"] = "on disk" if path.is_file() else "download"
    return Source(name, title, published.meta["_file_size"], accuracy, origin, path, published.url)


@cache
def weights(name: str) -> Weights:
    """Return torchvision's record of published weights: their URL, labels, accuracy and preprocessing.

    Raises ExplanationError if there is no such classifier.
    """
    if name == BUNDLED:
        with (PACKAGE_FOLDER / "classes.csv").open(newline="", encoding="utf-8") as rows:
            labels = [label for _, label in csv.reader(rows)]
        at_64_px = partial(ResNet18_Weights.DEFAULT.transforms, resize_size=64, crop_size=64)
        # Measured on the validation pictures of Tiny ImageNet, where these 100 classes of ImageNet-1K come from.
        return Weights("", at_64_px, {"categories": labels, "_metrics": {"ImageNet-1K": {"acc@1": 60.6}}})
    if name not in _architectures():
        raise ExplanationError(
            f"There is no classifier called {name!r}: choose {BUNDLED!r} or one of torchvision's, such as 'resnet50'."
        )
    published: Weights = models.get_model_weights(name).DEFAULT.value
    return published


@cache
def _architectures() -> frozenset[str]:
    return frozenset(models.list_models(module=models))


def _title(name: str) -> str:
    if name == BUNDLED:
        return "PocketNet"
    return LISTED_TITLES.get(name) or models.get_model_weights(name).__name__.removesuffix("_Weights").replace("_", " ")


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
    names = _architectures()
    return {
        path.stem: path for path in paths if path.suffix in WEIGHTS_SUFFIXES and path.stem in names and path.is_file()
    }


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 2**20
