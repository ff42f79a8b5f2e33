"""The list of a run's pictures, as a table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import pyarrow as pa

from explainers.audit.cases.listing import Case

SCHEMA = pa.schema(
    [("path", pa.string()), ("label", pa.string()), ("box", pa.list_(pa.float64(), 4)), ("nbytes", pa.int64())]
)


def digest(cases: Sequence[Case]) -> str:
    """Return the hash of a list of cases: of what the pictures are, not of where they lie."""
    text = json.dumps([[case.path, case.label, case.box, case.nbytes] for case in cases])
    return hashlib.sha256(text.encode()).hexdigest()


def as_table(cases: Sequence[Case]) -> pa.Table:
    """Return a list of cases as a table."""
    rows = [{"path": case.path, "label": case.label, "box": case.box, "nbytes": case.nbytes} for case in cases]
    return pa.Table.from_pylist(rows, schema=SCHEMA)


def from_table(table: pa.Table) -> tuple[Case, ...]:
    """Return the cases of a table."""
    rows = table.to_pylist()
    return tuple(Case(row["path"], row["label"], row["box"] and tuple(row["box"]), row["nbytes"]) for row in rows)
