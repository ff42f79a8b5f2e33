"""DeepLIFT: differences from a baseline are propagated back through the network by the Rescale rule.

The rule replaces *calls* of activations and of max pooling. Captum's DeepLift hooks modules instead: it raises an error
for modules that are used twice (the ReLUs of every ResNet), silently takes the plain gradient of functions, and its
pooling doesn't always propagate the whole difference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.classifiers import Classifier
from explainers.classifiers.activations import ACTIVATION_NAMES, unreached_rectifications
from explainers.classifiers.rectifications import rectification
from explainers.declarations import CONTRIBUTION, Family
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Scale, Target, Unit
from explainers.images.baselines import DISTANCE_FROM_BASELINE, baseline
from explainers.methods.backward_rule import BackwardRule
from explainers.passes import Passes
from explainers.runtime.recording import Call, refuse_compiled
from explainers.settings import choice

ELEMENTWISE_ACTIVATIONS = ACTIVATION_NAMES - {"glu"}
MAX_POOLINGS: dict[str, Callable[..., Any]] = {
    "max_pool2d": F.max_pool2d,
    "adaptive_max_pool2d": F.adaptive_max_pool2d,
}
MIN_INPUT_CHANGE = 1e-6  # below it, the quotient of differences is mostly rounding, and the gradient replaces it
# How far the sum of the values may be from the change of the score:
MAX_GAP = 0.01  # as a share of that change, plus
MAX_ROUNDING = 1e-5  # as a share of the sum of the values' magnitudes


class _RescaleRule(BackwardRule):
    """Applies the Rescale rule to calls of this thread, while it is entered.

    A batch holds pictures and then their baselines. The result of a call stays the same; its derivative becomes the
    quotient of the differences of output and input between picture and baseline.
    """

    def replace(self, call: Call, run: Callable[..., Any]) -> Any:
        if (relu := rectification(call)) is not None and _is_pairs(relu.x):
            ceiling = relu.ceiling
            rescaled = _rescaled_activation(relu.x, lambda inputs: inputs.clamp(0, ceiling))
            return relu.x.copy_(rescaled) if relu.in_place else rescaled
        x = call.argument(0, "input")
        if not isinstance(x, Tensor) or not x.requires_grad or not _is_pairs(x):
            return run(*call.args, **call.kwargs)
        other_arguments = {name: value for name, value in call.kwargs.items() if name != "input"}
        if call.name in ELEMENTWISE_ACTIVATIONS:
            return _rescaled_activation(x, lambda inputs: run(inputs, *call.args[1:], **other_arguments))
        if call.name in MAX_POOLINGS and x.ndim == 4 and not other_arguments.pop("return_indices", False):
            pooling = MAX_POOLINGS[call.name]
            return _rescaled_pooling(
                x, lambda inputs: pooling(inputs, *call.args[1:], **other_arguments, return_indices=True)
            )
        return run(*call.args, **call.kwargs)


def _is_pairs(x: Tensor) -> bool:
    return x.ndim >= 2 and len(x) % 2 == 0


def _rescaled_activation(x: Tensor, function: Callable[[Tensor], Tensor]) -> Tensor:
    """Return `function(x)`, elementwise, with the Rescale rule; in place if the function works in place."""
    work_copy = x.detach().clone()
    y = function(work_copy)
    with torch.enable_grad():
        picture = x.detach().chunk(2)[0].clone().requires_grad_()
        (slope,) = torch.autograd.grad(function(picture.clone()).sum(), picture)
    change_in, change_out = _difference(x.detach()), _difference(y)
    too_close = change_in.abs() < MIN_INPUT_CHANGE
    multiplier = torch.where(too_close, slope, change_out / torch.where(too_close, 1, change_in))
    result = y + torch.cat([multiplier, multiplier]) * _zero_with_gradient(x)
    return x.copy_(result) if y.data_ptr() == work_copy.data_ptr() else result


def _rescaled_pooling(x: Tensor, function: Callable[[Tensor], tuple[Tensor, Tensor]]) -> Tensor:
    """Return the maximum of each window of x, with the Rescale rule.

    A rise of the maximum is attributed to the value that is largest for the picture, a fall to the one that is largest
    for the baseline.

    function: returns the maxima and their places.
    """
    y, places = function(x.detach())
    change, (picture_place, baseline_place) = _difference(x.detach()).flatten(2), places.flatten(2).chunk(2)
    output_change = _difference(y)
    change_at_picture, change_at_baseline = (
        change.gather(2, place).view_as(output_change) for place in (picture_place, baseline_place)
    )
    picture_share = torch.where(
        output_change > 0,
        output_change / change_at_picture,
        ((output_change == 0) & (change_at_picture == 0)).to(output_change),
    )
    baseline_share = torch.where(output_change < 0, output_change / change_at_baseline, 0)
    zero = _zero_with_gradient(x).chunk(2)[0]
    from_picture, from_baseline = (_zero_with_gradient(function(values + zero)[0]) for values in x.detach().chunk(2))
    correction = picture_share * from_picture + baseline_share * from_baseline
    return y + torch.cat([correction, correction])


def _difference(batch: Tensor) -> Tensor:
    """Return the values of the pictures minus those of their baselines."""
    picture, baseline = batch.chunk(2)
    return picture - baseline


def _zero_with_gradient(x: Tensor) -> Tensor:
    """Return zeros with the gradient of x."""
    return x - x.detach()


@dataclass(frozen=True)
class DeepLIFT(Explainer):
    """How much each pixel contributes to the difference between this picture and a baseline picture.

    The difference at every activation is handed back to its causes in proportion (the Rescale rule), in a single pass
    and without a path. Max pooling hands a rise to the value that is largest for the picture, and a fall to the one
    that is largest for the baseline. The values add up to the logit minus the baseline's logit. A network where they
    miss it by more than 1% (beyond rounding) is refused, for example one that multiplies activations with each other.
    The map depends on how the network is built: two networks that give the same answers can have different maps.
    """

    title: ClassVar[str] = "DeepLIFT"
    paper: ClassVar[str] = "https://arxiv.org/abs/1704.02685"
    formula: ClassVar[str] = (
        r"(x - x') \odot \frac{\partial S}{\partial x} \text{ with} \quad \frac{f(z) - f(z')}{z - z'}"
        r" \text{ in place of } f'(z) \quad \text{at every activation } f,"
        r" \quad z, z': \text{what it gets for } x \text{ and } x'"
    )
    family: ClassVar[Family] = "gradient"
    linear: ClassVar[bool] = True
    changes_gradients: ClassVar[bool] = True
    ours: ClassVar[str] = (
        "the Rescale rule for *calls*: Captum's `DeepLift` hooks modules, so it raises on every ResNet, silently takes"
        " the plain gradient of functions (GoogLeNet, DenseNet), and its pooling doesn't always add up. Refused where "
        "the values miss the difference by more than 1%"
    )
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)
    complete: ClassVar[bool] = True
    shows_regardless: ClassVar[str] = DISTANCE_FROM_BASELINE
    unit: ClassVar[Unit] = CONTRIBUTION

    baseline: str = choice(
        *("black", "white", "grey", "dataset mean", "blurred picture"),
        hint='A picture that stands for "nothing". The map says what the pixels add compared with it.',
        axis="baseline",
    )

    def passes(self, classifier: Classifier) -> int:
        return 2

    def check(self, classifier: Classifier, target: Target) -> None:
        """Also raise ExplanationError for networks whose calls can't be replaced, or not all of them."""
        super().check(classifier, target)
        complaint = f"DeepLIFT can't reach the activations inside {classifier.name}"
        refuse_compiled(classifier.network, complaint, "Integrated Gradients")
        if count := classifier.activations.unreached:
            raise ExplanationError(f"{complaint}: {unreached_rectifications(count)}. Integrated Gradients works on it.")
        if classifier.traits.alone:
            raise ExplanationError(
                f"DeepLIFT passes a picture together with its baseline, and {classifier.name} must be given one at a "
                "time, because its answer depends on more than the picture. Integrated Gradients works on it."
            )

    def uses_fused(self, classifier: Classifier) -> bool:
        return False  # in a single pass, a copy costs more to verify than it saves

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        baselines = baseline(self.baseline, pictures, mean=passes.classifier.mean)
        inputs = pictures.clone().requires_grad_()
        with torch.enable_grad(), _RescaleRule():
            scores, baseline_scores = passes(torch.cat([inputs, baselines[:, 0]]), passes.rows().repeat(2)).chunk(2)
            (multipliers,) = torch.autograd.grad(scores.sum(), inputs)
        values = multipliers * (pictures - baselines[:, 0])
        scores, baseline_scores = scores.detach(), baseline_scores.detach()
        sums, change = values.sum((1, 2, 3)), scores - baseline_scores
        tolerance = MAX_GAP * change.abs() + MAX_ROUNDING * values.abs().sum((1, 2, 3))
        if not bool(((sums - change).abs() <= tolerance).all()):
            raise ExplanationError(
                f"DeepLIFT doesn't work on {passes.classifier.name}: the values add up to {float(sums[0]):.3g}, but "
                f"the logit changes by {float(change[0]):.3g}, so its rule doesn't fit a part of the network. "
                "Integrated Gradients works on it."
            )
        return Attribution(values, scores=scores, baselines=baselines, baseline_scores=baseline_scores[:, None])
