"""Whose turn it is to compute: one chunk at a time on each device, in the order of asking."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType

import torch


class Turns:
    """A lock that is handed on in the order of asking (Python's own may be taken again by who has just let go).

    Whoever gives it back between chunks goes to the end of the queue, so a short request waits for one chunk of each of
    the others, not for all of their work. As a context manager it is one turn.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._queue: deque[threading.Event] = deque()

    def take(self) -> None:
        """Wait for the turn."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = threading.Event()
            self._queue.append(mine)
        try:
            mine.wait()
        except BaseException:  # Ctrl+C: nobody would give the turn on
            with self._guard:
                waiting = mine in self._queue
                if waiting:
                    self._queue.remove(mine)
            if not waiting:
                self.give()
            raise

    def give(self) -> None:
        """Hand it to who has waited longest."""
        with self._guard:
            if self._queue:
                self._queue.popleft().set()
            else:
                self._taken = False

    def __enter__(self) -> None:
        self.take()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.give()


_TURNS: dict[str, Turns] = {}


def turns(device: torch.device) -> Turns:
    """The turns of one device, the same for everybody in this process."""
    return _TURNS.setdefault(str(device), Turns())
