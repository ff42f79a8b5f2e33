"""Tensors as files describe them, checked before any memory is taken for them.

Nothing here imports torch. What a file says of its tensors is a stranger's text until `place` has checked it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeGuard

from explainers.classifiers.own.refusals import megabytes, shown
from explainers.errors import ExplanationError

ITEM_SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
MAX_TENSORS = 10_000
MAX_AXES = 16
MAX_NAME = 300
CHUNK = 4 * 2**20  # bytes that are copied at once


class Storage(NamedTuple):
    """A run of numbers in a file.

    key:   where it is: the file, and its name in there.
    dtype: as in .safetensors; "" if each tensor says it.
    """

    key: tuple[Path, str]
    dtype: str


class Tensor(NamedTuple):
    """A tensor as a file describes it. Nothing in it has been checked: its fields may be of any type.

    offset, strides: counted in items, as in torch.
    """

    storage: Storage
    dtype: str
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class Unreadable(NamedTuple):
    """A tensor of a kind that isn't read, such as "sparse"."""

    kind: str
    shape: tuple[int, ...]
    dtype: str = ""


class Region(NamedTuple):
    """The bytes of a storage in a file."""

    start: int
    length: int


class Piece(NamedTuple):
    """A tensor that was checked: all its items lie in its file, and take `size` bytes one by one.

    start: of its first item in the file.
    """

    path: Path
    start: int
    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    size: int

    @property
    def contiguous(self) -> bool:
        """Whether its items lie one after another, in order."""
        return self.size == 0 or _contiguous(self.shape, self.strides)


def place(tensors: Mapping[str, Any], regions: Mapping[tuple[Path, str], Region], max_bytes: int) -> dict[str, Piece]:
    """Find the bytes of tensors, by their names.

    Raises ExplanationError for what isn't a plain tensor whose items are in its file, and for too many or too large.
    """
    check_count(len(tensors))
    total, pieces = 0, {}
    for name, tensor in tensors.items():
        check_name(name)
        pieces[name] = piece = _place(shown(name), tensor, regions)
        total += piece.size
    if total > max_bytes:  # an expanded or shared tensor takes more than it has in its file
        raise ExplanationError(
            f"The file's tensors take {megabytes(total)} when each is stored for itself; "
            f"up to {megabytes(max_bytes)} are read."
        )
    return pieces


def check_count(count: int) -> None:
    """Check how many tensors there are.

    Raises ExplanationError for none, and for too many.
    """
    if not count:
        raise ExplanationError("The file holds no tensors. Save network.state_dict().")
    if count > MAX_TENSORS:
        raise ExplanationError(
            f"The file holds {count:,} tensors; up to {MAX_TENSORS:,} are read. Save the state_dict alone."
        )


def check_name(name: object) -> None:
    """Check the name of a tensor.

    Raises ExplanationError for one that isn't a short text of characters that can be seen.
    """
    if not isinstance(name, str) or not name or len(name) > MAX_NAME or not name.isprintable():
        raise ExplanationError(
            f"The file calls a tensor {shown(name)}. A name must be a text of up to {MAX_NAME} characters that can all "
            "be printed. Save network.state_dict()."
        )


def _place(name: str, tensor: Any, regions: Mapping[tuple[Path, str], Region]) -> Piece:
    if isinstance(tensor, Unreadable):
        raise ExplanationError(f"The tensor {name} is {tensor.kind}. Save the state_dict of the network in float32.")
    if not isinstance(tensor, Tensor):
        raise ExplanationError(f"{name} is no tensor. Save network.state_dict(), and nothing else.")
    storage, dtype, offset, shape, strides = tensor
    if dtype not in ITEM_SIZES:
        raise ExplanationError(
            f"The tensor {name} has the data type {shown(dtype)}, which isn't read. "
            "Save the state_dict of the network in float32."
        )
    size, region = ITEM_SIZES[dtype], regions.get(storage.key)
    if not (are_counts(shape) and are_counts(strides) and are_counts((offset,))):
        raise ExplanationError(f"The tensor {name} is damaged: its shape, its strides or its place are no numbers.")
    if len(shape) > MAX_AXES or len(strides) != len(shape):
        raise ExplanationError(
            f"The tensor {name} is damaged: it has {len(shape):,} axes and {len(strides):,} strides."
        )
    last = offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))
    count = math.prod(shape)
    if region is None or (count and (last + 1) * size > region.length):
        raise ExplanationError(
            f"The tensor {name} is damaged: its shape, {shape_text(shape)}, promises numbers that aren't in the file."
        )
    return Piece(storage.key[0], region.start + offset * size, dtype, shape, strides, count * size)


def are_counts(values: object) -> TypeGuard[tuple[int, ...]]:
    """Return whether this is a tuple of integers that aren't negative. (A bool isn't one.)"""
    return isinstance(values, tuple) and all(type(value) is int and 0 <= value < 2**63 for value in values)


def _contiguous(shape: Sequence[int], strides: Sequence[int]) -> bool:
    expected = 1
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape for a sentence."""
    return shown(" × ".join(map(str, shape)) or "a single number")


def strides_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the strides of a contiguous tensor, in items."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))
