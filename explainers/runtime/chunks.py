"""Pictures in chunks: smaller ones when memory runs out, and a sentence where even one picture doesn't fit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from explainers.errors import ExplanationError

Run = Callable[[int, Callable[[slice], None]], None]
WORDS = ("can't allocate memory", "could not create a primitive", "could not create a memory")


@contextmanager
def enough_memory() -> Iterator[None]:
    """Say in a sentence that memory ran out. Raises ExplanationError then."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _out_of_memory(error):
            raise
        raise ExplanationError(
            "There is not enough memory to pass one picture through this classifier. "
            "Choose a smaller classifier, or free memory on the machine that Whypixel runs on."
        ) from None


def _out_of_memory(error: BaseException) -> bool:
    """Whether the machine has no more memory to give; on a CPU, torch and oneDNN say so in words only."""
    known = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return known or (isinstance(error, RuntimeError) and any(words in str(error) for words in WORDS))


class Chunks:
    """How many pictures pass at once: halved, for good, when memory runs out.

    size: pictures per chunk; halvings: how often it was halved.
    """

    def __init__(self, size: int) -> None:
        self.size, self.halvings = size, 0

    def run(self, count: int, work: Callable[[slice], None]) -> None:
        """Call `work` on slices of `count` pictures, one chunk after the other.

        A slice for which memory runs out is asked for again in smaller ones, so `work` changes nothing before its end.
        """
        start = 0
        while start < count:
            part = slice(start, min(start + self.size, count))
            if self._fits(work, part):
                start = part.stop
            else:  # outside of the `except`, where the activations that didn't fit are let go
                self.size = (part.stop - part.start) // 2
                self.halvings += 1

    def _fits(self, work: Callable[[slice], None], part: slice) -> bool:
        try:
            work(part)
        except (MemoryError, RuntimeError) as error:
            if part.stop - part.start == 1 or not _out_of_memory(error):
                raise
            return False
        return True
