"""Classifiers whose weights are in one file: bundled, in the owner's folder, or downloaded."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any

import torch
from torch import nn

from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.checkpoints import load_weights
from explainers.classifiers.classifier import Classifier
from explainers.classifiers.download import Progress, download, why
from explainers.classifiers.published import TIMM, Listing, Recipe
from explainers.classifiers.source import Origin, Source, file_state
from explainers.classifiers.view import Fit, View
from explainers.classifiers.with_timm import timm_address, timm_network, timm_recipe
from explainers.classifiers.with_torchvision import (
    torchvision_address,
    torchvision_network,
    torchvision_recipe,
)
from explainers.errors import ExplanationError

WEIGHTS_FOLDER_VARIABLE = "WHYPIXEL_WEIGHTS"  # names a folder with files called <architecture>.pth or .safetensors


@dataclass(frozen=True, kw_only=True)
class WeightsSource(Source):
    """A classifier of a known architecture, with its weights in one file.

    path: where the weights file is, or will be once it is downloaded.
    """

    path: Path

    @property
    def digest(self) -> str:
        """A hash that tells these weights from others of the same name.

        It is made of the name of the published file, or else of the path, size and time of change of the file.
        """
        identity = file_state(self.path) if self.origin in ("bundled", "local") else self.path.name
        return hashlib.sha256(f"{self.name} {identity}".encode()).hexdigest()

    @abstractmethod
    def recipe(self) -> Recipe:
        """Return what the weights were trained for."""

    @abstractmethod
    def network(self, classes: int, weights: Path) -> nn.Module:
        """Return the network with so many classes and the weights of a file. Raises ExplanationError."""

    def address(self) -> str:
        """Return where the weights are published."""
        raise NotImplementedError

    def load(
        self,
        *,
        fit: Fit | None = None,
        on_progress: Progress | None = None,
        device: str | torch.device | None = None,
        checkpoint: Path | None = None,
        labels: Sequence[str] | None = None,
    ) -> Classifier:
        """Load the classifier; its own weights, unless `checkpoint` names a file, and its own labels unless given."""
        made_for = self.recipe()
        path = self._weights(on_progress) if checkpoint is None else checkpoint
        classes = tuple(made_for.labels if labels is None else labels)
        return Classifier(
            self.network(len(classes), path),
            classes,
            size=(made_for.size, made_for.size),
            mean=made_for.mean,
            std=made_for.std,
            view=View(made_for.resize, made_for.interpolation, fit or self.fit),
            device=device,
            name=self.title,
            source=self.name if checkpoint is None and labels is None else None,
        )

    def _weights(self, on_progress: Progress | None) -> Path:
        """Return the path of the weights file; a missing one is downloaded first."""
        if self.origin == "download":
            try:
                download(self.address(), self.path, on_progress)
            except (OSError, HTTPException) as error:
                raise ExplanationError(
                    f"{self.title} needs its weights ({self.megabytes:.0f} MB) once, and they could not be downloaded: "
                    f"{why(error)}. Try again when it is online, choose another classifier, or save them as "
                    f"{self.file_name} in a folder on the machine that runs Whypixel, and name the folder in "
                    f"{WEIGHTS_FOLDER_VARIABLE}."
                ) from error
        return self.path

    @property
    def file_name(self) -> str:
        """What a file with these weights is called in the owner's folder."""
        return f"{self.name}.pth"


@dataclass(frozen=True, kw_only=True)
class BundledSource(WeightsSource):
    """One whose weights are installed with Whypixel."""

    def recipe(self) -> Recipe:
        return BUNDLED_CLASSIFIERS[self.name].recipe

    def network(self, classes: int, weights: Path) -> nn.Module:
        bundled = BUNDLED_CLASSIFIERS[self.name]
        return load_weights(bundled.network(classes), weights, f"{self.title} with {classes} classes")

    def _weights(self, on_progress: Progress | None) -> Path:
        BUNDLED_CLASSIFIERS[self.name].check()
        return self.path


@dataclass(frozen=True, kw_only=True)
class TorchvisionSource(WeightsSource):
    """One of torchvision's."""

    def recipe(self) -> Recipe:
        return torchvision_recipe(self.name)

    def address(self) -> str:
        return torchvision_address(self.name)

    def network(self, classes: int, weights: Path) -> nn.Module:
        network = torchvision_network(self.name, classes)
        return load_weights(network, weights, f"{self.title} with {classes} classes")


@dataclass(frozen=True, kw_only=True)
class TimmSource(WeightsSource):
    """One of timm's.

    weights: timm's name of architecture and weights.
    """

    weights: str

    def recipe(self) -> Recipe:
        return timm_recipe(self.weights, self.size)

    def address(self) -> str:
        return timm_address(self.weights)

    def network(self, classes: int, weights: Path) -> nn.Module:
        return timm_network(self.weights, classes, weights, f"{self.title} with {classes} classes")

    @property
    def file_name(self) -> str:
        return f"{self.weights}.safetensors"


def published_source(name: str, known: Listing, origin: Origin, path: Path, **facts: Any) -> WeightsSource:
    """Make the source of a classifier of torchvision's or timm's whose weights are at that path.

    known: what is published about it.
    facts: other fields of Source, which may differ from what is published.
    """
    fields: dict[str, Any] = {"title": known.title, "size": known.size, "licence": known.licence} | facts
    if name.startswith(TIMM):
        return TimmSource(name=name, origin=origin, path=path, weights=known.weights, **fields)
    return TorchvisionSource(name=name, origin=origin, path=path, **fields)
