"""A classifier that somebody has brought: a file, what it was recognised as, and the answers to what it doesn't say."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import torch
from torch import nn

from explainers.classifiers.brought import NAME_DIGITS, NAME_START
from explainers.classifiers.classifier import Classifier
from explainers.classifiers.download import Progress
from explainers.classifiers.own.answers import Answers
from explainers.classifiers.own.networks import load_own
from explainers.classifiers.own.reading import OwnFile
from explainers.classifiers.own.transformers import load_transformers
from explainers.classifiers.source import Source
from explainers.classifiers.view import Fit, View
from explainers.numbers import counted

if TYPE_CHECKING:
    from explainers.classifiers.own.candidate import Candidate

# Classifiers of the same file share its weights: a preview makes one for every answer that is changed.
_LOADED: WeakValueDictionary[str, Classifier] = WeakValueDictionary()


@dataclass(frozen=True, kw_only=True)
class OwnClassifier(Source):
    """A classifier of a visitor's; its title is what the visitor calls it.

    candidate: the architecture; None for a Hugging Face folder, which says it itself.
    """

    file: OwnFile
    candidate: Candidate | None
    answers: Answers

    @classmethod
    def of(cls, file: OwnFile, candidate: Candidate | None, answers: Answers, title: str) -> OwnClassifier:
        """Make the source of a file's classifier, whose name in addresses is a hash of the file and the answers."""
        facts = answers.labels, answers.size, answers.mean, answers.std, answers.resize, answers.interpolation
        hashed = hashlib.sha256(f"{_weights_digest(file, candidate)} {facts!r} {answers.output}".encode())
        return cls(
            name=NAME_START + hashed.hexdigest()[:NAME_DIGITS],
            title=title,
            origin="own",
            megabytes=file.bytes / 2**20,
            size=answers.size,
            fit=answers.fit,
            file=file,
            candidate=candidate,
            answers=answers,
        )

    @property
    def digest(self) -> str:
        return hashlib.sha256(f"{self.name} {self.title}".encode()).hexdigest()  # the title is told with every result

    @property
    def architecture(self) -> str:
        """The architecture in words."""
        return self.candidate.architecture.title if self.candidate else self.file.facts.architecture or self.file.kind

    @property
    def description(self) -> str:
        """Title, architecture, number of classes and size in one line."""
        classes = counted(len(self.answers.labels), "class", "classes")
        return f"{self.title} · {self.architecture} · {classes} · {self.megabytes:.0f} MB · yours"

    def load(
        self,
        *,
        fit: Fit | None = None,
        on_progress: Progress | None = None,
        device: str | torch.device | None = None,
    ) -> Classifier:
        """Load the classifier. Raises ExplanationError for weights or answers that don't fit the network."""
        answers, weights = self.answers, _weights_digest(self.file, self.candidate)
        answers.check()
        known = _LOADED.get(weights)
        classifier = Classifier(
            known.network if known else self._network(),
            answers.labels,
            size=(answers.size, answers.size),
            mean=answers.mean,
            std=answers.std,
            view=View(answers.resize, answers.interpolation, fit or answers.fit),
            output=answers.output,
            device=device,
            name=self.title,
        )
        _LOADED[weights] = classifier
        return classifier

    def _network(self) -> nn.Module:
        if self.candidate is None:
            return load_transformers(self.file)
        return load_own(self.candidate, self.file.weights, self.title)


def _weights_digest(file: OwnFile, candidate: Candidate | None) -> str:
    """Return a hash of a network and its weights."""
    architecture = candidate.architecture if candidate else None
    network = f"{architecture.library}/{architecture.name}" if architecture else file.kind
    return hashlib.sha256(f"{file.digest} {network}".encode()).hexdigest()
