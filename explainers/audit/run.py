"""A run: the folder that an audit is kept in, written part by part and read while it goes on.

RUN/manifest.json       the plan
RUN/cases.parquet       the list of pictures
RUN/parts/00000.parquet the rows of a part, there as a whole or not at all
RUN/findings.json       what was found in the rows
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from explainers import typed_json
from explainers.audit.cases import Case
from explainers.audit.plan import FORMAT, VERSION, Manifest, Plan
from explainers.audit.rows import SCHEMA
from explainers.errors import ExplanationError

MANIFEST, CASES, PARTS = "manifest.json", "cases.parquet", "parts"
CASE_SCHEMA = pa.schema(
    [("path", pa.string()), ("label", pa.string()), ("box", pa.list_(pa.float64(), 4)), ("nbytes", pa.int64())]
)


@dataclass(frozen=True)
class Run:
    """The folder of an audit.

    folder: where it is.
    plan:   what it computes.
    """

    folder: Path
    plan: Plan

    @classmethod
    def create(cls, folder: Path, plan: Plan, cases: Sequence[Case]) -> Run:
        """Make the folder of a new run, or return the run that is there if it has the same plan and cases.

        Raises ExplanationError where it can't be written, holds a run of another plan, or something else.
        """
        table = _case_table(cases)
        plan = replace(plan, pictures=len(cases), sha256=digest(cases))
        if (folder / MANIFEST).exists():
            run = cls.open(folder)
            if run.plan != plan:
                raise ExplanationError(f"{folder} holds another audit. Give this one a folder of its own.")
            return run
        try:
            if folder.exists() and any(folder.iterdir()):
                raise ExplanationError(f"{folder} isn't empty, and holds no audit. Give this one a folder of its own.")
            (folder / PARTS).mkdir(parents=True, exist_ok=True)
            write_whole(folder / CASES, _bytes(table))
            document = typed_json.write(Manifest(FORMAT, VERSION, plan), "", {})
            write_whole(folder / MANIFEST, json.dumps(document, indent=2, ensure_ascii=False).encode())
        except OSError as error:
            raise ExplanationError(f"{folder} could not be written: {error.strerror or error}.") from error
        return cls(folder, plan)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Open a run. Raises ExplanationError where there is none, or one of another version."""
        try:
            document = json.loads((folder / MANIFEST).read_bytes())
        except (OSError, ValueError) as error:
            raise ExplanationError(f"{folder} holds no audit.") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ExplanationError(f"{folder} holds no audit.")
        if document.get("version") != VERSION:
            raise ExplanationError(
                f"{folder} was written in version {document.get('version')!r} of the format; this Whypixel reads "
                f"{VERSION}."
            )
        manifest: Manifest = typed_json.read(Manifest, document, "", {})
        return cls(folder, manifest.plan)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The list of pictures. Raises ExplanationError where it isn't the plan's."""
        try:
            rows = parquet.read_table(self.folder / CASES, schema=CASE_SCHEMA).to_pylist()
        except (OSError, pa.ArrowException) as error:
            raise ExplanationError(f"{self.folder / CASES} can't be read: {error}.") from error
        cases = tuple(Case(row["path"], row["label"], row["box"] and tuple(row["box"]), row["nbytes"]) for row in rows)
        if digest(cases) != self.plan.sha256:
            raise ExplanationError(f"{self.folder / CASES} isn't the list of pictures that this audit began with.")
        return cases

    def done(self) -> list[int]:
        """Return the numbers of the parts that are there."""
        return [part for part in range(self.plan.parts) if self.part_file(part).exists()]

    def missing(self) -> list[int]:
        """Return the numbers of the parts that are still to be computed."""
        return [part for part in range(self.plan.parts) if not self.part_file(part).exists()]

    def write_part(self, part: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows of a part. What is there already stays, because it is the same."""
        if not self.part_file(part).exists():
            write_whole(self.part_file(part), _bytes(pa.Table.from_pylist(list(rows), schema=SCHEMA)))

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return columns of the rows that are there, by number; None: all columns."""
        names = list(SCHEMA.names if columns is None else columns)
        schema = pa.schema([SCHEMA.field(name) for name in names])
        tables = [parquet.read_table(self.part_file(part), columns=names, schema=SCHEMA) for part in self.done()]
        return pa.concat_tables([table.select(names) for table in tables]) if tables else schema.empty_table()

    def row(self, number: int) -> dict[str, Any] | None:
        """Return all that is kept of a picture; None if its part isn't there yet."""
        part = number // self.plan.part
        if not (0 <= number < self.plan.pictures and self.part_file(part).exists()):
            return None
        rows: list[dict[str, Any]] = (
            parquet.read_table(self.part_file(part), schema=SCHEMA).slice(number % self.plan.part, 1).to_pylist()
        )
        return rows[0]

    def rows(self, numbers: Sequence[int], columns: Sequence[str]) -> dict[int, dict[str, Any]]:
        """Return columns of these pictures' rows, by number, as far as they are there; each part is read once."""
        wanted: dict[int, list[int]] = {}
        for number in numbers:
            wanted.setdefault(number // self.plan.part, []).append(number)
        rows: dict[int, dict[str, Any]] = {}
        for part, own in wanted.items():
            if min(own) >= 0 and self.part_file(part).exists():
                table = parquet.read_table(self.part_file(part), columns=["number", *columns], schema=SCHEMA)
                first = part * self.plan.part
                rows |= {row.pop("number"): row for row in table.take([each - first for each in own]).to_pylist()}
        return rows

    def part_file(self, part: int) -> Path:
        """Return where the rows of a part are, or will be."""
        return self.folder / PARTS / f"{part:05}.parquet"


def digest(cases: Sequence[Case]) -> str:
    """Return the hash of a list of cases: of what the pictures are, not of where they lie."""
    text = json.dumps([[case.path, case.label, case.box, case.nbytes] for case in cases])
    return hashlib.sha256(text.encode()).hexdigest()


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all, whatever ends the program. Raises OSError."""
    beside = path.with_name(f".{secrets.token_hex(8)}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _case_table(cases: Sequence[Case]) -> pa.Table:
    return pa.Table.from_pylist(
        [{"path": case.path, "label": case.label, "box": case.box, "nbytes": case.nbytes} for case in cases],
        schema=CASE_SCHEMA,
    )


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    parquet.write_table(table, sink, compression="zstd")
    data: bytes = sink.getvalue().to_pybytes()
    return data
