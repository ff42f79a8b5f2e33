"""Tensors as files describe them, checked before any memory is taken for them, and written as plain .safetensors.

Nothing here imports torch. What a file says of its tensors is a stranger's text until `place` has checked it.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from explainers.classifiers.own.formats import shown
from explainers.errors import ExplanationError

ITEM_SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
NOT_FINITE = {  # data type: what it is read as, and the bits that are all set in NaN and infinity
    "F64": ("<u8", 0x7FF0000000000000),
    "F32": ("<u4", 0x7F800000),
    "F16": ("<u2", 0x7C00),
    "BF16": ("<u2", 0x7F80),
}
MAX_TENSORS = 10_000
MAX_AXES = 16
MAX_NAME = 300
MAX_HEADER = 16 * 10**6  # bytes, of the header of a .safetensors file
CHUNK = 4 * 2**20  # bytes that are copied at once
ALIGNMENT = 64


class Storage(NamedTuple):
    """A run of numbers in a file.

    key:   where it is: the file, and its name in there.
    dtype: as in .safetensors; "" if each tensor says it, and then `count` is of bytes.
    """

    key: tuple[Path, str]
    dtype: str
    count: int


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
    if not tensors:
        raise ExplanationError("The file holds no tensors. Save network.state_dict().")
    if len(tensors) > MAX_TENSORS:
        raise ExplanationError(f"The file holds {len(tensors):,} tensors; up to {MAX_TENSORS:,} are read.")
    total, pieces = 0, {}
    for name, tensor in tensors.items():
        check_name(name)
        pieces[name] = piece = _place(shown(name), tensor, regions)
        total += piece.size
    if total > max_bytes:  # an expanded or shared tensor takes more than it has in its file
        raise ExplanationError(
            f"The file's tensors take {_megabytes(total)} MB when each is stored for itself; "
            f"up to {_megabytes(max_bytes)} MB are read."
        )
    return pieces


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
    if not (_counts(shape) and _counts(strides) and _counts((offset, storage.count))):
        raise ExplanationError(f"The tensor {name} is damaged: its shape, its strides or its place are no numbers.")
    if len(shape) > MAX_AXES or len(strides) != len(shape):
        raise ExplanationError(
            f"The tensor {name} is damaged: it has {len(shape):,} axes and {len(strides):,} strides."
        )
    last = offset + sum((length - 1) * stride for length, stride in zip(shape, strides, strict=True))
    count = math.prod(shape)
    if region is None or (count and (last + 1) * size > region.length):
        raise ExplanationError(
            f"The tensor {name} is damaged: its shape, {_shape(shape)}, promises numbers that the file doesn't have."
        )
    return Piece(storage.key[0], region.start + offset * size, dtype, shape, strides, count * size)


def _counts(values: object) -> bool:
    """Whether this is a tuple of integers that aren't negative. (A bool isn't one.)"""
    return isinstance(values, tuple) and all(type(value) is int and 0 <= value < 2**63 for value in values)


def _contiguous(shape: Sequence[int], strides: Sequence[int]) -> bool:
    expected = 1
    for length, stride in zip(reversed(shape), reversed(strides), strict=True):
        if length != 1 and stride != expected:
            return False
        expected *= length
    return True


def _shape(shape: Sequence[int]) -> str:
    return shown(" × ".join(map(str, shape)) or "a single number")


def _megabytes(count: int) -> str:
    return f"{math.ceil(count / 10**6):,}" if count < 10**21 else "more than 10^15"


# --------------------------------------------------------------------------------------------------- .safetensors


def read_header(file: IO[bytes], size: int) -> tuple[dict[str, tuple[str, tuple[int, ...], Region]], dict[str, Any]]:
    """Read the header of a .safetensors file of so many bytes: data type, shape and place of each tensor; metadata.

    Every place is checked: it lies in the file, has the length that the shape needs, and overlaps with no other.

    Raises ExplanationError.
    """
    damaged = "The .safetensors file is damaged: "
    file.seek(0)
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > size - 8:
        raise ExplanationError(damaged + "its header is longer than the file.")
    if length > MAX_HEADER:
        raise ExplanationError(
            f"The header of the .safetensors file has {_megabytes(length)} MB; up to {_megabytes(MAX_HEADER)} MB are read."
        )
    try:
        header = json.loads(file.read(length), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise ExplanationError(damaged + "its header is no valid JSON, or it names a tensor twice.") from error
    if not isinstance(header, dict):
        raise ExplanationError(damaged + "its header is no list of tensors.")
    metadata = header.pop("__metadata__", {})
    tensors, spans = {}, []
    for name, entry in header.items():
        check_name(name)
        dtype, shape, span = (
            (entry.get(key) for key in ("dtype", "shape", "data_offsets"))
            if isinstance(entry, dict)
            else (None, None, None)
        )
        shape, span = (tuple(part) if isinstance(part, list) else None for part in (shape, span))
        if not isinstance(dtype, str) or not _counts(shape) or not _counts(span) or span is None or shape is None:
            raise ExplanationError(damaged + f"its header says nothing usable of {shown(name)}.")
        if len(span) != 2 or span[0] > span[1] or span[1] > size - 8 - length:
            raise ExplanationError(damaged + f"{shown(name)} doesn't lie in the file.")
        if dtype in ITEM_SIZES and math.prod(shape) * ITEM_SIZES[dtype] != span[1] - span[0]:
            raise ExplanationError(
                damaged + f"the shape of {shown(name)}, {_shape(shape)}, doesn't fit the {span[1] - span[0]:,} bytes "
                "that it has."
            )
        tensors[name] = dtype, shape, Region(8 + length + span[0], span[1] - span[0])
        spans.append(span)
    spans.sort()
    if any(first[1] > second[0] for first, second in zip(spans, spans[1:], strict=False)):
        raise ExplanationError(damaged + "two tensors share bytes.")
    return tensors, metadata if isinstance(metadata, dict) else {}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError
    return content


def strides_of(shape: Sequence[int]) -> tuple[int, ...]:
    """Return the strides of a contiguous tensor, in items."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def write(pieces: Mapping[str, Piece], path: Path) -> list[str]:
    """Write tensors, each contiguous and aligned, to a .safetensors file; return the names of those not all finite.

    Memory does not grow with the tensors.
    """
    ordered = sorted(pieces, key=lambda name: -ITEM_SIZES[pieces[name].dtype])  # so that all are aligned
    header, end, not_finite = {"__metadata__": {"format": "pt"}}, 0, []
    for name in ordered:
        piece = pieces[name]
        header[name] = {"dtype": piece.dtype, "shape": piece.shape, "data_offsets": (end, end + piece.size)}
        end += piece.size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-(len(text) + 8) % ALIGNMENT)
    with open(path, "xb", buffering=0) as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in ordered:
            bits = NOT_FINITE.get(pieces[name].dtype)
            finite = True
            for chunk in _chunks(pieces[name]):
                rest = memoryview(chunk)
                while rest:
                    rest = rest[file.write(rest) :]
                if bits and finite:
                    values = np.frombuffer(chunk, bits[0])
                    finite = not bool(((values & bits[1]) == bits[1]).any())
            if not finite:
                not_finite.append(name)
    return not_finite


def _chunks(piece: Piece) -> Iterator[bytes]:
    """Yield the bytes of a tensor's items in order."""
    if piece.contiguous:
        descriptor = os.open(piece.path, os.O_RDONLY)
        try:
            at, end = piece.start, piece.start + piece.size
            while at < end:
                chunk = os.pread(descriptor, min(CHUNK, end - at), at)
                if not chunk:
                    raise ExplanationError("The file became shorter while it was read. Please give it again.")
                yield chunk
                at += len(chunk)
        finally:
            os.close(descriptor)
        return
    item = ITEM_SIZES[piece.dtype]
    span = 1 + sum((length - 1) * stride for length, stride in zip(piece.shape, piece.strides, strict=True))
    items = np.memmap(piece.path, f"<u{item}", "r", piece.start, (span,))
    view = np.lib.stride_tricks.as_strided(items, piece.shape, [stride * item for stride in piece.strides])
    yield from _gathered(view)


def _gathered(view: Any) -> Iterator[bytes]:
    """Yield the items of an array in order, some at a time."""
    if view.nbytes <= CHUNK or view.ndim == 0:
        yield np.ascontiguousarray(view).tobytes()
        return
    rows = CHUNK // (view.nbytes // len(view))
    if rows == 0:
        for part in view:
            yield from _gathered(part)
    for top in range(0, len(view), rows) if rows else ():
        yield np.ascontiguousarray(view[top : top + rows]).tobytes()
