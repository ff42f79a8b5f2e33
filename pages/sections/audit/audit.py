"""The audit that is shown: a run of the server's list, its rows and what was found in them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from explainers.audit.browsing.table import Table, read_table
from explainers.audit.findings import LOOK_AGAIN, OtherFindingsError, read_findings
from explainers.audit.findings.finding import Findings
from explainers.audit.runs.columns import UNKNOWN
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.run import Run
from explainers.errors import ExplanationError


@dataclass(frozen=True, eq=False)
class Audit:
    """A run with its rows so far.

    name:     of its folder.
    findings: None where nobody has looked yet, or where what lies there isn't about this run.
    problem:  why it isn't; empty otherwise.
    """

    name: str
    run: Run
    table: Table
    findings: Findings | None
    problem: str = ""

    @classmethod
    def of(cls, name: str, run: Run) -> Audit:
        """Read what is there. Raises ExplanationError where it can't be read."""
        try:
            table = read_table(run)
            try:
                return cls(name, run, table, read_findings(run))
            except OtherFindingsError as error:
                return cls(name, run, table, None, without_places(run, f"{error} {LOOK_AGAIN}"))
        except ExplanationError as error:
            raise ExplanationError(without_places(run, str(error))) from error

    @cached_property
    def identity(self) -> str:
        """What the notes on it are kept under."""
        return run_identity(self.run.plan)

    @cached_property
    def has_classes(self) -> bool:
        """Whether the class of any picture is known."""
        return bool((self.table.labels != UNKNOWN).any())

    def class_name(self, index: int) -> str:
        """Return the name of a class, or its number where no row names it; a picture's may be unknown."""
        if index == UNKNOWN:
            return "class unknown"
        return self.table.names.get(index, f"class {index}")


def without_places(run: Run, sentence: str) -> str:
    """Return a sentence without where things lie on the server, which is nobody's business."""
    for place in (str(run.folder), run.plan.source):
        sentence = sentence.replace(place, Path(place).name)
    return sentence
