"""Runs computations as jobs in threads, and shares them and their results among all who ask. Independent of pages."""

from __future__ import annotations

import threading
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from explainers.arrays import nbytes
from explainers.runtime.allocator import release_freed_memory
from explainers.runtime.turns import stop_waiting

PACE_REPORTS = 16  # few, because the pace changes when other jobs start or end


class Report(Protocol):
    """Reports the progress of work. Raises Abandoned when nobody waits for the job any more."""

    def __call__(self, done: int, total: int | None, preview: Any = None, /) -> None: ...


Work = Callable[[Report], Any]


class Abandoned(Exception):
    """Nobody waits for a job any more."""


@dataclass(frozen=True)
class Limits:
    """How many results of one kind of work are kept.

    entries:  the largest number of results.
    nbytes:   the largest number of bytes of their arrays; None: any number.
    computes: whether the work takes turns at the processor with other jobs.
    """

    entries: int
    nbytes: int | None = None
    computes: bool = True


@dataclass(eq=False)
class Job:
    """One computation in a thread of its own, which never calls Streamlit.

    about:       hashes of the photo and the classifier that the result is about, if it is about some.
    done, total: how much of the work is done, and how much there is (None: unknown), in the work's own unit.
    preview:     a first result, if there is one.
    waiting:     the number of callers who wait for the job.
    keeps:       whether the result is to be kept.
    ended:       set once the result or the error is there.
    """

    work: Work
    computes: bool = True
    about: frozenset[str] = frozenset()
    done: int = 0
    total: int | None = None
    preview: Any = None
    waiting: int = 0
    keeps: bool = True
    ended: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    error: BaseException | None = None
    _pace: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=PACE_REPORTS))

    def run(self) -> None:
        """Do the work, and set `result` or `error`."""
        stop_waiting.set(self.stop_if_abandoned)
        try:
            self.result = self.work(self.report)
        except BaseException as error:
            # Or the variables of its frames would hold a chunk's activations until the next garbage collection.
            traceback.clear_frames(error.__traceback__)
            self.error = error

    def report(self, done: int, total: int | None, preview: Any = None, /) -> None:
        """Note progress. Raises Abandoned, which cancels the work, when nobody waits for it any more."""
        self.stop_if_abandoned()
        self.done, self.total, self.preview = done, total, self.preview or preview
        self._pace.append((time.monotonic(), done))

    def stop_if_abandoned(self) -> None:
        """Raise Abandoned when nobody waits for the job any more."""
        if not self.waiting:
            raise Abandoned

    @property
    def left(self) -> float | None:
        """The estimated number of seconds left, at the pace of the last reports; None while there is no estimate."""
        (then, before), (now, done) = (self._pace[0], self._pace[-1]) if self._pace else ((0.0, 0), (0.0, 0))
        if not self.total or done == before:
            return None
        return (now - then) * max(0, self.total - done) / (done - before)


@dataclass(frozen=True)
class Kept:
    """The result of a job, and hashes of the photo and the classifier that it is about, if it is about some."""

    result: Any
    about: frozenset[str]


class Jobs:
    """Starts jobs: callers who ask for the same result share a job, and results are kept within limits."""

    def __init__(self, limits: Mapping[str, Limits]) -> None:
        self._lock = threading.Lock()
        self._limits = limits
        self._jobs: dict[Hashable, Job] = {}
        self._running: set[Job] = set()  # abandoned ones, too
        self._results: dict[str, OrderedDict[Hashable, Kept]] = {kind: OrderedDict() for kind in limits}

    @contextmanager
    def job(self, kind: str, key: Hashable, work: Work, about: Iterable[str] = ()) -> Iterator[Job]:
        """Join the job for a key, or start it, until the block ends; it has ended already if its result is kept.

        about: hashes of the photo and the classifier that the result is about, if it is about some.
        """
        job = self._join(kind, key, work, frozenset(about))
        try:
            yield job
        finally:
            with self._lock:
                job.waiting -= 1
                if not job.waiting and self._jobs.get((kind, key)) is job:
                    del self._jobs[kind, key]  # it is being cancelled, so the next caller needs a new one

    def peek(self, kind: str, key: Hashable) -> Any:
        """Return a result that is kept, or None; nothing is started."""
        with self._lock:
            kept = self._results[kind].get(key)
            return kept.result if kept else None

    def kept(self, kind: str) -> list[tuple[Any, Any]]:
        """Return the keys and results that are kept of one kind, the one asked for last at the end; start nothing."""
        with self._lock:
            return [(key, kept.result) for key, kept in self._results[kind].items()]

    def others(self, mine: Job) -> int:
        """Return the number of other jobs that compute at the moment."""
        with self._lock:
            return sum(job.computes and job is not mine for job in self._jobs.values())

    def forget(self, subject: str) -> None:
        """Drop the results about the photo or classifier of this hash, and keep none of those being computed."""
        with self._lock:
            for results in self._results.values():
                for key in [key for key, kept in results.items() if subject in kept.about]:
                    del results[key]
            for job in self._running:
                job.keeps = job.keeps and subject not in job.about

    def forget_computed(self) -> None:
        """Drop all results that can be computed again; what was only loaded stays."""
        with self._lock:
            for kind, results in self._results.items():
                if self._limits[kind].computes:
                    results.clear()

    def _join(self, kind: str, key: Hashable, work: Work, about: frozenset[str]) -> Job:
        with self._lock:
            results, job = self._results[kind], self._jobs.get((kind, key))
            if key in results:
                results.move_to_end(key)
                job = Job(work, result=results[key].result)
                job.ended.set()
            is_new = job is None
            if job is None:
                job = self._jobs[kind, key] = Job(work, self._limits[kind].computes, about)
                self._running.add(job)
            job.waiting += 1  # before the job starts, or its first report would cancel it
            if is_new:
                threading.Thread(target=self._run, args=(kind, key, job), name=f"whypixel {kind}", daemon=True).start()
            return job

    def _run(self, kind: str, key: Hashable, job: Job) -> None:
        job.run()
        with self._lock:
            self._running.remove(job)
            if self._jobs.get((kind, key)) is job:
                del self._jobs[kind, key]
            if job.error is None and job.keeps:
                self._store(kind, key, Kept(job.result, job.about))
            idle = not self._jobs
        job.ended.set()  # only now, so that the next caller finds the result
        if idle:
            release_freed_memory()

    def _store(self, kind: str, key: Hashable, kept: Kept) -> None:
        """Keep a result, and drop the least recently used ones beyond the limits; one result is always kept."""
        results, limits = self._results[kind], self._limits[kind]
        results[key] = kept
        size = sum(nbytes(kept.result) for kept in results.values())
        while len(results) > 1 and (
            len(results) > limits.entries or (limits.nbytes is not None and size > limits.nbytes)
        ):
            _, oldest = results.popitem(last=False)
            size -= nbytes(oldest.result)
