"""What came of a run, in a few sentences."""

from __future__ import annotations

from dataclasses import dataclass

from explainers.audit.runs.run import Run
from explainers.numbers import counted, percent

MAX_REASONS = 5


@dataclass(frozen=True)
class Summary:
    """What came of the rows of a run that are there.

    pictures: how many rows there are, of so many in all.
    labelled: how many pictures show a class that is known, and right: for how many of them it is the likeliest.
    broken:   (path, why it has no map) for each picture without one.
    """

    pictures: int
    total: int
    labelled: int
    right: int
    broken: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, run: Run) -> Summary:
        """Sum up a run. Raises ExplanationError where its rows can't be read."""
        rows = run.table(["path", "error", "correct"])
        correct = [each for each in rows["correct"].to_pylist() if each is not None]
        failures = zip(rows["path"].to_pylist(), rows["error"].to_pylist(), strict=True)
        broken = tuple((path, error) for path, error in failures if error is not None)
        return cls(len(rows), run.plan.pictures, len(correct), sum(correct), broken)

    @property
    def accuracy(self) -> float | None:
        """The share of labelled pictures whose class is the likeliest; None where no picture has a known label."""
        return self.right / self.labelled if self.labelled else None

    def sentences(self) -> list[str]:
        """Say it in lines, of which one names a file each."""
        explained = self.pictures - len(self.broken)
        lines = [f"{explained:,} of {counted(self.total, 'picture')} have a map."]
        if self.accuracy is not None:
            lines.append(
                f"The classifier is right about {percent(self.accuracy)} of the "
                f"{counted(self.labelled, 'picture')} whose class is known."
            )
        if self.broken:
            lines.append(f"{counted(len(self.broken), 'picture has', 'pictures have')} none:")
            lines += [f"  {path}: {reason}" for path, reason in self.broken[:MAX_REASONS]]
            if (rest := len(self.broken) - MAX_REASONS) > 0:
                lines.append(f"  and {rest:,} more.")
        return lines
