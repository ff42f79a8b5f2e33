"""Verifies what was computed in chunks, on a prepared network, against the network as it is.

A prepared copy may compute something else, for reasons that no record of a pass shows, and so may a network that is
given several pictures at once. So a few of the pictures pass again, each alone, through the network as it is: the
first, the last, and one between; for path methods, one of them is the picture itself, where the gradient is compared,
too. Where its answers differ, everything is computed again on it, one picture at a time.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.classifiers.agreement import same_gradient, same_logits
from explainers.classifiers.preparing import fingerprint
from explainers.explanation import Target
from explainers.passes import OnProgress, Passes, Sample

T = TypeVar("T")
PROJECTIONS = 4  # of a gradient on random directions, by which gradients are compared
KEPT_ANSWERS = 256  # per classifier, so that the next map of a picture costs less


def verified(
    classifier: Classifier,
    targets: Sequence[Target],
    work: Callable[[Passes], T],
    *,
    fused: bool,
    explained: Tensor | None = None,
    forward_only: bool = False,
    total: int | None = None,
    on_progress: OnProgress | None = None,
) -> tuple[T, Passes]:
    """Return what `work` makes of passes through `classifier`, and the passes that it was made of.

    work:         called with passes inside their `with` block, and called again, with others, if these are refuted.
    fused:        whether the prepared network may be used.
    explained:    the picture (C, H, W) at which the gradient is compared as well; None if `work` changes gradients.
    forward_only: whether `work` takes no gradients.
    """

    def attempt(*, fused: bool, alone: bool) -> tuple[T, Passes]:
        with Passes(
            classifier,
            targets,
            fused=fused,
            alone=alone,
            forward_only=forward_only,
            total=total,
            on_progress=on_progress,
        ) as passes:
            return work(passes), passes

    result, passes = attempt(fused=fused, alone=False)
    if not _confirmed(passes, explained):
        result, passes = attempt(fused=False, alone=True)  # which needs no confirmation
        passes.refuted = True
    return result, passes


def _confirmed(passes: Passes, explained: Tensor | None) -> bool:
    """Return whether the network as it is gives the same answers to the samples of passes."""
    samples, same = list(passes.samples.values()), True
    passes.samples.clear()  # because they take memory
    if not samples:
        return True
    answers = _ANSWERS.setdefault(passes.classifier, _Answers())
    weights = passes.weights or fingerprint(passes.classifier.network)
    with Passes(passes.classifier, passes.targets, fused=False, alone=True) as reference:
        for sample in samples:
            gradient = sample.gradient if explained is not None and sample.picture.equal(explained) else None
            answer = answers.of(reference, sample, gradient is not None, weights)
            same &= same_logits(sample.logits, answer.logits)
            if gradient is not None and answer.projections is not None:
                same &= same_gradient(answers.projected(gradient), answer.projections, answer.norm)
    passes.checks = reference.checks
    return same


@dataclass(frozen=True)
class _Answer:
    """What the network as it is answers to one picture: the logits (classes,), and a gradient as it is compared."""

    logits: Tensor
    projections: Tensor | None = None
    norm: float = 0.0


class _Answers:
    """The answers of a classifier's network as it is, of which the latest are kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Answer] = OrderedDict()
        self._directions: Tensor | None = None

    def of(self, passes: Passes, sample: Sample, gradient: bool, weights: Hashable) -> _Answer:
        """Return the answer to a sample's picture, with or without the gradient of the sample's target."""
        digest = hashlib.sha256(sample.picture.contiguous().view(torch.uint8).cpu().numpy().tobytes()).hexdigest()
        key = digest, weights, sample.differentiable, passes.targets[sample.row] if gradient else None
        answer = self._kept.pop(key, None) or self._answer(passes, sample, gradient)
        self._kept[key] = answer
        while len(self._kept) > KEPT_ANSWERS:
            self._kept.popitem(last=False)
        return answer

    def _answer(self, passes: Passes, sample: Sample, gradient: bool) -> _Answer:
        passes.checks += 1
        row = passes.rows()[sample.row : sample.row + 1]
        with torch.set_grad_enabled(sample.differentiable):
            picture = sample.picture[None].clone().requires_grad_(sample.differentiable)
            logits = passes.logits(picture)
            if not gradient:
                return _Answer(logits[0].detach())
            (found,) = torch.autograd.grad(passes.answers_of(logits, row)[:, passes.column].sum(), picture)
        return _Answer(logits[0].detach(), self.projected(found[0]), float(found.double().norm()))

    def projected(self, gradient: Tensor) -> Tensor:
        """Return the projections (K,) of a gradient (C, H, W) on fixed random directions."""
        if self._directions is None:
            shape = PROJECTIONS, gradient.numel()
            self._directions = torch.randn(shape, generator=torch.Generator().manual_seed(0)).to(gradient)
        return self._directions @ gradient.flatten()


_ANSWERS: WeakKeyDictionary[Classifier, _Answers] = WeakKeyDictionary()
