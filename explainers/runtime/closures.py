"""What functions know besides their arguments: the variables around them, their defaults and their attributes."""

from __future__ import annotations

import functools
import types
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch

UNCHANGING_KINDS = frozenset(
    {
        *(type(None), bool, int, float, complex, str, bytes, type, range, torch.Size, types.ModuleType, types.CodeType),
        *(torch.dtype, torch.device, torch.layout, torch.memory_format),
    }
)


def without_contents(function: types.FunctionType) -> types.FunctionType:
    """Return a function of the same code that knows nothing yet; `fill` tells it."""
    cells = None if function.__closure__ is None else tuple(types.CellType() for _ in function.__closure__)
    return types.FunctionType(function.__code__, function.__globals__, function.__name__, closure=cells)


def fill(function: types.FunctionType, original: types.FunctionType, change: Callable[[Any], Any]) -> None:
    """Let a function know what the original knows, each value as `change` makes it. Global variables stay the same."""
    for cell, original_cell in zip(function.__closure__ or (), original.__closure__ or (), strict=True):
        for content in contents(original_cell):
            cell.cell_contents = change(content)
    function.__defaults__, function.__kwdefaults__ = change(original.__defaults__), change(original.__kwdefaults__)
    function.__dict__.update((name, change(value)) for name, value in vars(original).items())
    for name in ("__qualname__", "__module__", "__doc__", "__annotations__"):
        setattr(function, name, getattr(original, name))


def contents(cell: types.CellType) -> tuple[Any, ...]:
    """Return what a cell of a closure holds: one value, or none if its variable has no value yet."""
    try:
        return (cell.cell_contents,)
    except ValueError:
        return ()


def reached_from(value: Any) -> Iterator[Any]:
    """Iterate over a value and what a function can reach through it, each once.

    Objects of other kinds are not looked into: a trainer, say, leads to everything there is.
    """
    seen: set[int] = set()
    pending = [value]
    while pending:
        value = pending.pop()
        if type(value) not in UNCHANGING_KINDS and id(value) not in seen:
            seen.add(id(value))
            yield value
            pending.extend(_ways(value))


def _ways(value: Any) -> Iterable[Any]:
    match value:
        case types.FunctionType():
            cells = (content for cell in value.__closure__ or () for content in contents(cell))
            return (*cells, value.__defaults__, value.__kwdefaults__, vars(value))
        case types.MethodType():
            return (value.__func__, value.__self__)
        case functools.partial():
            return (value.func, value.args, value.keywords)
        case weakref.ReferenceType():
            return (value(),)
        case dict():
            return (*value.keys(), *value.values())
        case list() | tuple() | set() | frozenset():
            return value
    return ()
