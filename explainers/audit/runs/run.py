"""A run: the folder that an audit is kept in, written part by part and read while it goes on.

RUN/manifest.json       the plan
RUN/cases.parquet       the list of pictures
RUN/parts/00000.parquet the rows of a part, there as a whole or not at all
RUN/findings.json       what was found in the rows
RUN/lock                held by the process that computes it
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa

from explainers import typed_json
from explainers.audit.cases import saved_list
from explainers.audit.cases.listing import Case
from explainers.audit.cases.saved_list import as_table, digest, from_table
from explainers.audit.runs import parts
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.parts import DamagedPartError
from explainers.audit.runs.place import (
    CASES,
    MANIFEST,
    PARTS,
    UNFINISHED,
    check_place,
    names_in,
    remove,
    unwritable,
    write_whole,
)
from explainers.audit.runs.plan import FORMAT, VERSION, Manifest, Plan
from explainers.audit.runs.rows import SCHEMA
from explainers.errors import ExplanationError


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
        plan = replace(plan, pictures=len(cases), sha256=digest(cases))
        if (folder / MANIFEST).exists():
            run = cls.open(folder)
            if run.plan != plan:
                raise ExplanationError(f"{folder} holds another audit. Give this one a folder of its own.")
            return run
        check_place(folder)
        try:
            (folder / PARTS).mkdir(parents=True, exist_ok=True)
            write_whole(folder / CASES, parts.as_bytes(as_table(cases)))
            document = typed_json.write(Manifest(FORMAT, VERSION, plan), "", {})
            write_whole(folder / MANIFEST, json.dumps(document, indent=2, ensure_ascii=False).encode())
        except OSError as error:
            raise unwritable(folder, error) from error
        return cls(folder, plan)

    @classmethod
    def open(cls, folder: Path) -> Run:
        """Open a run. Raises ExplanationError where there is none, or one of another version."""
        try:
            document = json.loads((folder / MANIFEST).read_bytes())
        except OSError as error:
            raise ExplanationError(f"{folder} holds no audit.") from error
        except (ValueError, RecursionError) as error:
            raise ExplanationError(f"{folder / MANIFEST} is damaged: it can't be read as JSON.") from error
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            raise ExplanationError(f"{folder} holds no audit.")
        if (version := document.get("version")) != VERSION:
            newer = isinstance(version, int) and version > VERSION
            raise ExplanationError(
                f"{folder} was written in version {version!r} of the format, and this Whypixel reads version {VERSION}."
                + (" Use a newer Whypixel." if newer else "")
            )
        try:
            manifest: Manifest = typed_json.read(Manifest, document, "", {})
        except ExplanationError as error:
            raise ExplanationError(f"{folder / MANIFEST} is damaged: {error}") from error
        if manifest.plan.part < 1 or manifest.plan.chunk < 1 or manifest.plan.pictures < 1:
            raise ExplanationError(f"{folder / MANIFEST} is damaged: it has numbers below 1.")
        return cls(folder, manifest.plan)

    @cached_property
    def cases(self) -> tuple[Case, ...]:
        """The list of pictures. Raises ExplanationError where it isn't the plan's."""
        try:
            cases = from_table(parts.read(self.folder / CASES, saved_list.SCHEMA))
        except (FileNotFoundError, DamagedPartError) as error:
            raise ExplanationError(f"{self.folder / CASES} can't be read: it is damaged, or gone.") from error
        if digest(cases) != self.plan.sha256 or len(cases) != self.plan.pictures:
            raise ExplanationError(f"{self.folder / CASES} isn't the list of pictures that this audit began with.")
        return cases

    def done(self) -> list[int]:
        """Return the numbers of the parts that are there."""
        return [part for part in parts.numbers(names_in(self.folder / PARTS)) if part < self.plan.parts]

    def missing(self) -> list[int]:
        """Return the numbers of the parts that are still to be computed."""
        done = {*self.done()}
        return [part for part in range(self.plan.parts) if part not in done]

    def mend(self) -> list[int]:
        """Remove the parts that are damaged and what killed processes left, and return the numbers of those parts.

        It reads every part. Only the process that computes the run may do this. Raises ExplanationError where they
        can't be removed.
        """
        numbers, owner = self.plan.numbers, self._owner
        damaged = [part for part in self.done() if not parts.is_whole(self.part_file(part), numbers(part), owner(part))]
        remove(self.folder, [self.part_file(part) for part in damaged])
        remove(self.folder, [*self.folder.glob(f"{UNFINISHED}*"), *(self.folder / PARTS).glob(f"{UNFINISHED}*")])
        return damaged

    def forget_broken(self) -> list[int]:
        """Remove the parts with a picture that has no map, so that it is tried again, and return their numbers.

        Only the process that computes the run may do this. Raises ExplanationError where they can't be removed.
        """
        rows = self.table(["number", "error"])
        numbers = rows.filter(rows["error"].is_valid())["number"].to_pylist()
        broken = sorted({number // self.plan.part for number in numbers})
        remove(self.folder, [self.part_file(part) for part in broken])
        return broken

    def write_part(self, part: int, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the rows of a part. What is there already stays if it is whole and of this run: it is the same.

        Raises ExplanationError where it can't be written, and where the folder was removed or holds another run by now:
        the parts that are there stay as they are.
        """
        numbers = [row["number"] for row in rows]
        if numbers != [*self.plan.numbers(part)]:
            raise ValueError(f"Part {part} has the pictures {self.plan.numbers(part)}, not {numbers}.")
        if not self._is_there():
            raise ExplanationError(
                f"{self.folder} no longer holds this audit: it was removed, or another is there now."
            )
        if not parts.is_whole(self.part_file(part), self.plan.numbers(part), self._owner(part)):
            try:
                table = pa.Table.from_pylist(list(rows), schema=SCHEMA)
                write_whole(self.part_file(part), parts.as_bytes(table, self._owner(part)))
            except OSError as error:
                raise unwritable(self.folder, error) from error

    def table(self, columns: Sequence[str] | None = None) -> pa.Table:
        """Return columns of the rows that are there, by number; None: all columns.

        Raises ExplanationError for a part that is damaged.
        """
        names = list(SCHEMA.names if columns is None else columns)
        schema = pa.schema([SCHEMA.field(name) for name in names])
        tables = [table for part in self.done() if (table := self._read(part, names)) is not None]
        return pa.concat_tables(tables) if tables else schema.empty_table()

    def row(self, number: int) -> dict[str, Any] | None:
        """Return all that is kept of a picture; None if its part isn't there yet."""
        return self.rows([number], SCHEMA.names).get(number)

    def rows(self, numbers: Sequence[int], columns: Sequence[str]) -> dict[int, dict[str, Any]]:
        """Return columns of these pictures' rows, by number, as far as they are there; each part is read once."""
        wanted: dict[int, list[int]] = {}
        for number in numbers:
            if 0 <= number < self.plan.pictures:
                wanted.setdefault(number // self.plan.part, []).append(number)
        rows: dict[int, dict[str, Any]] = {}
        for part, own in wanted.items():
            if (table := self._read(part, columns)) is not None:
                taken = table.take([number - part * self.plan.part for number in own])
                rows |= dict(zip(own, taken.to_pylist(), strict=True))
        return rows

    def part_file(self, part: int) -> Path:
        """Return where the rows of a part are, or will be."""
        return self.folder / PARTS / parts.name(part)

    def _is_there(self) -> bool:
        with suppress(ExplanationError):
            return Run.open(self.folder).plan == self.plan
        return False

    def _read(self, part: int, columns: Sequence[str]) -> pa.Table | None:
        """Return columns of a part; None where it isn't there, or not any more."""
        with suppress(FileNotFoundError):
            return parts.read(self.part_file(part), columns=columns, owner=self._owner(part))
        return None

    def _owner(self, part: int) -> str:
        """Return what a part's file is marked by: a file of another run, or another part, has other rows."""
        return f"{run_identity(self.plan)} {part}"
