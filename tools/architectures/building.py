"""Builds every classifier of torchvision and timm on the device "meta", where tensors have shapes and no memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any
from unittest import mock

import timm
import timm.layers.weight_init
import torch
from torch import nn
from torchvision import models
from torchvision.models.regnet import BlockParams

USUAL_CHANNELS = 3
RESCALED = ("googlenet", "inception_v3")  # torchvision's that have auxiliary heads, and may rescale their input


@dataclass(frozen=True)
class Build:
    """An architecture to build: `settings` is what its builder is called with, besides what `network` says."""

    library: str
    name: str
    settings: tuple[tuple[str, bool], ...] = ()

    def network(self, classes: int, channels: int, size: int | None = None, device: str = "meta") -> nn.Module:
        """Build it. On the device "meta" it must be called within `without_initial_weights`.

        size: side of the pictures in pixels; None: the usual. Raises errors of any kind where it can't be built so.
        """
        settings: dict[str, Any] = dict(self.settings)
        with torch.device(device), _stems_of(channels) if self.library == "torchvision" else nullcontext():
            if self.library == "torchvision":
                settings |= {"image_size": size} if size else {}
                built: nn.Module = models.get_model(self.name, num_classes=classes, **settings)
            else:
                settings |= {"img_size": size} if size else {}
                built = timm.create_model(self.name, num_classes=classes, in_chans=channels, **settings)
        return built


def every_build() -> Iterator[Build]:
    """Give all classifiers, and those of torchvision's that have auxiliary heads in each form that files have."""
    for name in models.list_models(module=models):
        if name in RESCALED:
            for rescales in (True, False):  # as with published weights, and as without
                for heads in (True, False):
                    settings = ("aux_logits", heads), ("init_weights", False), ("transform_input", rescales)
                    yield Build("torchvision", name, settings)
        else:
            yield Build("torchvision", name)
    for name in timm.list_models():
        yield Build("timm", name)


@contextmanager
def without_initial_weights() -> Iterator[None]:
    """Draw no initial weights, which would take most of the time, and compute RegNet's sizes with real numbers."""

    def nothing(tensor: torch.Tensor, *_: object, **__: object) -> torch.Tensor:
        return tensor

    def on_cpu(kind: type[BlockParams], /, **settings: Any) -> BlockParams:
        with torch.device("cpu"):
            return original(kind, **settings)

    original = BlockParams.from_init_params.__func__
    draws: dict[str, Any] = {name: nothing for name in dir(nn.init) if name.endswith("_") and not name.startswith("_")}
    with (
        mock.patch.multiple(nn.init, **draws),
        mock.patch.multiple(timm.layers.weight_init, _trunc_normal_=nothing, variance_scaling_=nothing),
        mock.patch.object(BlockParams, "from_init_params", classmethod(on_cpu)),
    ):
        yield


@contextmanager
def _stems_of(channels: int) -> Iterator[None]:
    """Give first convolutions other channels than torchvision's builders do, who don't ask for them."""
    original = nn.Conv2d.__init__

    def widened(convolution: nn.Conv2d, in_channels: int, *others: Any, **settings: Any) -> None:
        original(convolution, channels if in_channels == USUAL_CHANNELS else in_channels, *others, **settings)

    with mock.patch.object(nn.Conv2d, "__init__", widened):
        yield
