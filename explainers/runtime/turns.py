"""Whose turn it is to compute: one chunk at a time on each device, quick questions first."""

from __future__ import annotations

import threading
from operator import itemgetter
from types import TracebackType

import torch

ROUND = 3  # every third turn goes to who has waited longest


class Turns:
    """A lock that is handed on by a rule (Python's own may be taken again by who has just let go).

    Of three turns, two go to whoever asks for least, with all they have had, and one to who has waited longest. Among
    thirty visitors a gradient needn't wait for thirty chunks of longer work, and the longest work still goes on.
    As a context manager it is the turn of one picture.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._taken = False
        self._queue: list[tuple[int, threading.Event]] = []  # in the order of asking
        self._given = 0

    def take(self, pictures: int = 1) -> None:
        """Wait for the turn; `pictures` is how many will have been passed after it, in all turns of the same call."""
        with self._guard:
            if not self._taken:
                self._taken = True
                return
            mine = pictures, threading.Event()
            self._queue.append(mine)
        try:
            mine[1].wait()
        except BaseException:  # Ctrl+C: nobody would give the turn on
            with self._guard:
                waiting = mine in self._queue
                if waiting:
                    self._queue.remove(mine)
            if not waiting:
                self.give()
            raise

    def give(self) -> None:
        """Hand it to the next."""
        with self._guard:
            if not self._queue:
                self._taken = False
                return
            self._given += 1
            following = self._queue[0] if self._given % ROUND == 0 else min(self._queue, key=itemgetter(0))
            self._queue.remove(following)
            following[1].set()

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
