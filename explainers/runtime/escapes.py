"""Refuses a pass that leaves a copied network: it would miss the copy's hooks, and could change the original."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from torch import nn
from torch.overrides import TorchFunctionMode

from explainers.errors import ExplanationError
from explainers.runtime.recording import Call


class WithinCopy(TorchFunctionMode):
    """Refuses calls of this thread, before they run, that read the original's weights or train a BatchNorm elsewhere.

    A copy knows neither global variables nor what the code of a class refers to. No hook is put on the original, which
    other threads may be running.

    Raises ExplanationError for such a call.
    """

    def __init__(self, original: nn.Module, copied: nn.Module, name: str) -> None:
        super().__init__()
        self._weights = {id(weight): key for key, weight in (*original.named_parameters(), *original.named_buffers())}
        self._copied_buffers = {id(buffer) for buffer in copied.buffers()}
        self._name = name

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        for value in _values((*args, *(kwargs or {}).values())):
            if key := self._weights.get(id(value)):
                raise ExplanationError(
                    f"The forward pass of {self._name} reaches {key!r} of the given network without going through "
                    "self, through a global variable, for example. Maps are computed on a private copy of the network, "
                    "and such a pass reaches outside it. Let it reach all its modules through self."
                )
        call = Call.of(func, args, kwargs or {})
        if call.name == "batch_norm" and call.argument(5, "training") and self._is_elsewhere(call):
            raise ExplanationError(
                f"The forward pass of {self._name} runs a BatchNorm in training mode that isn't registered as one of "
                "its modules, so every picture would change it. Register it (nn.ModuleList holds lists of modules), or "
                "call eval() on it."
            )
        return func(*args, **(kwargs or {}))

    def _is_elsewhere(self, call: Call) -> bool:
        running_mean = call.argument(1, "running_mean")
        return running_mean is not None and id(running_mean) not in self._copied_buffers


def _values(arguments: tuple[Any, ...]) -> Iterator[Any]:
    """Iterate over the arguments of a call, and over the items of those that are lists, such as torch.cat's."""
    for argument in arguments:
        if isinstance(argument, (list, tuple)):
            yield from argument
        else:
            yield argument
