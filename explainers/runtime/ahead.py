"""Does work in a thread of its own, a little ahead of whoever needs its results."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from explainers.runtime.jobs import Abandoned
from explainers.runtime.turns import stop_waiting

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def done_ahead(
    items: Iterable[Item], work: Callable[[Item], Result], ahead: int, *, name: str
) -> Iterator[Iterator[Result]]:
    """Hand out what `work` makes of each item, in their order.

    An error of `work` ends it, and is raised when the result of its item is asked for. The thread ends with the block,
    which waits for the item that is being worked on; `stop_waiting` tells long work that it may stop.

    ahead: how many results are made, at most, before they are asked for.
    name:  of the thread.
    """
    results: queue.SimpleQueue[tuple[Result] | BaseException | None] = queue.SimpleQueue()
    room, stopped = threading.Semaphore(ahead), threading.Event()

    def stop_if_ended() -> None:
        if stopped.is_set():
            raise Abandoned

    def fill() -> None:
        stop_waiting.set(stop_if_ended)
        coming = iter(items)
        try:
            while room.acquire() and not stopped.is_set():
                try:
                    item = next(coming)  # only now, for it may be large
                except StopIteration:
                    break
                results.put((work(item),))
        except BaseException as error:
            results.put(error)
        else:
            results.put(None)

    def hand_out() -> Iterator[Result]:
        while (result := results.get()) is not None:
            if isinstance(result, BaseException):
                raise result
            room.release()
            yield result[0]

    thread = threading.Thread(target=fill, name=name, daemon=True)
    thread.start()
    try:
        yield hand_out()
    finally:
        stopped.set()
        room.release()
        thread.join()
