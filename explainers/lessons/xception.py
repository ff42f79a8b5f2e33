"""Xception: the network of a well-known Grad-CAM tutorial, at its own last activation."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from explainers.classifiers import Classifier, Source
from explainers.classifiers.catalogue import find
from explainers.classifiers.download import Progress
from explainers.classifiers.published import labels_of
from explainers.classifiers.source import Origin
from explainers.classifiers.view import Fit, View
from explainers.importing import IMPORTING
from explainers.lessons.lab import Lab
from explainers.lessons.parts import Live, Shown
from explainers.lessons.small_maps import overlay_panel, picture_panel, values_panel
from explainers.methods.grad_cam import GradCAM
from explainers.settings import choice, switch

NAME = "timm/legacy_xception@224"
ON_THIS_MACHINE = ("local", "on disk")  # origins of weights that need no download
SIDE, HALVES = 224, (0.5,) * 3  # its input as the tutorial has it, and timm's mean and standard deviation
PICTURES = "Chelsea the cat", "Cup of coffee", "Motorcycle"
COLOURS = "jet"


@dataclass(frozen=True, kw_only=True)
class RandomXception(Source):
    """Xception with random weights, always the same."""

    name: str = "xception of random weights"
    title: str = "Xception with random weights"
    origin: Origin = "bundled"

    @property
    def digest(self) -> str:
        return self.name

    def load(
        self,
        *,
        fit: Fit | None = None,
        on_progress: Progress | None = None,
        device: str | torch.device | None = None,
    ) -> Classifier:
        with IMPORTING:
            import timm
        network: nn.Module = timm.create_model("legacy_xception", pretrained=False)
        generator = torch.Generator().manual_seed(0)
        with torch.no_grad():
            for weight in _weights(network):
                weight.normal_(0, 1 / math.sqrt(weight[0].numel()), generator=generator)
        return Classifier(
            network,
            labels_of("imagenet_classes.csv"),
            size=(SIDE, SIDE),
            mean=HALVES,
            std=HALVES,
            view=View(fit=fit or self.fit),
            name=self.title,
            device=device,
            prepare=False,  # which takes longer than the few passes of a lesson
        )


def _weights(network: nn.Module) -> Iterator[Tensor]:
    """Yield the weights of all convolutions and linear layers."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            yield module.weight


def source() -> Source:
    """Return Xception, with random weights where its own would have to be downloaded."""
    published = find(NAME)
    return published if published.origin in ON_THIS_MACHINE else RandomXception()


@dataclass(frozen=True)
class OnXception(Live):
    """A well-known tutorial of Grad-CAM takes **Xception**, and its last activation: the ReLU after its last
    convolution. Whypixel finds that layer by itself, because it is the deepest that still gives a grid.

    Xception is larger than the networks here, so it is built only when you ask for it. That takes several seconds.
    """

    title: ClassVar[str] = "The same on Xception"

    picture: str = choice(*PICTURES, label="Picture", hint="One of the sample pictures.")
    build: bool = switch(False, label="Build Xception", hint="It takes about 90 MB of the server's memory.")

    def show(self, lab: Lab) -> Shown:
        xception = source()
        is_random = isinstance(xception, RandomXception)
        about = (
            "Its weights aren't on this machine, so they are **random**: the map is computed as it should be, and "
            "means nothing. To use its own weights, choose “Xception, 224 px” on the Models page, which downloads them."
            if is_random
            else "Its weights are on this machine."
        )
        if not self.build:
            return Shown((about,))
        there = lab.with_classifier(lab.load(xception))
        question = there.question(self.picture)
        explanation = there.explain(GradCAM(), question)
        channels = next(layer.channels for layer in there.classifier.layers() if layer.name == there.classifier.layer)
        raw = explanation.values[0]
        return Shown(
            (
                f"Its last activation is the layer `{there.classifier.layer}`. It gives {channels:,} feature maps of "
                f"{raw.shape[0]} by {raw.shape[1]} cells. Explained: {there.label(question)}.",
                about,
            ),
            rows=(
                (
                    picture_panel("Picture", explanation.picture, there.label(question)),
                    values_panel("The raw grid", raw, COLOURS),
                    values_panel("Enlarged", explanation.heat, COLOURS),
                    overlay_panel(explanation, question, COLOURS),
                ),
            ),
        )
