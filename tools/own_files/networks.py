"""Networks of torchvision and timm with random weights and other numbers of classes, channels and pixels."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from explainers.classifiers.own.table import Fingerprint, table
from tools.architectures.building import Build, every_build, without_initial_weights

CHANNELS = (3, 3, 3, 1, 4)
MAX_CLASSES = 40
MAX_WEIGHTS = 150_000_000
USUAL_SIDE = 96  # of the pictures that two networks are compared with, where any will do
NOISE = 0.02  # added to all weights, so that none is 0 or 1


@dataclass(frozen=True)
class Case:
    """A network to make a file of. `size` is the side of its pictures in pixels."""

    build: Build
    classes: int
    channels: int
    size: int

    @property
    def key(self) -> tuple[str, str, tuple[tuple[str, bool], ...]]:
        """What tells its architecture from others."""
        return (
            self.build.library,
            self.build.name,
            tuple(item for item in self.build.settings if item[0] != "aux_logits"),
        )

    def network(self, device: str) -> nn.Module:
        """Build it in eval mode; on the device "meta", without weights."""
        row = self.row
        size = None if self.size == row.architecture.size else self.size
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if device == "meta":
                with without_initial_weights():
                    return self.build.network(self.classes, self.channels, size)
            network = self.build.network(self.classes, self.channels, size, device).eval()
        _shake(network)
        return network

    @property
    def row(self) -> Fingerprint:
        """Its fingerprint in the shipped table."""
        return next(
            row
            for row in table().fingerprints
            if (row.architecture.library, row.architecture.name) == (self.build.library, self.build.name)
        )

    def sides(self) -> Sequence[int]:
        """The sides of pictures to try, in pixels: the first that the network takes is used."""
        fixed = self.row.outline.role("size") or self.row.outline.untold
        return (self.size,) if fixed else (USUAL_SIDE, 2 * USUAL_SIDE, self.size)


def cases(library: str, count: int, draws: random.Random) -> list[Case]:
    """Draw networks of a library that have no more than MAX_WEIGHTS."""
    builds = [build for build in every_build() if build.library == library]
    draws.shuffle(builds)
    chosen: dict[str, Case] = {}
    known = {(row.architecture.library, row.architecture.name) for row in table().fingerprints}
    for build in builds:
        if len(chosen) == count:
            break
        if (library, build.name) in known and build.name not in chosen:
            chosen[build.name] = _case(build, draws)
    return list(chosen.values())


def weights(network: nn.Module) -> int:
    """How many numbers a network learns."""
    return sum(math.prod(parameter.shape) for parameter in network.parameters())


def _case(build: Build, draws: random.Random) -> Case:
    rescales = dict(build.settings).get("transform_input")
    case = Case(build, draws.randint(2, MAX_CLASSES), 3 if rescales else draws.choice(CHANNELS), 0)
    size = case.row.architecture.size
    if case.row.outline.role("size") and not case.row.outline.untold and draws.random() < 0.3:
        size *= 2
    return Case(build, case.classes, case.channels, size)


def _shake(network: nn.Module) -> None:
    """Give every weight and every running statistic a value of its own."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(NOISE * torch.randn(parameter.shape))
        for name, buffer in network.named_buffers():
            if name.endswith("running_mean"):
                buffer.normal_(0, 0.1)
            elif name.endswith("running_var"):
                buffer.uniform_(0.5, 1.5)
