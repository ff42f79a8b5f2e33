"""The Parquet files of a run: as bytes, and read back with the checksums of their pages."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from explainers.audit.rows import SCHEMA
from explainers.errors import ExplanationError


class DamagedPartError(ExplanationError):
    """A file of a run is damaged."""


def as_bytes(table: pa.Table) -> bytes:
    """Return a table as a Parquet file, with a checksum of every page."""
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd", write_page_checksum=True)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def read(path: Path, schema: pa.Schema = SCHEMA, columns: Sequence[str] | None = None) -> pa.Table:
    """Read columns of a Parquet file in their order; None: all columns.

    Raises FileNotFoundError, and DamagedPartError for a file that isn't as it was written.
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
    """Return whether a part is there with the rows of these pictures, and not damaged."""
    try:
        found: list[int] = read(path).column("number").to_pylist()
    except (FileNotFoundError, DamagedPartError):
        return False
    return found == [*numbers]
