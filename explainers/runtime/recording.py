"""Records the function calls of a forward pass.

The record is made by a `TorchFunctionMode`, which belongs to the thread that enters it: no hook is put on a module, and
other threads that run the same network at the same time are not affected. (`torch.fx` patches `nn.Module.__call__` for
the whole process while it traces, so it can't be used beside the passes of other visitors.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_leaves

from explainers.errors import ExplanationError


@dataclass(frozen=True)
class Call:
    """One function call of a forward pass; `name` lacks underscores at its ends, and an aten call's overload."""

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any = None
    in_place: bool = False

    @classmethod
    def of(cls, func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], result: Any = None) -> Call:
        name = getattr(func, "__name__", "").partition(".")[0]
        return cls(name.strip("_"), args, kwargs, result, name.endswith("_"))

    def argument(self, position: int, name: str, default: Any = None) -> Any:
        """Return an argument, whether it was passed by position or by name."""
        return self.args[position] if len(self.args) > position else self.kwargs.get(name, default)


class _Recorder(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[Call] = []

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        self.calls.append(Call.of(func, args, kwargs or {}, result))
        return result


@contextmanager
def recording() -> Iterator[list[Call]]:
    """Record the torch functions that this thread calls inside the block, in order.

    The list keeps their tensors in memory.
    """
    with _Recorder() as recorder:
        yield recorder.calls


def tensors_in(values: Any) -> list[Tensor]:
    """Return the tensors among the arguments or the results of a call, also those in lists and dictionaries."""
    return [leaf for leaf in tree_leaves(values) if isinstance(leaf, Tensor)]


@torch.no_grad()
def record(network: nn.Module, pictures: Tensor) -> list[Call]:
    """Record the calls of one forward pass over pictures (N, C, H, W)."""
    with recording() as calls:
        network(pictures)
    return calls


def refuse_compiled(network: nn.Module, complaint: str, instead: str) -> None:
    """Raise ExplanationError with the complaint, and what to choose instead, for networks that can't be recorded."""
    if compiled(network):
        raise ExplanationError(
            f"{complaint}, because it is compiled or scripted. Load it as an ordinary module, or choose {instead}."
        )


def compiled(network: nn.Module) -> bool:
    """Return whether part of a network runs as TorchScript or compiled code, whose calls no function mode sees."""
    return any(
        isinstance(module, torch.jit.ScriptModule)
        or hasattr(module, "_orig_mod")
        or getattr(module, "_compiled_call_impl", None) is not None
        for module in network.modules()
    )
