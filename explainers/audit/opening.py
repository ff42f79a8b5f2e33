"""What a run is about, opened again: one of its pictures."""

from __future__ import annotations

from pathlib import Path

from explainers.audit.run import Run
from explainers.errors import ExplanationError
from explainers.images.photo import Photo


def photo(run: Run, number: int) -> Photo:
    """Return a picture of a run. Raises ExplanationError where it isn't there any more."""
    case = run.cases[number]
    try:
        data = (Path(run.plan.source) / case.path).read_bytes()
    except OSError as error:
        raise ExplanationError(f"{case.path} isn't where the audit found it any more.") from error
    return Photo.read(Path(case.path).name, data)
