"""Bars that say how far something long has come, with the time left: on a terminal, and nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import click

from explainers.audit.engine import OnProgress
from explainers.audit.findings.stages import OnStage
from explainers.command_line.pictures import in_one_line


@contextmanager
def progress(label: str, before: int = 0) -> Iterator[OnProgress]:
    """Draw the bar of one thing.

    before: how much is done already, and tells nothing of how long the rest takes.
    """
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def show(done: int, total: int) -> None:
            bar.length = max(1, total - before)
            bar.update(done - before - bar.pos)

        yield show


@contextmanager
def stages() -> Iterator[OnStage]:
    """Draw the bars of stages that come one after the other."""
    shown: list[Callable[[int, int], None]] = []
    with ExitStack() as drawn:

        def show(stage: str, done: int, total: int) -> None:
            if not done:  # it begins
                drawn.close()
                shown[:] = [drawn.enter_context(progress(in_one_line(stage)))]
            shown[0](done, total)

        yield show
