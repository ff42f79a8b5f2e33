"""What is on offer: the bundled classifier, torchvision's, and whatever weights the visitor has at hand."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Literal
from urllib.parse import urlparse

import torch
from torchvision import models
from torchvision.models import ResNet18_Weights, Weights

from explainers.errors import ExplanationError

BUNDLED = "bundled"
FOLDER = "WHYPIXEL_WEIGHTS"  # environment variable: a folder with files named <architecture>.pth or .safetensors
HERE = Path(__file__).parent
TITLES = {
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
class Offer:
    """A classifier one can load.

    megabytes: size of the weights file, in units of 2**20 bytes.
    accuracy:  top-1 on its validation pictures in per cent; None where nobody measured these weights.
    origin:    "bundled", "local" (in the folder WHYPIXEL_WEIGHTS), "on disk" (downloaded before) or "download".
    path:      where the weights file is, or will be after the download.
    url:       where it is downloaded from; None for the bundled one and local files.
    """

    name: str
    title: str
    megabytes: float
    accuracy: float | None
    origin: Literal["bundled", "local", "on disk", "download"]
    path: Path
    url: str | None = None


def offers() -> tuple[Offer, ...]:
    """The bundled classifier, then torchvision's best known, then further ones the visitor has weights of."""
    return tuple(find(name) for name in (BUNDLED, *TITLES, *_further()))


def find(name: str) -> Offer:
    """The offer of that name: "bundled" or any torchvision classifier; its weights may have to be downloaded.

    Raises ExplanationError when there is none.
    """
    known, title = weights(name), _title(name)
    accuracy: float = known.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    if name == BUNDLED:
        path = HERE / "pocketnet.safetensors"
        return Offer(name, title, _megabytes(path), accuracy, "bundled", path)
    if local := next((path for path in _local() if path.stem == name), None):
        return Offer(name, title, _megabytes(local), None, "local", local)
    path = Path(torch.hub.get_dir(), "checkpoints", Path(urlparse(known.url).path).name)
    origin: Literal["on disk", "download"] = "on disk" if path.is_file() else "download"
    return Offer(name, title, known.meta["_file_size"], accuracy, origin, path, known.url)


@cache
def weights(name: str) -> Weights:
    """What is published about a classifier's weights, in torchvision's form: url, labels, accuracy, preprocessing.

    Raises ExplanationError when there is no such classifier.
    """
    if name == BUNDLED:
        with (HERE / "classes.csv").open(newline="", encoding="utf-8") as rows:
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
    return TITLES.get(name) or models.get_model_weights(name).__name__.removesuffix("_Weights").replace("_", " ")


def _local() -> list[Path]:
    """The visitor's own weights files, in a fixed order."""
    folder = os.environ.get(FOLDER)
    files = Path(folder).glob("*") if folder else ()
    return sorted(path for path in files if path.suffix in (".pth", ".safetensors") and path.is_file())


def _further() -> list[str]:
    return sorted({path.stem for path in _local()} & _architectures() - TITLES.keys())


def _megabytes(path: Path) -> float:
    return path.stat().st_size / 2**20
