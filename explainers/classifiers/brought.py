"""The classifiers that a visitor has brought: sources like the others, which only that visitor is shown.

Each visitor's pages run in a thread of their own, and what is brought is seen in that thread alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextvars import ContextVar

from explainers.classifiers.source import Source

NAME_START, NAME_DIGITS = "own-", 32
NAME = re.compile(rf"{NAME_START}[0-9a-f]{{{NAME_DIGITS}}}")  # in addresses: nothing of the file's own name

_BROUGHT: ContextVar[tuple[Source, ...]] = ContextVar("brought", default=())


def bring(sources: Iterable[Source]) -> None:
    """Show these sources in this thread, instead of any that were brought before."""
    _BROUGHT.set(tuple(sources))


def brought() -> tuple[Source, ...]:
    """Return the sources that were brought in this thread."""
    return _BROUGHT.get()


def is_own(name: str) -> bool:
    """Whether a name could be that of a classifier that a visitor has brought."""
    return NAME.fullmatch(name) is not None
