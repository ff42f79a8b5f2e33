"""DeepLIFT: differences to a baseline, handed back through the network by the Rescale rule.

The rule replaces *calls* of activations and of largest-value pooling. Captum's DeepLift hooks modules instead: it
raises where one is used twice (the ReLUs of every ResNet), silently takes the plain gradient of functions, and its
pooling doesn't always hand on the whole difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from explainers.classifiers import Classifier
from explainers.classifiers.activations import NAMES
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Scale, Target
from explainers.images.baselines import DISTANCE, baseline
from explainers.passes import Passes
from explainers.runtime.recording import Call, refuse_compiled
from explainers.settings import choice

ELEMENTWISE = NAMES - {"glu"}
POOLS: dict[str, Callable[..., Any]] = {
    "max_pool2d": F.max_pool2d,
    "adaptive_max_pool2d": F.adaptive_max_pool2d,
}
NEAR = 1e-6  # where values differ by less, the quotient of their differences is rounding, and the slope stands for it
GAP, ROUNDING = 0.01, 1e-5  # how far values may fail to add up: a share of the change, and of the sum of magnitudes


class _Rescaled(TorchFunctionMode):
    """The Rescale rule for calls of this thread, while it is entered; in a batch the baselines follow the pictures.

    A call keeps its result; its derivative becomes the quotient of its differences between picture and baseline.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        call, kwargs = Call.of(func, args, kwargs or {}), kwargs or {}
        x = call.argument(0, "input")
        if not isinstance(x, Tensor) or not x.requires_grad or x.ndim < 2 or len(x) % 2:
            return func(*args, **kwargs)
        rest = {name: value for name, value in kwargs.items() if name != "input"}
        if call.name in ELEMENTWISE:
            return _activated(x, lambda given: func(given, *args[1:], **rest))
        if call.name in POOLS and x.ndim == 4 and not rest.pop("return_indices", False):
            return _pooled(x, lambda given: POOLS[call.name](given, *args[1:], **rest, return_indices=True))
        return func(*args, **kwargs)


def _activated(x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """function(x), elementwise, with the Rescale rule; in-place forms are told by what they do."""
    work = x.detach().clone()
    y = function(work)
    with torch.enable_grad():
        picture = x.detach().chunk(2)[0].clone().requires_grad_()
        (slope,) = torch.autograd.grad(function(picture.clone()).sum(), picture)
    change_in, change_out = _change(x.detach()), _change(y)
    near = change_in.abs() < NEAR
    share = torch.where(near, slope, change_out / torch.where(near, 1, change_in))
    result = y + torch.cat([share, share]) * _zero(x)
    return x.copy_(result) if y.data_ptr() == work.data_ptr() else result


def _pooled(x: Tensor, function: Callable[[Tensor], tuple[Tensor, Tensor]]) -> Tensor:
    """The largest of each window, `function(x)` with places, with the Rescale rule.

    A rise is the share of the pixel that is largest now, a fall of the one that was largest in the baseline.
    """
    y, places = function(x.detach())
    change, (now, then) = _change(x.detach()).flatten(2), places.flatten(2).chunk(2)
    rise = _change(y)
    at_now, at_then = (change.gather(2, place).view_as(rise) for place in (now, then))
    of_now = torch.where(rise > 0, rise / at_now, ((rise == 0) & (at_now == 0)).to(rise))
    of_then = torch.where(rise < 0, rise / at_then, 0)
    moving = _zero(x).chunk(2)[0]
    by_now, by_then = (_zero(function(half + moving)[0]) for half in x.detach().chunk(2))
    moved = of_now * by_now + of_then * by_then
    return y + torch.cat([moved, moved])


def _change(both: Tensor) -> Tensor:
    """Pictures' values minus their baselines'."""
    picture, start = both.chunk(2)
    return picture - start


def _zero(x: Tensor) -> Tensor:
    """Zero, with x's gradient."""
    return x - x.detach()


@dataclass(frozen=True)
class DeepLIFT(Explainer):
    """How much each pixel contributes to the difference between this picture and a baseline picture.

    Differences at every activation are handed back in proportion to what caused them (the Rescale rule), in one pass
    and without a path to follow. The values add up to the logit minus the baseline's: a network where they miss that by
    more than 1 % (and rounding) is refused, such as one that multiplies activations with each other. It depends on how
    the network is built: two that answer alike can have different maps.
    """

    title: ClassVar[str] = "DeepLIFT"
    paper: ClassVar[str] = "https://arxiv.org/abs/1704.02685"
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)
    complete: ClassVar[bool] = True
    keeps: ClassVar[str] = DISTANCE
    unit: ClassVar[str] = "contribution to the {scale}"

    baseline: str = choice(
        *("black", "white", "grey", "dataset mean", "blurred picture"),
        hint="The picture that stands for nothing there, and that this one is compared with.",
    )

    def passes(self, classifier: Classifier) -> int:
        return 2

    def check(self, classifier: Classifier, target: Target) -> None:
        """Refuse, too, networks whose calls can't be replaced."""
        super().check(classifier, target)
        complaint = f"DeepLIFT can't reach the activations inside {classifier.name}"
        refuse_compiled(classifier.network, complaint, "Integrated Gradients")

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        starts = baseline(self.baseline, pictures, mean=passes.classifier.mean)
        moving = pictures.clone().requires_grad_()
        with torch.enable_grad(), _Rescaled():
            scores, before = passes(torch.cat([moving, starts[:, 0]]), passes.rows().repeat(2)).chunk(2)
            (multipliers,) = torch.autograd.grad(scores.sum(), moving)
        values, scores, before = multipliers * (pictures - starts[:, 0]), scores.detach(), before.detach()
        added, change = values.sum((1, 2, 3)), scores - before
        allowed = GAP * change.abs() + ROUNDING * values.abs().sum((1, 2, 3))
        if not bool(((added - change).abs() <= allowed).all()):
            raise ExplanationError(
                f"DeepLIFT doesn't work on {passes.classifier.name}: the values add up to {float(added[0]):.3g}, and "
                f"the logit changes by {float(change[0]):.3g}, so its rule misses a part of the network. "
                "Integrated Gradients works on it."
            )
        return Attribution(values, scores=scores, baselines=starts, baseline_scores=before[:, None])
