"""Guided backpropagation and Zeiler-Fergus: gradients with another backward rule at the ReLUs.

Both are Captum's Saliency while a rule replaces *calls* of ReLU. Captum's own classes hook `nn.ReLU` modules instead,
and silently return the plain gradient for networks that call the function (GoogLeNet, Inception) or use ReLU6
(MobileNetV2).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.classifiers.activations import unreached_rectifications
from explainers.classifiers.rectifications import rectification
from explainers.classifiers.traits import OrderedNorms
from explainers.declarations import Preset
from explainers.errors import ExplanationError
from explainers.explanation import Coverage, Target
from explainers.methods.backward_rule import BackwardRule
from explainers.methods.gradients import Saliency
from explainers.passes import Passes
from explainers.runtime.recording import Call, refuse_compiled

# (gradient from above, whether the ReLU let the value pass) -> gradient below
Gate = Callable[[Tensor, Tensor], Tensor]


class _GatedReLU(torch.autograd.Function):
    """min(max(x, 0), ceiling), with a gate as its backward rule."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, ceiling: float, gate: Gate) -> Tensor:
        ctx.gate = gate
        ctx.save_for_backward((x > 0) & (x < ceiling))
        return x.clamp(0, ceiling)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (passed,) = ctx.saved_tensors
        return ctx.gate(gradients[0], passed), None, None


class _GatedReLUs(BackwardRule):
    """Replaces the ReLU calls of this thread, also those in place, while it is entered."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def replace(self, call: Call, run: Callable[..., Any]) -> Any:
        if (relu := rectification(call)) is None:
            return run(*call.args, **call.kwargs)
        gated: Tensor = _GatedReLU.apply(relu.x, relu.ceiling, self.gate)
        return relu.x.copy_(gated) if relu.in_place else gated  # later calls may read the result from x


@dataclass(frozen=True)
class _GatedGradient(Saliency):
    """Captum's Saliency, with a gate in place of the derivative of every ReLU."""

    linear: ClassVar[bool] = False
    changes_gradients: ClassVar[bool] = True
    asks_late: ClassVar[bool] = False
    presets: ClassVar[Mapping[Preset, int]] = {}

    @staticmethod
    def gate(gradient: Tensor, passed: Tensor) -> Tensor:
        """Return the gradient below a ReLU, given the gradient above it, and where the ReLU let its input pass."""
        raise NotImplementedError

    @classmethod
    def coverage(cls, classifier: Classifier) -> Coverage:
        """Count the activation calls of one forward pass that are ReLUs."""
        calls = classifier.activations
        total = calls.relus + sum(calls.others.values()) + calls.unreached
        return Coverage(calls.relus, total, calls.others, calls.unreached)

    def uses_fused(self, classifier: Classifier) -> bool:
        return False  # a gate depends on a sign, so rounding near zero changes whole gradients

    def check(self, classifier: Classifier, target: Target) -> None:
        """Also raise ExplanationError for networks with activations but no ReLU, or with calls out of reach."""
        super().check(classifier, target)
        complaint = f"{self.title} can't reach the ReLUs inside {classifier.name}"
        refuse_compiled(classifier.network, complaint, "the vanilla gradient")
        coverage = self.coverage(classifier)
        if coverage.unreached and not coverage.covered:
            raise ExplanationError(
                f"{complaint}: {unreached_rectifications(coverage.unreached)}. The vanilla gradient and Integrated "
                "Gradients work on it."
            )
        if coverage.total and not coverage.covered:
            names = ", ".join(f"{count} × {name}" for name, count in coverage.names.items())
            raise ExplanationError(
                f"{self.title} is defined for ReLU, and {classifier.name} has none (its activations are {names}). "
                "The vanilla gradient and Integrated Gradients work on it."
            )

    def gradient(self, passes: Passes, pictures: Tensor, rows: Tensor) -> Tensor:
        with _GatedReLUs(self.gate), OrderedNorms():  # a gate keeps strides that torch's ReLU doesn't
            return super().gradient(passes, pictures, rows)


@dataclass(frozen=True)
class GuidedBackprop(_GatedGradient):
    """Edges and textures that the evidence for the class passes through: sharp, but much the same for every class.

    At every ReLU the gradient passes only where both the input and the gradient are positive. Sanity checks (Adebayo et
    al. 2018) show that it mostly redraws the picture: trust the vanilla gradient more.
    """

    title: ClassVar[str] = "Guided backpropagation"
    paper: ClassVar[str] = "https://arxiv.org/abs/1412.6806"
    formula: ClassVar[str] = (
        r"\frac{\partial S}{\partial x} \text{ with} \quad g_{\text{below}} = g \cdot [z > 0] \cdot [g > 0]"
        r" \quad \text{at every ReLU of } z"
    )
    presets: ClassVar[Mapping[Preset, int]] = {"tutorials": 2}
    stands_on: ClassVar[str] = "Captum `Saliency`"
    ours: ClassVar[str] = (
        "the rule at the ReLUs: replaces ReLU *calls* of the computing thread. Captum's classes hook `nn.ReLU` modules"
        " and silently give the plain gradient on GoogLeNet, Inception and MobileNetV2. A network without ReLU is "
        "refused; a mixed one says what part is covered"
    )

    @staticmethod
    def gate(gradient: Tensor, passed: Tensor) -> Tensor:
        return gradient.clamp(min=0).where(passed, 0)  # times zero, an infinite gradient would be no number


@dataclass(frozen=True)
class Deconvolution(_GatedGradient):
    """What the network's features look like when the evidence for the class is projected back to the pixels.

    The Zeiler-Fergus rule: at every ReLU the gradient passes where it is positive, whatever the input was. Strided
    layers leave a checkerboard pattern. The map is less clear than that of guided backpropagation and, like it, says
    little about the class.
    """

    title: ClassVar[str] = "Zeiler-Fergus (deconvolution)"
    paper: ClassVar[str] = "https://arxiv.org/abs/1311.2901"
    formula: ClassVar[str] = (
        r"\frac{\partial S}{\partial x} \text{ with} \quad g_{\text{below}} = g \cdot [g > 0]"
        r" \quad \text{at every ReLU}"
    )
    stands_on: ClassVar[str] = "Captum `Saliency`"
    ours: ClassVar[str] = "the rule at the ReLUs, as for guided backpropagation"

    @staticmethod
    def gate(gradient: Tensor, passed: Tensor) -> Tensor:
        return gradient.clamp(min=0)
