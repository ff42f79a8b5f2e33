"""Columns of a run's rows as arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from explainers.arrays import Array

UNKNOWN = -1  # stands for the index of a class that isn't known


def whole(column: pa.ChunkedArray) -> Array:
    """Return a column of whole numbers, with UNKNOWN where there is none."""
    return np.asarray(column.fill_null(UNKNOWN).to_numpy()).astype(np.int64)


def vectors(column: pa.ChunkedArray, length: int, kind: type, missing: float = np.nan) -> Array:
    """Return a column of lists of the same length as an array (n, length), with `missing` where there is none."""
    found: Array = np.full((len(column), length), missing, kind)
    flat = column.drop_null().combine_chunks().flatten()
    found[column.is_valid().to_numpy()] = np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(-1, length)
    return found


def class_names(table: pa.Table) -> Mapping[int, str]:
    """Return the names of the classes that the rows show, or that their pictures are taken for, by their index."""
    names: dict[int, str] = {}
    for kind in ("label", "prediction"):
        pairs = zip(table[f"{kind}_index"].to_pylist(), table[kind].to_pylist(), strict=True)
        names |= {index: name for index, name in pairs if index is not None and name is not None}
    return names
