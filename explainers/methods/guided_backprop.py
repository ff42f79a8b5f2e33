"""Gradients with another rule at the ReLUs: guided backpropagation and Zeiler-Fergus.

Both are Captum's Saliency under a rule that replaces ReLU *calls*. Captum's own classes hook `nn.ReLU` modules instead
and silently give the plain gradient for networks that call the function (GoogLeNet, Inception) or use ReLU6
(MobileNetV2).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from explainers.classifiers import Classifier
from explainers.classifiers.activations import relu_ceiling
from explainers.errors import ExplanationError
from explainers.explanation import Coverage, Target
from explainers.methods.gradients import Saliency
from explainers.passes import Passes
from explainers.runtime.recording import Call, refuse_compiled

# (gradient from above, whether the ReLU let the value pass) -> gradient below
Gate = Callable[[Tensor, Tensor], Tensor]


class _GatedReLU(torch.autograd.Function):
    """min(max(x, 0), ceiling) whose backward pass is a gate's."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, ceiling: float, gate: Gate) -> Tensor:
        ctx.gate = gate
        ctx.save_for_backward((x > 0) & (x < ceiling))
        return x.clamp(0, ceiling)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (passed,) = ctx.saved_tensors
        return ctx.gate(gradients[0], passed), None, None


class _Gated(TorchFunctionMode):
    """Replaces ReLU calls of this thread, in-place forms too, while it is entered."""

    def __init__(self, gate: Gate) -> None:
        super().__init__()
        self.gate = gate

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        call = Call.of(func, args, kwargs or {})
        if (ceiling := relu_ceiling(call)) is None:
            return func(*args, **(kwargs or {}))
        x = call.argument(0, "input")
        gated: Tensor = _GatedReLU.apply(x, ceiling, self.gate)
        inplace = func.__name__.endswith("_") or call.argument(3 if call.name == "hardtanh" else 1, "inplace", False)
        return x.copy_(gated) if inplace else gated  # what comes next may read the result from x itself


@dataclass(frozen=True)
class _GatedGradient(Saliency):
    """Captum's Saliency with a gate in place of every ReLU's derivative."""

    @staticmethod
    def gate(gradient: Tensor, passed: Tensor) -> Tensor:
        """What goes on below a ReLU, given the gradient from above and where the ReLU let its input pass."""
        raise NotImplementedError

    @classmethod
    def coverage(cls, classifier: Classifier) -> Coverage:
        """How many of the activation calls of one forward pass are ReLUs."""
        found = classifier.activations
        return Coverage(found.relus, found.relus + sum(found.others.values()), found.others)

    def prepared(self, classifier: Classifier) -> bool:
        return False  # a gate opens or closes by a sign, so rounding near zero moves whole gradients

    def check(self, classifier: Classifier, target: Target) -> None:
        """Refuse, too, networks that have activations but no ReLU, and those whose calls can't be replaced."""
        super().check(classifier, target)
        complaint = f"{self.title} can't reach the ReLUs inside {classifier.name}"
        refuse_compiled(classifier.network, complaint, "the vanilla gradient")
        coverage = self.coverage(classifier)
        if coverage.total and not coverage.covered:
            names = ", ".join(f"{count} × {name}" for name, count in coverage.names.items())
            raise ExplanationError(
                f"{self.title} is defined for ReLU, and {classifier.name} has none (its activations are {names}). "
                "The vanilla gradient and Integrated Gradients work on it."
            )

    def gradient(self, passes: Passes, pictures: Tensor, rows: Tensor) -> Tensor:
        with _Gated(self.gate):
            return super().gradient(passes, pictures, rows)


@dataclass(frozen=True)
class GuidedBackprop(_GatedGradient):
    """Edges and textures that the class's evidence passes through; sharp, but much the same for every class.

    At every ReLU the gradient goes on only where both the input and the gradient are positive. Sanity checks (Adebayo
    et al. 2018) show that it mostly restores the picture: trust the vanilla gradient more.
    """

    title: ClassVar[str] = "Guided backpropagation"
    paper: ClassVar[str] = "https://arxiv.org/abs/1412.6806"

    @staticmethod
    def gate(gradient: Tensor, passed: Tensor) -> Tensor:
        return gradient.clamp(min=0) * passed


@dataclass(frozen=True)
class Deconvolution(_GatedGradient):
    """What the network's features look like when the class's evidence is projected back to the pixels.

    The Zeiler-Fergus rule: at every ReLU the gradient goes on where it is positive, whatever the input was. Patterns of
    strided layers show as a checkerboard. It is less clear than guided backpropagation and, like it, says little about
    the class.
    """

    title: ClassVar[str] = "Zeiler-Fergus (deconvolution)"
    paper: ClassVar[str] = "https://arxiv.org/abs/1311.2901"

    @staticmethod
    def gate(gradient: Tensor, passed: Tensor) -> Tensor:
        return gradient.clamp(min=0)
