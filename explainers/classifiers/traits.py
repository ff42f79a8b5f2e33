"""Finds out how a network must be run so that its answer to a picture depends on that picture alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explainers.classifiers.agreement import same_logits
from explainers.errors import ExplanationError
from explainers.runtime.cloning import clone
from explainers.runtime.recording import Call, compiled

DRAW_SEED = 0  # of the one draw of a random network that is explained


class _NormGradients(TorchFunctionMode):
    """Makes the gradients contiguous that come back to a BatchNorm; `irregular` says whether any wasn't.

    For a batch of one, torch's backward pass of BatchNorm in eval mode misreads gradients whose strides are neither
    those of channels first nor those of channels last, such as those of tokens that were transposed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.irregular = False

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        if Call.of(func, args, {}).name == "batch_norm" and result.requires_grad:
            result.register_hook(self._regular)
        return result

    def _regular(self, gradient: Tensor) -> Tensor:
        shape = torch.empty(gradient.shape, device="meta")
        regular = [shape.stride()]
        if gradient.ndim == 4:
            regular.append(shape.contiguous(memory_format=torch.channels_last).stride())
        if gradient.stride() in regular:
            return gradient
        self.irregular = True
        return gradient.clone(memory_format=torch.contiguous_format)


@dataclass(frozen=True)
class Traits:
    """How a network must be run.

    random:          its answers differ from pass to pass, so all passes use one draw of its random numbers.
    batch_dependent: its answer to a picture depends on the pictures beside it, so pictures pass one by one.
    irregular:       gradients come back to a BatchNorm in strides that torch misreads, so they are put in order.
    """

    random: bool = False
    batch_dependent: bool = False
    irregular: bool = False

    @property
    def alone(self) -> bool:
        """Whether pictures must pass one by one: the draws of a random network differ within a batch."""
        return self.batch_dependent or self.random

    @contextmanager
    def observed(self, device: torch.device) -> Iterator[None]:
        """Run passes, and their way back, as the network must be run."""
        with ExitStack() as stack:
            if self.random:
                stack.enter_context(torch.random.fork_rng([device] if device.type == "cuda" else []))
                torch.manual_seed(DRAW_SEED)
            if self.irregular:
                stack.enter_context(_NormGradients())
            yield


def find_traits(network: nn.Module, pictures: Tensor, name: str) -> Traits:
    """Find the traits of a network by passes over two pictures (2, C, H, W).

    Raises ExplanationError for networks whose answers can't be repeated.
    """
    first, second = pictures[:1], pictures[1:]

    def logits(batch: Tensor) -> Tensor:
        with torch.no_grad():
            answer: Tensor = clone(network)(batch)
        return answer

    with torch.random.fork_rng([pictures.device] if pictures.is_cuda else []):
        alone = logits(first)
        if not (isinstance(alone, Tensor) and alone.ndim == 2 and bool(alone.isfinite().all())):
            return Traits()  # which `Classifier.check` refuses
        again = logits(first)
        random = not torch.equal(alone, again) and not same_logits(again, alone)
    if random:
        with Traits(random=True).observed(pictures.device):
            alone = logits(first)
        with Traits(random=True).observed(pictures.device):
            if not same_logits(logits(first), alone):
                raise ExplanationError(
                    f"{name} answers differently each time, even with the same random numbers, so a map of it would be "
                    "true of one moment only. Switch off what makes it random."
                )
        return Traits(random=True, irregular=_irregular(network, first))
    try:
        together = logits(pictures)
        batch_dependent = not same_logits(together, torch.cat([alone, logits(second)]))
    except RuntimeError:  # some networks take one picture only
        batch_dependent = True
    return Traits(batch_dependent=batch_dependent, irregular=_irregular(network, first))


def _irregular(network: nn.Module, picture: Tensor) -> bool:
    if compiled(network) or not any(isinstance(m, nn.modules.batchnorm._BatchNorm) for m in network.modules()):
        return False
    with torch.enable_grad(), _NormGradients() as gradients:
        try:
            given = picture.clone().requires_grad_()
            torch.autograd.grad(clone(network)(given).sum(), given)
        except RuntimeError:  # there is no gradient, which the methods that want one say
            return False
    found: bool = gradients.irregular
    return found
