"""Finds out how a network must be run so that its answer to a picture depends on that picture alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from explainers.classifiers.agreement import same_logits
from explainers.errors import ExplanationError
from explainers.runtime.cloning import clone
from explainers.runtime.coarse import CoarseNumbers
from explainers.runtime.dispatch import COMPILER
from explainers.runtime.draws import own_draws
from explainers.runtime.recording import Call, compiled


class OrderedNorms(TorchFunctionMode):
    """Puts in order what goes into a BatchNorm, and the gradient that comes back; `irregular` says if any wasn't.

    For a batch of one, torch's backward pass of BatchNorm (and of InstanceNorm, which calls it) in eval mode gives a
    wrong gradient if only one of the two, its input or the gradient that comes back, has the strides of channels first
    or channels last. Tokens that were transposed have others.

    norms: the number of calls.
    """

    def __init__(self) -> None:
        super().__init__()
        self.irregular, self.norms = False, 0

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if Call.of(func, args, {}).name not in ("batch_norm", "instance_norm") or not torch.is_grad_enabled():
            return func(*args, **(kwargs or {}))
        args = (self._ordered(args[0]), *args[1:]) if args else args
        result = func(*args, **(kwargs or {}))
        if result.requires_grad:
            result.register_hook(self._ordered)
            self.norms += 1
        return result

    def _ordered(self, tensor: Tensor | None) -> Tensor | None:
        if tensor is None:  # a gradient that a quantised layer loses
            return None
        shape = torch.empty(tensor.shape, device="meta")
        regular = [shape.stride()]
        if tensor.ndim == 4:
            regular.append(shape.contiguous(memory_format=torch.channels_last).stride())
        if tensor.stride() in regular:
            return tensor
        self.irregular = True
        return tensor.clone(memory_format=torch.contiguous_format)


NOTHING_COMPILED = "torch.compile with fullgraph=True found no compiled frames"  # once torch has given up on the code


@dataclass(frozen=True)
class Traits:
    """How a network must be run.

    random:          it draws random numbers, so all passes use the same draw.
    batch_dependent: its answer to a picture depends on the others in its batch, so pictures pass one at a time.
    remembers:       its answer depends on the passes before it, so its buffers are reset before each.
    irregular:       numbers reach a BatchNorm, or come back to it, in strides that torch misreads, so they are put in
                     order.
    coarse:          some of its operations put out numbers in half precision or less, which a gradient may not pass.
    """

    random: bool = False
    batch_dependent: bool = False
    remembers: bool = False
    irregular: bool = False
    coarse: bool = False

    @property
    def alone(self) -> bool:
        """Whether pictures must pass one at a time: the draws of a random network differ within a batch."""
        return self.batch_dependent or self.random or self.remembers

    @contextmanager
    def observed(self, network: nn.Module, original: nn.Module, device: torch.device) -> Iterator[None]:
        """Run a pass of `network`, a clone of `original`, as it must be run."""
        with ExitStack() as stack:
            if self.random:
                stack.enter_context(own_draws(device))
            if self.irregular:
                stack.enter_context(OrderedNorms())
            if self.remembers:
                for module, known in zip(network.modules(), original.modules(), strict=True):
                    module._buffers |= {
                        name: None if buffer is None else buffer.clone() for name, buffer in known._buffers.items()
                    }
            yield


def find_traits(network: nn.Module, pictures: Tensor, name: str) -> Traits:
    """Find the traits of a network by passes over two pictures (2, C, H, W).

    Raises ExplanationError for networks whose answers can't be repeated.
    """
    device = pictures.device

    @torch.no_grad()
    def logits(batch: Tensor, traits: Traits = Traits(), copy: nn.Module | None = None) -> Tensor:
        copy = clone(network) if copy is None else copy
        with traits.observed(copy, network, device):
            answer: Tensor = copy(batch.clone())  # which it may change
        return answer

    for ordered in (pictures, pictures.flip(0)):
        first, copy = ordered[:1], clone(network)
        with _refused_if_compiling(name), torch.no_grad(), own_draws(device) as draws, CoarseNumbers() as coarse:
            alone = copy(first.clone())
        if isinstance(alone, Tensor) and alone.ndim == 2 and bool(alone.isfinite().all()):
            break
    else:
        return Traits()  # which `Classifier.check` refuses
    random = draws.drawn
    remembers = not same_logits(logits(first, Traits(random=random), copy), alone)
    held = Traits(random=random, remembers=remembers)
    copy = clone(network)
    if not all(same_logits(logits(first, held, copy), alone) for _ in range(2)):
        raise ExplanationError(
            f"{name} answers differently each time, even with the same random numbers, so a map of it couldn't be "
            "repeated. Switch off whatever changes its answers."
        )
    try:
        together = torch.cat([alone, logits(ordered[1:], held)])
        batch_dependent = not held.alone and not same_logits(logits(ordered), together)
    except Exception:  # some networks take one picture only, and raise errors of any kind
        batch_dependent = True
    traits = Traits(random, batch_dependent, remembers, coarse=coarse.found)
    return replace(traits, irregular=_irregular(network, first, traits))


@contextmanager
def _refused_if_compiling(name: str) -> Iterator[None]:
    """Raise ExplanationError where a pass compiles some of its code, which torch can't while operations are watched."""
    try:
        yield
    except RuntimeError as error:
        if type(error).__module__ != f"{COMPILER}.exc" and NOTHING_COMPILED not in str(error):
            raise
        raise ExplanationError(
            f"{name} compiles a part of itself while it runs (as flex_attention does), and torch can't do so where its "
            "operations are watched. Write that part without the compiler, for example with "
            "scaled_dot_product_attention."
        ) from error


def _irregular(network: nn.Module, picture: Tensor, traits: Traits) -> bool:
    if compiled(network):
        return False
    with torch.enable_grad(), OrderedNorms() as gradients:
        try:
            given, copy = picture.clone().requires_grad_(), clone(network)
            with traits.observed(copy, network, picture.device):
                score = copy(given * 1).sum()  # which it may change, unlike a leaf
            if gradients.norms:
                torch.autograd.grad(score, given)
        except RuntimeError:  # there is no gradient; the methods that need one say so
            return False
    found: bool = gradients.irregular
    return found
