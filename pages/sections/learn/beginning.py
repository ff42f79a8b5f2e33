"""What the visitor has begun, where a part of a lesson takes so long that it waits to be asked."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Any

from explainers.lessons import Task
from pages.shared import state

BEGUN_KEY = "begun tasks"


def has_begun(tasks: Iterable[Task[Any]]) -> bool:
    """Whether the visitor has begun all of these tasks."""
    return _keys(tasks) <= _begun()


def begin(tasks: Iterable[Task[Any]]) -> None:
    """Begin tasks, from the next run on."""
    state.remember(BEGUN_KEY, _begun() | _keys(tasks))


def cancel(tasks: Iterable[Task[Any]]) -> None:
    """Begin tasks no more. What is being computed ends, unless other visitors wait for it."""
    state.remember(BEGUN_KEY, _begun() - _keys(tasks))


def _keys(tasks: Iterable[Task[Any]]) -> frozenset[Hashable]:
    return frozenset(task.key for task in tasks)


def _begun() -> frozenset[Hashable]:
    begun: frozenset[Hashable] = state.recall(BEGUN_KEY, frozenset())
    return begun
