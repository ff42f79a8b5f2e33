"""Verifies what was computed in chunks, on a prepared network, against the network as it is.

A prepared copy may compute something else, for reasons that no record of a pass shows, and so may a network that is
given several pictures at once. So a few of the pictures that pass for each target pass again, each alone, through the
network as it is: the first, the last, and one between; for path methods, one of them is the picture itself, where the
gradient is compared, too. Where its answers differ, everything is computed again on it, one picture at a time.

A gradient may differ although the function is the same: where a ReLU's input is zero but for rounding, one network
lets it pass and the other doesn't. So gradients that differ are compared once more at pictures close by. There, other
ReLUs are that near to zero, if any are; another function would differ there, too.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.classifiers.agreement import same_gradient, same_logits
from explainers.classifiers.preparing import fingerprint
from explainers.explanation import Target
from explainers.passes import OnProgress, Passes, Sample
from explainers.runtime.chunks import enough_memory

T = TypeVar("T")
PROJECTIONS = 4  # of a gradient on random directions, by which gradients are compared
KEPT_ANSWERS = 256  # per classifier, so that the next map of a picture costs less
NEARBY_PICTURES = 3  # where gradients are compared once more
NEARBY_DISTANCE = 1e-4  # in brightness; rounding shifts what a ReLU gets by less than such a change does


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
    choose: Callable[[Tensor], Target] | None = None,
) -> tuple[T, Passes]:
    """Return what `work` makes of passes through `classifier`, and the passes that it was made of.

    work:         called with passes inside their `with` block, and called again, with others, if these are refuted.
    fused:        whether the prepared network may be used.
    explained:    for each target, the picture (N, C, H, W) at which the gradient is compared as well; None if `work`
                  changes gradients.
    forward_only: whether `work` takes no gradients.
    choose:       as `Passes` takes it.
    """
    make = partial(
        Passes,
        classifier,
        targets,
        forward_only=forward_only,
        total=total,
        on_progress=on_progress,
        choose=choose,
    )
    if confirmed := _attempted(make(fused=fused), work, explained):
        return confirmed
    with make(fused=False, alone=True) as passes:  # which needs no confirmation
        result = work(passes)
    passes.refuted = True
    return result, passes


def attempt(
    classifier: Classifier,
    targets: Sequence[Target],
    work: Callable[[Passes], T],
    *,
    fused: bool,
    explained: Tensor | None = None,
    forward_only: bool = False,
    total: int | None = None,
) -> tuple[T, Passes] | None:
    """Return what `verified` does; None where the network as it is answers otherwise than these passes."""
    passes = Passes(classifier, targets, fused=fused, forward_only=forward_only, total=total)
    return _attempted(passes, work, explained)


def _attempted(passes: Passes, work: Callable[[Passes], T], explained: Tensor | None) -> tuple[T, Passes] | None:
    with passes:
        result = work(passes)
    return (result, passes) if _confirmed(passes, explained) else None


def answers_alone(classifier: Classifier, pictures: Tensor, *, differentiable: bool) -> Tensor:
    """Return the logits (N, classes) that the network as it is gives to each of the pictures (N, C, H, W) alone.

    They are kept for a while, so that to verify passes of the same pictures costs less.

    differentiable: whether gradients are switched on meanwhile.
    """
    with enough_memory(), Passes(classifier, [Target(0)], fused=False, alone=True) as reference:
        answers, weights = _ANSWERS.setdefault(classifier, _Answers()), fingerprint(classifier.network)
        samples = (Sample(picture, picture, 0, differentiable) for picture in pictures)
        return torch.stack([answers.of(reference, sample, False, weights).logits for sample in samples])


def forget_answers(classifier: Classifier) -> None:
    """Keep no answers of a classifier's network: its next map is verified anew."""
    _ANSWERS.pop(classifier, None)


def _confirmed(passes: Passes, explained: Tensor | None) -> bool:
    """Return whether the network as it is gives the same answers to the samples of passes."""
    samples, same = list(dict.fromkeys(passes.samples.values())), True
    passes.samples.clear()  # because they take memory
    if not samples:
        return True
    answers = _ANSWERS.setdefault(passes.classifier, _Answers())
    weights = passes.weights or fingerprint(passes.classifier.network)
    doubtful: list[Sample] = []
    with Passes(passes.classifier, passes.targets, fused=False, alone=True) as reference:
        for sample in samples:
            has_gradient = (
                explained is not None and sample.gradient is not None and sample.picture.equal(explained[sample.row])
            )
            answer = answers.of(reference, sample, has_gradient, weights)
            same &= same_logits(sample.logits, answer.logits)
            if has_gradient and not answers.same_gradient(sample, answer):
                doubtful.append(sample)
    passes.checks = reference.checks
    return same and all(answers.same_nearby(passes, sample, weights) for sample in doubtful)


@dataclass(frozen=True)
class _Answer:
    """What the network as it is answers to one picture: the logits (classes,), and a gradient as it is compared."""

    logits: Tensor
    projections: Tensor | None = None
    norm: float = 0.0


class _Answers:
    """The answers of a classifier's network as it is, and what was judged by them, of which the latest are kept."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._directions: Tensor | None = None

    def of(self, passes: Passes, sample: Sample, gradient: bool, weights: Hashable) -> _Answer:
        """Return the answer to a sample's picture, with or without the gradient of the sample's target."""
        target = passes.targets[sample.row] if gradient else None
        key = _digest(sample.picture), weights, sample.differentiable, target
        answer: _Answer = self._recalled(key, lambda: self._answer(passes, sample, gradient))
        return answer

    def same_gradient(self, sample: Sample, answer: _Answer) -> bool:
        """Return whether a sample's gradient is that of the answer."""
        assert sample.gradient is not None
        if answer.projections is None:
            return True
        return same_gradient(self._projected(sample.gradient), answer.projections, answer.norm)

    def same_nearby(self, passes: Passes, sample: Sample, weights: Hashable) -> bool:
        """Return whether the gradient agrees at a picture close to a sample's, where it differs."""
        assert sample.gradient is not None
        key = _digest(sample.picture), weights, passes.targets[sample.row], passes.folded, _digest(sample.gradient)
        same: bool = self._recalled(key, lambda: self._judged_nearby(passes, sample, weights))
        return same

    def _judged_nearby(self, passes: Passes, sample: Sample, weights: Hashable) -> bool:
        generator = torch.Generator().manual_seed(0)
        for _ in range(NEARBY_PICTURES):
            noise = torch.randn(sample.picture.shape, generator=generator, dtype=torch.float32).to(sample.picture)
            picture = (sample.picture + NEARBY_DISTANCE * noise).clamp(*sample.picture.aminmax())
            gradient = _gradients(passes, sample.row, torch.stack([sample.picture, picture]))[1]
            nearby = replace(sample, picture=picture, gradient=gradient)
            with Passes(passes.classifier, passes.targets, fused=False, alone=True) as reference:
                if self.same_gradient(nearby, self.of(reference, nearby, True, weights)):
                    return True
        return False

    def _answer(self, passes: Passes, sample: Sample, gradient: bool) -> _Answer:
        passes.checks += 1
        row = passes.rows()[sample.row : sample.row + 1]
        with torch.set_grad_enabled(sample.differentiable):
            picture = sample.picture[None].clone().requires_grad_(sample.differentiable)
            logits = passes.logits(picture)
            if not gradient:
                return _Answer(logits[0].detach())
            (found,) = torch.autograd.grad(passes.answers_of(logits, row)[:, passes.column].sum(), picture)
        return _Answer(logits[0].detach(), self._projected(found[0]), float(found.double().norm()))

    def _projected(self, gradient: Tensor) -> Tensor:
        """Return the projections (K,) of a gradient (C, H, W) on fixed random directions."""
        if self._directions is None:
            shape = PROJECTIONS, gradient.numel()
            self._directions = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float32).to(
                gradient
            )
        return self._directions @ gradient.flatten()

    def _recalled(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Return what is kept under a key; it is made when it is first asked for."""
        value = self._kept.pop(key, None)
        if value is None:
            value = make()
        self._kept[key] = value
        while len(self._kept) > KEPT_ANSWERS:
            self._kept.popitem(last=False)
        return value


def _gradients(passes: Passes, row: int, pictures: Tensor) -> list[Tensor]:
    """Return the gradients of the target `row` at pictures, by passes like those given."""
    rows, gradients = passes.rows()[row].expand(len(pictures)), list[Tensor]()
    with Passes(passes.classifier, passes.targets, fused=passes.folded) as again:

        def work(part: slice) -> None:
            at = pictures[part].clone().requires_grad_()
            gradients.extend(torch.autograd.grad(again(at, rows[part]).sum(), at)[0])

        again.run(len(pictures), work)
    return gradients


def _digest(tensor: Tensor) -> str:
    return hashlib.sha256(tensor.contiguous().view(torch.uint8).cpu().numpy().data).hexdigest()


_ANSWERS: WeakKeyDictionary[Classifier, _Answers] = WeakKeyDictionary()
