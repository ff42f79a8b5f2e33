"""The header of a .safetensors file, checked before anything else of it is read."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import IO, Any, NamedTuple

from explainers.classifiers.own.refusals import megabytes, shown
from explainers.classifiers.own.tensors import ITEM_SIZES, Region, are_counts, check_count, check_name, shape_text
from explainers.errors import ExplanationError

MAX_HEADER = 8 * 10**6  # bytes
DAMAGED = "The .safetensors file is damaged: "


class Entry(NamedTuple):
    """What a header says of a tensor."""

    dtype: str
    shape: tuple[int, ...]
    region: Region


def read_header(file: IO[bytes], size: int) -> dict[str, Entry]:
    """Read the header of a .safetensors file of so many bytes: what it says of each tensor, in the header's order.

    Every place is checked: it lies in the file, has the length that the shape needs, and overlaps with no other.

    Raises ExplanationError.
    """
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > size - 8:
        raise ExplanationError(f"{DAMAGED}its header is longer than the file.")
    if length > MAX_HEADER:
        raise ExplanationError(
            f"The header of the .safetensors file has {megabytes(length)}; up to {megabytes(MAX_HEADER)} are read."
        )
    try:
        header = json.loads(file.read(length), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise ExplanationError(f"{DAMAGED}its header is no valid JSON, or it names a tensor twice.") from error
    if not isinstance(header, dict):
        raise ExplanationError(f"{DAMAGED}its header is no list of tensors.")
    header.pop("__metadata__", None)
    check_count(len(header))
    entries = {name: _entry(name, said, 8 + length, size) for name, said in header.items()}
    regions = sorted(entry.region for entry in entries.values())
    if any(first.start + first.length > second.start for first, second in pairwise(regions) if second.length):
        raise ExplanationError(f"{DAMAGED}two tensors share bytes.")
    return entries


def _entry(name: str, said: Any, start: int, size: int) -> Entry:
    """Check what a header says of a tensor, in a file of `size` bytes whose tensors begin at `start`."""
    check_name(name)
    dtype, *lists = (said.get(key) if isinstance(said, dict) else None for key in ("dtype", "shape", "data_offsets"))
    shape, span = (tuple(part) if isinstance(part, list) else None for part in lists)
    if not isinstance(dtype, str) or not are_counts(shape) or not are_counts(span) or len(span) != 2:
        raise ExplanationError(f"{DAMAGED}its header says nothing usable of {shown(name)}.")
    if span[0] > span[1] or span[1] > size - start:
        raise ExplanationError(f"{DAMAGED}{shown(name)} doesn't lie in the file.")
    length = span[1] - span[0]
    if dtype in ITEM_SIZES and math.prod(shape) * ITEM_SIZES[dtype] != length:
        raise ExplanationError(
            f"{DAMAGED}the shape of {shown(name)}, {shape_text(shape)}, doesn't fit the {length:,} bytes that it has."
        )
    return Entry(dtype, shape, Region(start + span[0], length))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) != len(pairs):
        raise ValueError
    return content
