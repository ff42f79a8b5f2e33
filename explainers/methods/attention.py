"""Maps made of a transformer's attention: what its answer reads from which patch.

Attention is met as calls of one thread, of `nn.MultiheadAttention`, of `scaled_dot_product_attention`, or written out
with a softmax. A call stays what it is: fused kernels keep their numbers, and the weights are worked out beside them.
(While the mode is entered, `nn.MultiheadAttention` leaves its own fast path, which no mode could see into.)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from explainers.classifiers import Classifier
from explainers.classifiers.layouts import Layout
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction, Scale, Target
from explainers.passes import Passes
from explainers.runtime.recording import Call, refuse_compiled
from explainers.settings import number


@dataclass(frozen=True, eq=False)
class Attention:
    """One call of attention, in which T tokens read from S.

    weights: (N, heads, T, S), the softmax: how much each of T takes from each of S.
    result:  what the call gave.
    slope:   the gradient with respect to `result` -> that with respect to `weights`, which are no part of the graph.
    """

    weights: Tensor
    result: Tensor
    slope: Callable[[Tensor], Tensor]


class _Attending(TorchFunctionMode):
    """Notes the attention of this thread, in order, while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self.met: list[Attention] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        with torch.no_grad():
            match Call.of(func, args, kwargs or {}, result):
                case Call("multi_head_attention_forward"):
                    self.met.append(_of_heads(func, args, kwargs or {}, result[0]))
                case Call("scaled_dot_product_attention") as call:
                    self.met.append(_of_product(func, call))
                case Call("softmax") if result.ndim == 4:
                    self.met.append(Attention(result.detach(), result, lambda gradient: gradient))
        return result


def _of_heads(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], result: Tensor) -> Attention:
    """`nn.MultiheadAttention`'s function, whose heads leave together through a linear layer: `result` (T, N, K)."""
    bound = inspect.signature(func).bind(*args, **kwargs)
    bound.apply_defaults()
    given = bound.arguments
    _, weights = func(**given | {"need_weights": True, "average_attn_weights": False})

    def slope(gradient: Tensor) -> Tensor:
        weight = given["v_proj_weight"] if given["use_separate_proj_weight"] else given["in_proj_weight"].chunk(3)[2]
        bias = None if given["in_proj_bias"] is None else given["in_proj_bias"].chunk(3)[2]
        values, slopes = F.linear(given["value"], weight, bias), gradient @ given["out_proj_weight"]
        heads = [each.reshape(*each.shape[:2], given["num_heads"], -1) for each in (slopes, values)]
        return torch.einsum("tnhd,snhd->nhts", *heads)

    return Attention(weights, result, slope)


def _of_product(func: Callable[..., Any], call: Call) -> Attention:
    """The fused softmax(QK)V: given the identity as values, it gives the weights, whatever its mask and scale."""
    query, key, value = (call.argument(i, name) for i, name in enumerate(("query", "key", "value")))
    rest = {name: given for name, given in call.kwargs.items() if name not in ("query", "key", "value")}
    identity = torch.eye(key.shape[-2], dtype=key.dtype, device=key.device).expand(*key.shape[:-1], -1)
    weights = func(query, key, identity, *call.args[3:], **rest)
    return Attention(weights, call.result, lambda gradient: gradient @ value.transpose(-2, -1))


@dataclass(frozen=True)
class OnTokens(Explainer):
    """What methods share that follow a vision transformer's attention from its answer back to the patches.

    by_gradient: whether the score's gradient is asked for.
    """

    reduction: ClassVar[Reduction] = "signed sum"
    by_gradient: ClassVar[bool]

    @property
    def rectified(self) -> bool:
        return True

    def check(self, classifier: Classifier, target: Target) -> None:
        """Refuse, too, networks that pass no tokens, and those whose calls can't be seen."""
        super().check(classifier, target)
        complaint = f"{self.title} can't see the attention inside {classifier.name}"
        refuse_compiled(classifier.network, complaint, "the vanilla gradient")
        if not any(layer.layout.order == "tokens" for layer in classifier.layers()):
            raise self._undefined(classifier)

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        with torch.set_grad_enabled(self.by_gradient), _Attending() as attending:
            scores = passes(pictures.clone().requires_grad_(self.by_gradient), passes.rows())
        layout = self._layout(passes.classifier, [each.weights.shape for each in attending.met], len(pictures))
        flow = self.flow(scores, attending.met)
        read = flow[:, 0] if layout.extra else flow.mean(1)  # by the class token; without one, by their average
        return Attribution(layout.grid(read[:, :, None]))

    def flow(self, scores: Tensor, met: list[Attention]) -> Tensor:
        """(N, T, T) how much of each token (last) has come into each (before it) by the end."""
        raise NotImplementedError

    def _layout(self, classifier: Classifier, shapes: list[torch.Size], count: int) -> Layout:
        """How the tokens hold their grid, where in every call all of a picture's tokens read from all of them."""
        every = {(shape[0], *shape[2:]) for shape in shapes}
        for layer in classifier.layers():
            tokens = layer.layout.extra + layer.height * layer.width
            if layer.layout.order == "tokens" and every == {(count, tokens, tokens)}:
                return layer.layout
        raise self._undefined(classifier)

    def _undefined(self, classifier: Classifier) -> ExplanationError:
        return ExplanationError(
            f"{self.title} needs a vision transformer, in which every patch attends to every other, and "
            f"{classifier.name} isn't one. Grad-CAM works on it."
        )


@dataclass(frozen=True)
class AttentionRollout(OnTokens):
    """Which patches the class token looks at through all layers of attention, whatever the class.

    The heads' attention is averaged, mixed with what passes each layer by on the residual connection, and multiplied
    layer by layer. The values add up to 1 with what is left to tokens that are no patch. It asks no score, so it is the
    same for every class: it shows where the network looks, not what speaks for an answer. A transformer without a class
    token is read as the average of its patches.
    """

    title: ClassVar[str] = "Attention rollout"
    paper: ClassVar[str] = "https://arxiv.org/abs/2005.00928"
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)
    unit: ClassVar[str] = "share of the attention"
    by_gradient: ClassVar[bool] = False

    residual: float = number(
        0.5, 0.0, 0.95, 0.05, hint="Share of a token that passes each layer by; the paper's is one half."
    )

    def flow(self, scores: Tensor, met: list[Attention]) -> Tensor:
        flow = identity = torch.eye(met[0].weights.shape[-1]).to(met[0].weights)
        for each in met:
            flow = (self.residual * identity + (1 - self.residual) * each.weights.mean(1)) @ flow
        return flow


@dataclass(frozen=True)
class AttentionRelevance(OnTokens):
    """Which patches the class's evidence is read from through all layers of attention.

    Each head's attention is weighed by the score's gradient with respect to it; what is positive is averaged over the
    heads and added up along all ways through the layers (Chefer et al. 2021). It tells classes apart, unlike the
    rollout, but shows evidence for the class only, knows nothing of what happens between the layers of attention, and
    its values add up to nothing in particular.
    """

    title: ClassVar[str] = "Attention relevance"
    paper: ClassVar[str] = "https://arxiv.org/abs/2103.15679"
    unit: ClassVar[str] = "attention × its gradient, of the {scale}"
    by_gradient: ClassVar[bool] = True

    @torch.no_grad()
    def flow(self, scores: Tensor, met: list[Attention]) -> Tensor:
        results, ones = [each.result for each in met], torch.ones_like(scores)
        slopes = torch.autograd.grad(scores, results, ones, materialize_grads=True)
        flow = identity = torch.eye(met[0].weights.shape[-1]).to(met[0].weights)
        for each, slope in zip(met, slopes, strict=True):
            flow = flow + (each.weights * each.slope(slope)).relu().mean(1) @ flow
        return flow - identity
