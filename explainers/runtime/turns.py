"""Decides whose turn it is to compute: one chunk at a time on each device, quick questions first."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextvars import ContextVar
from operator import itemgetter
from types import TracebackType

import torch

LONGEST_WAIT_PERIOD = 3  # every third turn goes to the request that has waited longest
LOOK_INTERVAL = 1.0  # seconds between checks whether anybody still waits for a request's result
stop_waiting: ContextVar[Callable[[], None]] = ContextVar(
    "stop_waiting", default=lambda: None
)  # raises once nobody does


class Turns:
    """A lock that is handed on by a rule (a thread that releases Python's own lock may get it again at once).

    Of three turns, two go to the call that will have passed the fewest pictures after its turn, and one goes to the
    request that has waited longest. So among thirty visitors a gradient needn't wait for thirty chunks of longer work,
    and the longest work still makes progress. As a context manager, the lock is taken for one picture.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._queue: list[tuple[int, threading.Event]] = []  # in the order of asking
        self._given = 0

    def take(self, pictures: int = 1) -> None:
        """Wait for a turn.

        pictures: how many pictures the call will have passed after this turn, in all its turns.
        """
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            request = pictures, threading.Event()
            self._queue.append(request)
        try:
            while not request[1].wait(LOOK_INTERVAL):
                stop_waiting.get()()
        except BaseException:  # a turn that was handed over meanwhile would never be handed on
            with self._guard:
                still_queued = request in self._queue
                if still_queued:
                    self._queue.remove(request)
            if not still_queued:
                self.give()
            raise

    def give(self) -> None:
        """Hand the turn on to the next request."""
        with self._guard:
            if not self._queue:
                self._taken = False
                return
            self._given += 1
            waited_longest = self._given % LONGEST_WAIT_PERIOD == 0
            chosen = self._queue[0] if waited_longest else min(self._queue, key=itemgetter(0))
            self._queue.remove(chosen)
            chosen[1].set()

    def __enter__(self) -> None:
        self.take()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.give()


_TURNS: dict[str, Turns] = {}


def turns(device: torch.device) -> Turns:
    """Return the turns of a device, which all calls in this process share."""
    return _TURNS.setdefault(str(device), Turns())
