"""Writes tensors from where they lie in a file to a plain .safetensors file, some megabytes at a time."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from explainers.classifiers.own.tensors import CHUNK, ITEM_SIZES, Piece
from explainers.errors import ExplanationError

NOT_FINITE = {  # data type: what it is read as, and the bits that are all set in NaN and infinity
    "F64": ("<u8", 0x7FF0000000000000),
    "F32": ("<u4", 0x7F800000),
    "F16": ("<u2", 0x7C00),
    "BF16": ("<u2", 0x7F80),
}
ALIGNMENT = 64


def write(pieces: Mapping[str, Piece], path: Path) -> list[str]:
    """Write tensors, each contiguous and aligned, to a .safetensors file; return the names of those not all finite.

    Memory does not grow with the tensors.
    """
    ordered = sorted(pieces, key=lambda name: -ITEM_SIZES[pieces[name].dtype])  # so that all are aligned
    header: dict[str, dict[str, Any]] = {"__metadata__": {"format": "pt"}}
    end, not_finite = 0, []
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
