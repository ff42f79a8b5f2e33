"""The Parquet files of a run: as bytes, and read back with checks of what is in them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from explainers.audit.runs.rows import SCHEMA
from explainers.errors import ExplanationError

# What stands in a file's own metadata: the hash of the table's values, and the run and the part that it belongs to.
DIGEST, OWNER = b"sha256", b"owner"
NAME = re.compile(r"(\d{5}|[1-9]\d{5,8})\.parquet", re.ASCII)


class DamagedPartError(ExplanationError):
    """A file of a run is damaged."""


def name(part: int) -> str:
    """Return the name of a part's file."""
    return f"{part:05}.parquet"


def numbers(names: Iterable[str]) -> list[int]:
    """Return the numbers of the parts whose files have these names, rising; other names are passed over."""
    found = (int(match[1]) for each in names if (match := NAME.fullmatch(each)))
    return sorted(found)


def as_bytes(table: pa.Table, owner: str = "") -> bytes:
    """Return a table as a Parquet file, with a checksum of every page, a hash of all values, and whose it is."""
    sink = pa.BufferOutputStream()
    hashed = table.replace_schema_metadata({DIGEST: _digest(table), OWNER: owner})
    parquet.write_table(hashed, sink, compression="zstd", write_page_checksum=True)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def read(
    path: Path, schema: pa.Schema = SCHEMA, columns: Sequence[str] | None = None, owner: str | None = None
) -> pa.Table:
    """Read columns of a Parquet file in their order; None: all columns.

    owner: whose the file must be; None: anybody's.

    Raises FileNotFoundError, and DamagedPartError for a file that isn't as it was written, or is another's. What page
    checksums don't cover, `is_whole` finds.
    """
    names = list(schema.names if columns is None else columns)
    try:
        if owner is not None and _metadata(path).get(OWNER) != owner.encode():
            raise ValueError("it belongs to another run, or is another part")
        table = parquet.read_table(path, columns=names, schema=schema, page_checksum_verification=True)
    except FileNotFoundError:
        raise
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DamagedPartError(
            f"{path.parent.name}/{path.name} of the audit can't be read: it is damaged, or not the audit's own. The "
            "command that made the audit makes it anew."
        ) from error
    return table.select(names)


def is_whole(path: Path, numbers: range, owner: str) -> bool:
    """Return whether a part of this owner is there with the rows of these pictures, each value as it was written."""
    try:
        table, written = read(path, owner=owner), _metadata(path)
    except (OSError, ValueError, pa.ArrowException, DamagedPartError):
        return False
    return table["number"].to_pylist() == [*numbers] and written.get(DIGEST) == _digest(table)


def _metadata(path: Path) -> Mapping[bytes, bytes]:
    return parquet.read_schema(path).metadata or {}


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
