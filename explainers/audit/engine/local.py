"""Computes the parts of a run in processes of this machine, which are handed one part after the other."""

from __future__ import annotations

import os
import queue
import threading
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Any, Protocol

import torch

from explainers.audit.engine.process import EndedError, WorkerProcess
from explainers.audit.runs.run import Run
from explainers.errors import ExplanationError

MAX_ENDED = 3  # processes that end by themselves: one may have been killed, more are no accident
WORKER_BYTES = 2**30  # of memory, that a worker has room for
Message = tuple[str, int, Any]  # what it is about, the part, and what there is to say


class Tally(Protocol):
    """Is told how many more pictures of a part are done, and when a part is written or begun anew."""

    def more(self, part: int, pictures: int, /) -> None: ...
    def written(self, part: int, /) -> None: ...
    def anew(self, part: int, /) -> None: ...


def cores() -> int:
    """Return how many cores of the processor this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def default_workers() -> int:
    """Return how many processes fit: one for each core, as far as there is memory; one alone where there is a GPU."""
    if torch.cuda.is_available():
        return 1
    return max(1, min(cores(), _free_memory() // WORKER_BYTES))


def compute_in_processes(run: Run, parts: Sequence[int], workers: int, tally: Tally) -> None:
    """Compute parts of a run in so many processes, and write each as soon as it is there.

    The part of a process that ends by itself is computed again by another. Whatever ends this call ends them all.

    Raises ExplanationError where a process can't go on, or where several have ended by themselves.
    """
    waiting, messages = deque(parts), queue.SimpleQueue[Message]()
    threads_each, stopped, lock = max(1, cores() // workers), threading.Event(), threading.Lock()
    processes = [WorkerProcess(run.folder, threads_each) for _ in range(min(workers, len(parts)))]

    def take() -> int | None:
        with lock:
            return waiting.popleft() if waiting and not stopped.is_set() else None

    def replace(place: int, part: int) -> None:
        """Put a part back, and another process in the place of one that has ended."""
        processes[place].close()
        with lock:
            if not stopped.is_set():
                processes[place] = WorkerProcess(run.folder, threads_each)
                waiting.appendleft(part)
        messages.put(("ended", part, None))

    def drive(place: int) -> None:
        """Hand one part after the other to the process at this place."""
        while (part := take()) is not None:
            try:
                rows = processes[place].rows(part, partial(_tell, messages, part))
            except EndedError:
                replace(place, part)
            else:
                messages.put(("rows", part, rows))

    def drive_safely(place: int) -> None:
        try:
            drive(place)
        except BaseException as error:  # raised again by the thread that waits for the messages
            messages.put(("error", 0, error))

    threads = [threading.Thread(target=drive_safely, args=(place,), daemon=True) for place in range(len(processes))]
    for thread in threads:
        thread.start()
    left, ended = len(parts), 0
    try:
        while left:
            kind, part, value = messages.get()
            if kind == "more":
                tally.more(part, value)
            elif kind == "rows":
                run.write_part(part, value)
                tally.written(part)
                left -= 1
            elif kind == "error":
                raise value
            else:
                tally.anew(part)
                ended += 1
                if ended > MAX_ENDED:
                    raise ExplanationError(
                        f"{ended} of the processes that compute the maps have ended by themselves, the last in part "
                        f"{part}. There may not be enough memory: take fewer workers."
                    )
    finally:
        with lock:
            stopped.set()
            for process in processes:
                process.end()
        for thread in threads:
            thread.join()
        for process in processes:
            process.close()


def _tell(messages: queue.SimpleQueue[Message], part: int, count: int) -> None:
    messages.put(("more", part, count))


def _free_memory() -> int:
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return WORKER_BYTES
