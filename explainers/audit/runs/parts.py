"""The Parquet files of a run: as bytes, and read back with checks of what is in them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from explainers.audit.runs.rows import SCHEMA
from explainers.errors import ExplanationError

DIGEST = b"sha256"  # what the hash of a table's values is called in the file's own metadata


class DamagedPartError(ExplanationError):
    """A file of a run is damaged."""


def as_bytes(table: pa.Table) -> bytes:
    """Return a table as a Parquet file, with a checksum of every page and a hash of all values."""
    sink = pa.BufferOutputStream()
    hashed = table.replace_schema_metadata({DIGEST: _digest(table)})
    parquet.write_table(hashed, sink, compression="zstd", write_page_checksum=True)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def read(path: Path, schema: pa.Schema = SCHEMA, columns: Sequence[str] | None = None) -> pa.Table:
    """Read columns of a Parquet file in their order; None: all columns.

    Raises FileNotFoundError, and DamagedPartError for a file that isn't as it was written. What page checksums don't
    cover, `is_whole` finds.
    """
    names = list(schema.names if columns is None else columns)
    try:
        table = parquet.read_table(path, columns=names, schema=schema, page_checksum_verification=True)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DamagedPartError(
            f"{path.parent.name}/{path.name} of the audit can't be read: it is damaged. The command that made the "
            "audit makes it anew."
        ) from error
    return table.select(names)


def is_whole(path: Path, numbers: range) -> bool:
    """Return whether a part is there with the rows of these pictures, and each value as it was written."""
    try:
        table, written = read(path), parquet.read_schema(path).metadata or {}
    except (OSError, ValueError, pa.ArrowException, DamagedPartError):
        return False
    return table["number"].to_pylist() == [*numbers] and written.get(DIGEST) == _digest(table)


def _digest(table: pa.Table) -> bytes:
    """Return a hash of the values of a table, which doesn't depend on how a file holds them."""
    digest = hashlib.sha256(repr(table.schema.names).encode())
    for column in table.columns:
        array = column.combine_chunks()
        digest.update(array.is_valid().to_numpy(zero_copy_only=False).tobytes())
        if pa.types.is_fixed_size_list(array.type):
            array = array.flatten()
        array = array.drop_null() if array.null_count else array
        if pa.types.is_primitive(array.type):
            digest.update(array.to_numpy(zero_copy_only=False).tobytes())
        else:
            digest.update(repr(array.to_pylist()).encode())
    return digest.hexdigest().encode()
