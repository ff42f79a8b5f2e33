"""The known networks with random weights: every classifier of torchvision's, and the smallest of timm's families."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

import timm
import torch
from torch import nn
from torchvision import models

from explainers import Classifier
from explainers.classifiers.published import of_timm, of_torchvision

CLASSES = 10
SIDES = 64, 96, 112, 128  # of the pictures in pixels, before the usual side: the smallest that a network takes
TORCHVISION = {
    "googlenet": {"init_weights": False, "aux_logits": False, "transform_input": True},
    "inception_v3": {"init_weights": False, "aux_logits": False, "transform_input": True},
}


@dataclass(frozen=True)
class Known:
    """A network of a library, which is built when it is wanted.

    family:    the file of the library that it is of.
    size:      side of its usual input in pixels.
    megabytes: of its published weights, in units of 2**20 bytes.
    """

    library: str
    family: str
    name: str
    size: int
    megabytes: float

    def classifier(self, smallest: int = SIDES[0]) -> Classifier:
        """Build it for the smallest pictures that it takes, with weights that leave no answer at zero.

        smallest: the side that is tried first, in pixels.
        """
        reasons = []
        sides = dict.fromkeys((smallest, *(side for side in SIDES if smallest < side < self.size), self.size))
        for side, is_told in product(sides, (True, False)):
            torch.manual_seed(0)
            try:
                network = _alive(self._built({self._size_setting: side} if is_told else {}))
                return Classifier(
                    network, range(CLASSES), size=(side, side), mean=(0.5,) * 3, std=(0.25,) * 3, device="cpu"
                )
            except Exception as error:  # of any kind, where pictures are too small or the setting is unknown
                reasons.append(f"{side} px: {error}")
        raise ValueError("; ".join(reasons))

    @property
    def _size_setting(self) -> str:
        """What a builder calls the side of its pictures, if it wants to know it."""
        return "img_size" if self.library == "timm" else "image_size"

    def _built(self, settings: dict[str, Any]) -> nn.Module:
        if self.library == "timm":
            built: nn.Module = timm.create_model(self.name, num_classes=CLASSES, **settings)
        else:
            built = models.get_model(self.name, num_classes=CLASSES, **settings, **TORCHVISION.get(self.name, {}))
        return built.eval()


def known_networks(families: int) -> Iterator[Known]:
    """Name all of torchvision's, then the smallest network of so many families of timm's."""
    for name, listed in of_torchvision().items():
        family = models.get_model_builder(name).__module__.rpartition(".")[2]
        yield Known("torchvision", family, name, listed.size, listed.megabytes)
    smallest: dict[str, Known] = {}
    for weights, listed in sorted(of_timm().items(), key=lambda item: item[1].megabytes):
        name = weights.partition(".")[0]
        if name.startswith("test_"):  # timm's own, for its tests
            continue
        family = timm.models.model_entrypoint(name).__module__.rpartition(".")[2]
        smallest.setdefault(family, Known("timm", family, name, listed.size, listed.megabytes))
    yield from list(smallest.values())[:families]


@torch.no_grad()
def _alive(network: nn.Module) -> nn.Module:
    """Give weights that begin as zero, as some heads do, others: or every score would be 0."""
    for parameter in network.parameters():
        if parameter.ndim > 1 and not parameter.any():
            nn.init.normal_(parameter, 0, 0.1)
    warnings.simplefilter("ignore")  # those of the networks
    return network
