"""The pictures of a run as its classifier sees them, and what it answers to changed ones."""

from __future__ import annotations

from collections import OrderedDict
from typing import Protocol

import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.audit.runs import opening
from explainers.audit.runs.run import Run
from explainers.classifiers import Classifier
from explainers.errors import ExplanationError
from explainers.explanation import Target
from explainers.passes import Passes

MAX_KEPT_BYTES = 256 * 2**20  # of decoded pictures


class Pictures(Protocol):
    """What a causal test needs of a run."""

    def seen(self, number: int) -> Tensor | None:
        """Return a picture (C, H, W) as the classifier sees it; None where it can't be read any more."""

    def answers(self, pictures: Tensor) -> Array:
        """Return the index of the likeliest class (n,) of pictures (n, C, H, W)."""


class RunPictures:
    """The pictures of a run, read from where they lie, and its classifier, which is loaded unless it is given.

    Raises ExplanationError where the classifier can't be loaded, or isn't the one that the maps are of.
    """

    def __init__(self, run: Run, classifier: Classifier | None = None) -> None:
        self.run, self.classifier = run, classifier or opening.classifier(run)
        if classifier:
            opening.check_identity(run, classifier)
        self._kept: OrderedDict[int, Tensor | None] = OrderedDict()
        self._bytes = 0

    def seen(self, number: int) -> Tensor | None:
        if number in self._kept:
            self._kept.move_to_end(number)
            return self._kept[number]
        try:
            picture = self.classifier.see(opening.photo(self.run, number).image)[0]
        except ExplanationError:
            picture = None
        self._kept[number] = picture
        self._bytes += picture.nbytes if picture is not None else 0
        while self._bytes > MAX_KEPT_BYTES and len(self._kept) > 1:
            oldest = self._kept.popitem(last=False)[1]
            self._bytes -= oldest.nbytes if oldest is not None else 0
        return picture

    @torch.no_grad()
    def answers(self, pictures: Tensor) -> Array:
        answers: list[Tensor] = []
        with Passes(self.classifier, [Target(0)], fused=False, forward_only=True) as passes:
            passes.run(len(pictures), lambda part: answers.append(passes.logits(pictures[part]).argmax(1)))
        return torch.cat(answers).cpu().numpy()


def readable(pictures: Pictures, numbers: Array, most: int) -> list[Tensor]:
    """Return the first pictures that can be read, `most` at most."""
    read: list[Tensor] = []
    for number in numbers.tolist():
        if len(read) == most:
            break
        if (picture := pictures.seen(number)) is not None:
            read.append(picture)
    return read
