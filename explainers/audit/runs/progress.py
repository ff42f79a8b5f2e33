"""How far a run has come, as its folder tells: whoever computes it may be another process, or another machine."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass

from explainers.audit.runs.run import Run
from explainers.numbers import counted, duration

LATEST = 16  # parts that the pace is measured by
STALLED = 10.0  # times as long as a part usually takes, and nothing has come: it may have stopped
PATIENCE = 120.0  # seconds in which nothing need come


@dataclass(frozen=True)
class RunProgress:
    """How far a run has come.

    parts:   that are there; pictures: of theirs, broken ones included; total: of all pictures.
    left:    seconds that it may still take at the pace of the latest parts; None where that isn't known.
    waiting: seconds since the last part came; None before the first.
    stalled: whether it may have stopped.
    """

    parts: int
    pictures: int
    total: int
    left: float | None
    waiting: float | None
    stalled: bool

    @property
    def is_complete(self) -> bool:
        """Whether there is nothing left to compute."""
        return self.pictures == self.total

    @property
    def sentence(self) -> str:
        """How far it has come, in words."""
        if self.is_complete:
            return f"All {counted(self.total, 'picture')} are done."
        text = f"{self.pictures:,} of {counted(self.total, 'picture')}"
        if self.stalled and self.waiting is not None:
            return (
                f"{text}. Nothing new for {duration(self.waiting)}. If it has stopped, the same command continues it."
            )
        return f"{text}, about {duration(self.left)} left." if self.left is not None else f"{text} so far."


def progress(run: Run, now: float | None = None) -> RunProgress:
    """Return how far a run has come.

    now: seconds since the epoch; None: the time it is.
    """
    done = run.done()
    pictures = sum(len(run.plan.numbers(part)) for part in done)
    times = sorted(_times(run, done))[-LATEST:]
    waiting = None if not times else max(0.0, (time.time() if now is None else now) - times[-1])
    pace = (times[-1] - times[0]) / (len(times) - 1) if len(times) > 1 else None
    left = None if pace is None else pace * (run.plan.parts - len(done))
    stalled = waiting is not None and waiting > max(PATIENCE, STALLED * (pace or 0.0))
    return RunProgress(len(done), pictures, run.plan.pictures, left, waiting, stalled and len(done) < run.plan.parts)


def _times(run: Run, parts: list[int]) -> list[float]:
    """Return when these parts were written; without those that have gone in the meantime."""
    times = []
    for part in parts:
        with suppress(OSError):
            times.append(run.part_file(part).stat().st_mtime)
    return times
