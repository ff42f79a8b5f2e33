"""The runs that a server shows: those in the folder that whoever runs it has named, and no others.

Where none is named, none is shown. A visitor chooses from the list, and no path is ever made of what a visitor says: a
stranger must not read the server's disk.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from explainers.audit.runs.place import MANIFEST
from explainers.audit.runs.run import Run
from explainers.errors import ExplanationError

VARIABLE = "WHYPIXEL_RUNS"


@dataclass(frozen=True, eq=False)
class ShelvedRun:
    """A run of the list.

    name: that of its folder, which names it in addresses.
    run:  None where it can't be opened; problem: why, in a sentence.
    """

    name: str
    run: Run | None
    problem: str = ""


def shelf() -> dict[str, ShelvedRun]:
    """Return the runs that this server shows, by their names, the newest first.

    Raises ExplanationError where WHYPIXEL_RUNS names no folder that can be read.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if not named:
        return {}
    try:
        folders = [folder for folder in Path(named).expanduser().iterdir() if _is_run(folder)]
    except (OSError, RuntimeError) as error:
        raise ExplanationError(f"{VARIABLE} names no folder that this server can read.") from error
    newest = sorted(folders, key=lambda folder: (-_time(folder), folder.name))
    return {folder.name: _shelved(folder) for folder in newest}


def _is_run(folder: Path) -> bool:
    return not folder.name.startswith(".") and (folder / MANIFEST).is_file()


def _time(folder: Path) -> float:
    """Return when a run began; 0 where it has gone in the meantime."""
    try:
        return (folder / MANIFEST).stat().st_mtime
    except OSError:
        return 0.0


def _shelved(folder: Path) -> ShelvedRun:
    try:
        return ShelvedRun(folder.name, Run.open(folder))
    except ExplanationError as error:  # which names the folder, and where it lies is nobody's business
        return ShelvedRun(folder.name, None, str(error).replace(str(folder), folder.name))
