"""Whose turn it is to compute: one chunk at a time on each device, in the order of asking."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType

import torch

NEWCOMERS = 4  # in a row, before one who has had a turn already goes on


class Turns:
    """A lock that is handed on in the order of asking (Python's own may be taken again by who has just let go).

    Whoever gives it back between chunks goes to the end of the queue, so a short request waits for one chunk of each of
    the others, not for all of their work. And newcomers, whose first chunk it is, go before those who have had a turn:
    among thirty, a question of one pass needn't wait for thirty chunks. As a context manager it is a newcomer's turn.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._new: deque[threading.Event] = deque()
        self._old: deque[threading.Event] = deque()
        self._row = 0  # newcomers served since one of the others was

    def take(self, *, new: bool = False) -> None:
        """Wait for the turn; `new` is who hasn't had one yet."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine, queue = threading.Event(), self._new if new else self._old
            queue.append(mine)
        try:
            mine.wait()
        except BaseException:  # Ctrl+C: nobody would give the turn on
            with self._guard:
                waiting = mine in queue
                if waiting:
                    queue.remove(mine)
            if not waiting:
                self.give()
            raise

    def give(self) -> None:
        """Hand it to who has waited longest, newcomers first."""
        with self._guard:
            newcomer = bool(self._new) and (not self._old or self._row < NEWCOMERS)
            self._row = self._row + 1 if newcomer and self._old else 0
            if queue := self._new if newcomer else self._old:
                queue.popleft().set()
            else:
                self._taken = False

    def __enter__(self) -> None:
        self.take(new=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.give()


_TURNS: dict[str, Turns] = {}


def turns(device: torch.device) -> Turns:
    """The turns of one device, the same for everybody in this process."""
    return _TURNS.setdefault(str(device), Turns())
