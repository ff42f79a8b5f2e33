"""Splits work on pictures into chunks, which are halved when memory runs out.

Where not even one picture fits, the error says so in a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from explainers.errors import ExplanationError

Run = Callable[[int, Callable[[slice], None]], None]
OUT_OF_MEMORY_TEXTS = ("can't allocate memory", "could not create a primitive", "could not create a memory")


@contextmanager
def enough_memory() -> Iterator[None]:
    """Raise ExplanationError with a sentence for the visitor where memory runs out inside the block."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _out_of_memory(error):
            raise
        raise ExplanationError(
            "There is not enough memory to run even one picture through this classifier. "
            "Choose a smaller classifier, or free memory on the machine that Whypixel runs on."
        ) from None


def _out_of_memory(error: BaseException) -> bool:
    """Return whether an error means that memory ran out; on a CPU, torch and oneDNN only say so in the message."""
    by_type = isinstance(error, (MemoryError, torch.OutOfMemoryError))
    return by_type or (isinstance(error, RuntimeError) and any(text in str(error) for text in OUT_OF_MEMORY_TEXTS))


class Chunks:
    """The number of pictures that pass at once, which is halved, for good, when memory runs out.

    size:     the number of pictures per chunk.
    halvings: how often it was halved.
    """

    def __init__(self, size: int) -> None:
        self.size, self.halvings = size, 0

    def run(self, count: int, work: Callable[[slice], None], *, start: int = 0) -> None:
        """Call `work` on slices of `count` pictures, one chunk after the other, from number `start` on.

        Where memory runs out, `work` is called again on smaller slices, so it must not change any state before its end.
        """
        while start < count:
            part = slice(start, min(start + self.size, count))
            if self._fits(work, part):
                start = part.stop
            else:  # outside of the `except` clause, whose error holds the activations that didn't fit
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
