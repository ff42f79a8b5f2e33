"""Maps of a transformer's attention: how much its answer reads from which patch.

Attention is recorded from the calls of one thread: of `nn.MultiheadAttention`, of `scaled_dot_product_attention`, or of
a softmax where attention is written out. The calls are not replaced, so fused kernels return the same numbers, and the
attention weights are computed beside them. (While the mode is entered, `nn.MultiheadAttention` leaves its fast path,
whose calls no mode sees.)
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from explainers.classifiers import Classifier
from explainers.classifiers.layouts import Layout
from explainers.declarations import Family
from explainers.errors import ExplanationError
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction, Scale, Target, Unit
from explainers.passes import Passes
from explainers.runtime.recording import Call, refuse_compiled
from explainers.settings import number


@dataclass(frozen=True, eq=False)
class Attention:
    """One call of attention, in which T tokens read from S tokens.

    weights: (N, heads, T, S), the softmax: the share of each of the S tokens in what each of the T tokens reads.
    result:  the result of the call.
    to_weights_gradient: converts the gradient with respect to `result` to that with respect to `weights`, which are not
             part of the graph.
    """

    weights: Tensor
    result: Tensor
    to_weights_gradient: Callable[[Tensor], Tensor]


class _AttentionRecorder(TorchFunctionMode):
    """Records the calls of attention in this thread, in order, while it is entered."""

    def __init__(self) -> None:
        super().__init__()
        self.attentions: list[Attention] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        with torch.no_grad():
            match Call.of(func, args, kwargs or {}, result):
                case Call("multi_head_attention_forward"):
                    self.attentions.append(_from_multi_head(func, args, kwargs or {}, result[0]))
                case Call("scaled_dot_product_attention") as call:
                    self.attentions.append(_from_fused(func, call))
                case Call("softmax") if result.ndim == 4:
                    self.attentions.append(Attention(result.detach(), result, lambda gradient: gradient))
        return result


def _from_multi_head(
    func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], result: Tensor
) -> Attention:
    """Read the attention of the function of `nn.MultiheadAttention`.

    Its `result` (T, N, K) is made of all heads together by a linear layer.
    """
    bound = inspect.signature(func).bind(*args, **kwargs)
    bound.apply_defaults()
    arguments = bound.arguments
    _, weights = func(**arguments | {"need_weights": True, "average_attn_weights": False})

    def weights_gradient(gradient: Tensor) -> Tensor:
        weight = (
            arguments["v_proj_weight"]
            if arguments["use_separate_proj_weight"]
            else arguments["in_proj_weight"].chunk(3)[2]
        )
        bias = None if arguments["in_proj_bias"] is None else arguments["in_proj_bias"].chunk(3)[2]
        values, head_gradients = F.linear(arguments["value"], weight, bias), gradient @ arguments["out_proj_weight"]
        heads = [tensor.reshape(*tensor.shape[:2], arguments["num_heads"], -1) for tensor in (head_gradients, values)]
        return torch.einsum("tnhd,snhd->nhts", *heads)

    return Attention(weights, result, weights_gradient)


def _from_fused(func: Callable[..., Any], call: Call) -> Attention:
    """Read the attention of the fused softmax(QK)V: with the identity as values, it returns the weights.

    So the weights are right whatever the mask and the scale are.
    """
    query, key, value = (call.argument(i, name) for i, name in enumerate(("query", "key", "value")))
    other_arguments = {
        name: argument for name, argument in call.kwargs.items() if name not in ("query", "key", "value")
    }
    identity = torch.eye(key.shape[-2], dtype=key.dtype, device=key.device).expand(*key.shape[:-1], -1)
    weights = func(query, key, identity, *call.args[3:], **other_arguments)
    return Attention(weights, call.result, lambda gradient: gradient @ value.transpose(-2, -1))


def _read_tokens(gradients: Tensor) -> Tensor:
    """Return the share (N, T) of each token among those that the score is read from: equal for all of them.

    gradients: (N, heads, T, S), of the score with respect to the weights of the last attention. What isn't read after
               it has none: with a class token, wherever it stands, all others. Without any gradient all tokens count.
    """
    read = gradients.ne(0).any(3).any(1)
    read = (read | ~read.any(1, keepdim=True)).to(gradients)
    return read / read.sum(1, keepdim=True)


@dataclass(frozen=True)
class OnTokens(Explainer):
    """The base class of methods that follow a vision transformer's attention from its answer back to the patches.

    The answer is read from the class token or, without one, from the tokens on average; the gradient tells which.

    uses_gradient: whether the method needs the gradient with respect to every layer's attention.
    """

    family: ClassVar[Family] = "attention"
    lies_on: ClassVar[Literal["picture", "layer"]] = "layer"
    needs_attention: ClassVar[bool] = True
    reduction: ClassVar[Reduction] = "signed sum"
    uses_gradient: ClassVar[bool]

    @property
    def rectified(self) -> bool:
        return True

    def check(self, classifier: Classifier, target: Target) -> None:
        """Also raise ExplanationError for networks without tokens, and for those whose calls can't be recorded."""
        super().check(classifier, target)
        complaint = f"{self.title} can't see the attention inside {classifier.name}"
        refuse_compiled(classifier.network, complaint, "the vanilla gradient")
        if not any(layer.layout.order == "tokens" for layer in classifier.layers()):
            raise self._undefined(classifier)

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        with torch.enable_grad(), _AttentionRecorder() as recorder:
            scores = passes(pictures.clone().requires_grad_(), passes.rows())
        attentions = recorder.attentions
        layout = self._layout(passes.classifier, [attention.weights.shape for attention in attentions], len(pictures))
        followed = attentions if self.uses_gradient else attentions[-1:]  # the last tells which tokens are read
        if not all(attention.result.requires_grad for attention in followed):
            raise ExplanationError(
                f"{self.title} can't tell which tokens {passes.classifier.name} answers from, because no gradient "
                "passes through its attention. Attention can be followed only where one does."
            )
        results = [attention.result for attention in followed]
        with torch.no_grad():
            gradients = [
                attention.to_weights_gradient(gradient)
                for attention, gradient in zip(
                    followed,
                    torch.autograd.grad(scores, results, torch.ones_like(scores), materialize_grads=True),
                    strict=True,
                )
            ]
            flow = self.flow(attentions, gradients)
            read = _read_tokens(gradients[-1])[:, None] @ flow
        return Attribution(layout.grid(read.transpose(1, 2)))

    def flow(self, attentions: list[Attention], gradients: list[Tensor]) -> Tensor:
        """Return (N, T, T), how much of the last dimension's tokens is in each of the other's after all layers.

        attentions: the calls of attention, in order.
        gradients:  of the score with respect to the weights of each or, unless `uses_gradient`, of the last.
        """
        raise NotImplementedError

    def _layout(self, classifier: Classifier, shapes: list[torch.Size], count: int) -> Layout:
        """Return how the tokens hold their grid.

        shapes: the shapes of the attention weights of all calls.

        Raises ExplanationError unless in every call all tokens of a picture read from all of them.
        """
        sizes = {(shape[0], *shape[2:]) for shape in shapes}
        for layer in classifier.layers():
            tokens = layer.layout.before + layer.height * layer.width + layer.layout.after
            if layer.layout.order == "tokens" and sizes == {(count, tokens, tokens)}:
                return layer.layout
        raise self._undefined(classifier)

    def _undefined(self, classifier: Classifier) -> ExplanationError:
        return ExplanationError(
            f"{self.title} needs a vision transformer, in which every patch attends to every other, and "
            f"{classifier.name} isn't one. Grad-CAM works on it."
        )


@dataclass(frozen=True)
class AttentionRollout(OnTokens):
    """Which patches the class token looks at, through all attention layers, whatever the class.

    Attention is averaged over the heads, mixed with what the residual connection carries past each layer, and
    multiplied layer by layer. The values add up to 1, together with what goes to tokens that aren't patches. No score
    is involved, so the map is the same for every class: it shows where the network looks, not what speaks for an
    answer. A transformer without a class token is read as the average of its patches.
    """

    title: ClassVar[str] = "Attention rollout"
    paper: ClassVar[str] = "https://arxiv.org/abs/2005.00928"
    formula: ClassVar[str] = (
        r"R_l = \big(r I + (1 - r)\, \mathrm{mean}_{\text{heads}} A_l\big) R_{l-1},"
        r" \quad R_0 = I, \; A_l: \text{attention of layer } l, \; r: \text{share that skips it}"
    )
    asks_score: ClassVar[bool] = False
    ours: ClassVar[str] = (
        "Captum has none. Attention is read in the calls of one pass (`nn.MultiheadAttention`, the fused function, or "
        "a softmax written out), its weights worked out beside it, so no number changes; the share of the residual "
        "connection is a knob. Networks in which not every patch attends to every other (convolutions, Swin's windows)"
        " are refused"
    )
    scales: ClassVar[tuple[Scale, ...]] = ("logit",)
    unit: ClassVar[Unit] = Unit("share of attention", "probability", "share of the attention")
    uses_gradient: ClassVar[bool] = False

    residual: float = number(
        0.5,
        0.0,
        0.95,
        0.05,
        label="Share that skips attention",
        hint="How much of each patch passes a layer by on the residual connection. The paper takes one half.",
    )

    def flow(self, attentions: list[Attention], gradients: list[Tensor]) -> Tensor:
        flow = identity = torch.eye(attentions[0].weights.shape[-1]).to(attentions[0].weights)
        for attention in attentions:
            flow = (self.residual * identity + (1 - self.residual) * attention.weights.mean(1)) @ flow
        return flow


@dataclass(frozen=True)
class AttentionRelevance(OnTokens):
    """Which patches the evidence for the class comes from, through all attention layers.

    Each head's attention is weighted by the gradient of the score with respect to it; the positive part is averaged
    over the heads and accumulated along all routes through the layers (Chefer et al. 2021). Unlike the rollout, it
    tells classes apart. But it shows only evidence for the class, ignores what happens between the attention layers,
    and its values don't add up to anything in particular.
    """

    title: ClassVar[str] = "Attention relevance"
    paper: ClassVar[str] = "https://arxiv.org/abs/2103.15679"
    formula: ClassVar[str] = (
        r"R_l = R_{l-1} + \mathrm{mean}_{\text{heads}} \mathrm{ReLU}\Big(A_l \odot \frac{\partial S}{\partial"
        r" A_l}\Big) R_{l-1}, \quad R_0 = I, \; A_l: \text{attention of layer } l"
    )
    ours: ClassVar[str] = (
        "Captum has none. Chefer et al.'s generic relevance, read in the same way: the gradient with respect to "
        "attention follows from the one with respect to what the heads gave"
    )
    unit: ClassVar[Unit] = Unit("attention times gradient", "attribution", "attention × its gradient, of the {scale}")
    uses_gradient: ClassVar[bool] = True

    def flow(self, attentions: list[Attention], gradients: list[Tensor]) -> Tensor:
        flow = identity = torch.eye(attentions[0].weights.shape[-1]).to(attentions[0].weights)
        for attention, gradient in zip(attentions, gradients, strict=True):
            flow = flow + (attention.weights * gradient).relu().mean(1) @ flow
        return flow - identity
