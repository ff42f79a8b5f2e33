"""How far a search for findings has come: stage after stage, each of so many steps."""

from __future__ import annotations

from collections.abc import Callable

OnStage = Callable[[str, int, int], None]  # the stage in words, the steps of it that are done, and all of them


class Stages:
    """Counts the steps of the stages of a search.

    on_progress: called when a stage begins, with 0 steps done, and after each; it may raise an exception to cancel.
    """

    def __init__(self, on_progress: OnStage | None = None) -> None:
        self._on_progress = on_progress
        self._stage, self._done, self._total = "", 0, 0

    def begin(self, stage: str, total: int) -> None:
        """Begin a stage; one without steps isn't reported."""
        self._stage, self._done, self._total = stage, 0, total
        self._tell()

    def step(self) -> None:
        """Count a step of the stage that has begun; where none has, nobody is told."""
        self._done += 1
        self._tell()

    def _tell(self) -> None:
        if self._on_progress and self._total:
            self._on_progress(self._stage, self._done, self._total)
