"""Records which memory every operation of a forward pass reads, whatever code calls the operation.

The record is made where torch dispatches operations: it also sees scripted functions, functions with a backward pass of
their own, and operations that return no tensor. Views share their memory with the tensor they show, so reading a view
counts as reading the tensor.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from explainers.runtime.dispatch import DispatchMode
from explainers.runtime.recording import tensors_in

# Operations whose result tells Python a value, or has a shape that depends on values.
VALUE_OPERATIONS = frozenset(
    {
        "_local_scalar_dense",
        "bincount",
        "equal",
        "is_nonzero",
        "masked_select",
        "nonzero",
        "repeat_interleave",
        "unique_consecutive",
        "unique_dim",
        "unique_dim_consecutive",
        "_unique",
        "_unique2",
    }
)
# Calls that hand memory to Python without an operation.
VALUE_CALLS = frozenset(
    {"tolist", "numpy", "__array__", "__dlpack__", "data_ptr", "storage", "untyped_storage", "_typed_storage"}
)


def memory(tensor: Tensor) -> int:
    """Return a number that is equal for tensors which share memory, as long as one of them is kept."""
    try:
        return int(tensor.untyped_storage()._cdata)
    except (NotImplementedError, RuntimeError):  # sparse and other tensors without a storage
        return id(tensor)


@dataclass
class MemoryReads:
    """The operations of a pass, in order.

    read:    for each operation, the memory of the tensors that it was given.
    written: and of those that it may have changed.
    decides: whether values that depend on the picture reached Python, which may then have chosen what runs next.
    """

    read: list[frozenset[int]]
    written: list[frozenset[int]]
    decides: bool
    kept: list[Any]

    def readers(self, tensor: Tensor, start: int = 0) -> int:
        """Return the number of operations, from number `start` on, that were given the tensor's memory."""
        return sum(memory(tensor) in read for read in self.read[start:])

    def writers(self, tensor: Tensor, start: int = 0) -> int:
        """Return the number of operations, from number `start` on, that may have changed the tensor's memory."""
        return sum(memory(tensor) in written for written in self.written[start:])


class _Operations(DispatchMode):
    supports_higher_order_operators = True

    def __init__(self, reads: MemoryReads, tainted: set[int]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.reads, self.tainted = reads, tainted

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        result = func(*args, **(kwargs or {}))
        given = tensors_in((args, kwargs))
        read = frozenset(map(memory, given))
        results = tensors_in(result)
        self.reads.kept += [*given, *results]  # so that no memory is used twice
        self.reads.read.append(read)
        self.reads.written.append(frozenset(map(memory, tensors_in(_changed(func, args, kwargs or {})))))
        if not self.tainted.isdisjoint(read):
            self.tainted.update(map(memory, results), *([read] if self.reads.written[-1] else []))
            self.reads.decides |= func.name().partition(".")[0].removeprefix("aten::") in VALUE_OPERATIONS
            self.reads.decides |= _masks(func, args)
        return result


def _changed(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the arguments that an operation may change: all of one that doesn't say which."""
    schema = getattr(func, "_schema", None)  # operators of higher order have none
    if schema is None:
        return args, kwargs
    arguments = schema.arguments
    changes = {each.name for each in arguments if each.alias_info is not None and each.alias_info.is_write}
    given = dict(zip((each.name for each in arguments), args, strict=False)) | kwargs
    return [value for name, value in given.items() if name in changes]


def _masks(func: Any, args: tuple[Any, ...]) -> bool:
    """Return whether an operation picks numbers by a mask, so that its shape depends on values."""
    masks = (leaf.dtype in (torch.bool, torch.uint8) for leaf in tensors_in(args[1:]))
    return func is torch.ops.aten.index.Tensor and any(masks)


class _Calls(TorchFunctionMode):
    def __init__(self, reads: MemoryReads, tainted: set[int]) -> None:
        super().__init__()
        self.reads, self.tainted = reads, tainted

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__name__", "") in VALUE_CALLS and memory(args[0]) in self.tainted:
            self.reads.decides = True
        return func(*args, **(kwargs or {}))


@contextmanager
def recording_reads(pictures: Tensor) -> Iterator[MemoryReads]:
    """Record the operations that this thread runs inside the block, on pictures that pass through a network there."""
    reads, tainted = MemoryReads([], [], False, []), {memory(pictures)}
    with _Calls(reads, tainted), _Operations(reads, tainted):
        yield reads
