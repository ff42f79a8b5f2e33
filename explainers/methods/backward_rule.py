"""The base class of backward rules, which replace calls of the computing thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks
from torch.overrides import TorchFunctionMode

from explainers.runtime.recording import Call


class BackwardRule(TorchFunctionMode):
    """Replaces calls of this thread while it is entered.

    What the backward pass needs is kept, also inside checkpoints (`torch.utils.checkpoint`): they would run the forward
    pass again in the backward one, where no mode is entered and the rule would be missing.
    """

    def replace(self, call: Call, run: Callable[..., Any]) -> Any:
        """Return the result of a call; `run`, given arguments, runs the function that was called."""
        raise NotImplementedError

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        with saved_tensors_hooks(_keep, _kept):
            return self.replace(Call.of(func, args, kwargs or {}), func)


def _keep(tensor: Tensor) -> tuple[Tensor, int]:
    return tensor.detach(), tensor._version  # an output that kept itself would never be freed


def _kept(saved: tuple[Tensor, int]) -> Tensor:
    tensor, version = saved
    if tensor._version != version:
        raise RuntimeError("a tensor that the backward pass needs was modified by an inplace operation")
    return tensor
