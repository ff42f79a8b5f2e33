"""The rows of a run as a table for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from explainers.audit.runs.rows import SCHEMA
from explainers.audit.runs.run import Run
from explainers.spreadsheets import harmless

LEFT_OUT = ("map", "description", "thumbnail")  # which no spreadsheet can show
COLUMNS = tuple(name for name in SCHEMA.names if name not in LEFT_OUT)


def as_csv(run: Run, numbers: Sequence[int] | None = None) -> str:
    """Return the rows of these pictures in their order; None: all that are there. Strangers' texts compute nothing."""
    if numbers is None:
        numbers = [number for part in run.done() for number in run.plan.numbers(part)]
    rows = run.rows(numbers, [name for name in COLUMNS if name != "number"])
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for number in numbers:
        if row := rows.get(number):
            writer.writerow([number, *(_cell(row[name]) for name in COLUMNS if name != "number")])
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value)
    if isinstance(value, list):
        return " ".join(f"{number:g}" for number in value)
    return value
