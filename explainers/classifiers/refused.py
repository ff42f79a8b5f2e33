"""The source of a classifier that can't be had because of a mistake of whoever runs the server."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import torch

from explainers.classifiers.classifier import Classifier
from explainers.classifiers.download import Progress
from explainers.classifiers.source import Source
from explainers.classifiers.view import Fit
from explainers.errors import ExplanationError


@dataclass(frozen=True, kw_only=True)
class RefusedSource(Source):
    """It stands in the menu so that the mistake is seen; whoever chooses it is told what is wrong.

    reason: the sentence.
    """

    reason: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"refused {self.name} {self.reason}".encode()).hexdigest()

    def load(
        self,
        *,
        fit: Fit | None = None,
        on_progress: Progress | None = None,
        device: str | torch.device | None = None,
    ) -> Classifier:
        raise ExplanationError(self.reason)
