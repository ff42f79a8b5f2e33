"""Jobs under way and what became of them, shared by all who ask. Knows nothing of pages."""

from __future__ import annotations

import threading
import time
import traceback
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from explainers.arrays import nbytes
from explainers.runtime.allocator import release_freed_memory

RECENT = 16  # reports that the pace is taken from: it changes when others come and go


class Report(Protocol):
    """How work tells its progress. Raises Abandoned when nobody waits for it any more."""

    def __call__(self, done: int, total: int | None, preview: Any = None, /) -> None: ...


Work = Callable[[Report], Any]


class Abandoned(Exception):
    """Nobody waits for a job any more."""


@dataclass(frozen=True)
class Limits:
    """What is kept of one kind of work.

    entries, nbytes: results at most, and bytes of their arrays; None: as many as there are.
    computes:        whether the work takes turns at the processor with that of others.
    """

    entries: int
    nbytes: int | None = None
    computes: bool = True


@dataclass(eq=False)
class Job:
    """One computation in a thread of its own, which never calls Streamlit."""

    work: Work
    computes: bool = True
    done: int = 0
    total: int | None = None
    preview: Any = None
    waiting: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    error: BaseException | None = None
    _pace: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=RECENT))

    def run(self) -> None:
        """Do the work; its result or error is there afterwards."""
        try:
            self.result = self.work(self.report)
        except BaseException as error:
            traceback.clear_frames(error.__traceback__)  # or they hold a chunk's activations until the next collection
            self.error = error

    def report(self, done: int, total: int | None, preview: Any = None, /) -> None:
        """Take note of progress; the last one to leave cancels the work here."""
        if not self.waiting:
            raise Abandoned
        self.done, self.total, self.preview = done, total, self.preview or preview
        self._pace.append((time.monotonic(), done))

    @property
    def left(self) -> float | None:
        """Seconds left, from the pace of late; None while nobody can tell."""
        (then, before), (now, done) = (self._pace[0], self._pace[-1]) if self._pace else ((0.0, 0), (0.0, 0))
        if not self.total or done == before:
            return None
        return (now - then) * max(0, self.total - done) / (done - before)


class Jobs:
    """Takes questions: the same one asked by several is one job, and results are kept within bounds."""

    def __init__(self, shelves: Mapping[str, Limits]) -> None:
        self._lock = threading.Lock()
        self._shelves = shelves
        self._jobs: dict[Hashable, Job] = {}
        self._results: dict[str, OrderedDict[Hashable, Any]] = {shelf: OrderedDict() for shelf in shelves}

    @contextmanager
    def job(self, shelf: str, key: Hashable, work: Work) -> Iterator[Job]:
        """Wait inside the block for the job of that key, already ended where its result is kept."""
        job = self._join(shelf, key, work)
        try:
            yield job
        finally:
            with self._lock:
                job.waiting -= 1
                if not job.waiting and self._jobs.get((shelf, key)) is job:
                    del self._jobs[shelf, key]  # who asks now needs a job that isn't being cancelled

    def others(self, mine: Job) -> int:
        """How many other jobs compute at the moment."""
        with self._lock:
            return sum(job.computes and job is not mine for job in self._jobs.values())

    def _join(self, shelf: str, key: Hashable, work: Work) -> Job:
        with self._lock:
            results, job = self._results[shelf], self._jobs.get((shelf, key))
            if key in results:
                results.move_to_end(key)
                job = Job(work, result=results[key])
                job.ended.set()
            new = job is None
            if job is None:
                job = self._jobs[shelf, key] = Job(work, self._shelves[shelf].computes)
            job.waiting += 1  # before it starts, or its first report would find nobody
            if new:
                threading.Thread(
                    target=self._run, args=(shelf, key, job), name=f"whypixel {shelf}", daemon=True
                ).start()
            return job

    def _run(self, shelf: str, key: Hashable, job: Job) -> None:
        job.run()
        with self._lock:
            if self._jobs.get((shelf, key)) is job:
                del self._jobs[shelf, key]
            if job.error is None:
                self._keep(shelf, key, job.result)
            resting = not self._jobs
        job.ended.set()  # only now, so that whoever asks next finds the result kept
        if resting:
            release_freed_memory()

    def _keep(self, shelf: str, key: Hashable, result: Any) -> None:
        """Put a result on its shelf; the ones that nobody asked for longest make room. One always stays."""
        results, room = self._results[shelf], self._shelves[shelf]
        results[key] = result
        held = sum(map(nbytes, results.values()))
        while len(results) > 1 and (len(results) > room.entries or (room.nbytes is not None and held > room.nbytes)):
            _, oldest = results.popitem(last=False)
            held -= nbytes(oldest)
