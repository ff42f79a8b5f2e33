"""Slow work: jobs in threads, results kept by content. The only module that caches, queues and runs."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Classifier, Explainer, Explanation, Prediction, Target, load_classifier
from pages.shared.photo import Photo

PATIENCE = 0.3  # seconds before a progress bar appears: most answers are there sooner
BEAT = 0.1  # seconds between looks at a job; each look is where Streamlit can stop a run
Report = Callable[[int, int | None], None]


class Abandoned(Exception):
    """Nobody waits for a job any more."""


@dataclass(eq=False)
class Job:
    """One computation in a thread of its own, which never calls Streamlit."""

    work: Callable[[Report], Any]
    done: int = 0
    total: int | None = None
    waiting: int = 0
    started: float = field(default_factory=time.monotonic)
    ended: threading.Event = field(default_factory=threading.Event)
    result: Any = None
    error: BaseException | None = None

    def run(self) -> None:
        """Do the work; its result or error is there afterwards."""
        try:
            self.result = self.work(self.report)
        except BaseException as error:
            self.error = error

    def report(self, done: int, total: int | None) -> None:
        """Take note of progress; the last one to leave cancels the work here."""
        if not self.waiting:
            raise Abandoned
        self.done, self.total = done, total

    @property
    def left(self) -> float | None:
        """Seconds left, from the pace so far; None while nobody can tell."""
        if not self.done or not self.total:
            return None
        return (time.monotonic() - self.started) * max(0, self.total - self.done) / self.done


class Desk:
    """Jobs under way and results, shared by all sessions of the server."""

    def __init__(self, sizes: dict[str, int]) -> None:
        self._lock = threading.Lock()
        self._jobs: dict[Hashable, Job] = {}
        self._results: dict[str, OrderedDict[Hashable, Any]] = {shelf: OrderedDict() for shelf in sizes}
        self._sizes = sizes

    def get(self, shelf: str, key: Hashable, work: Callable[[Report], Any], doing: str) -> Any:
        """The result for `key`: kept, or awaited behind a progress bar from a job that the same questions share."""
        slot = st.empty()  # always, so that what follows keeps its place on the page
        with self._lock:
            results = self._results[shelf]
            if key in results:
                results.move_to_end(key)
                return results[key]
            job = self._jobs.get((shelf, key))
            if job is None:
                job = self._jobs[shelf, key] = Job(work)
                job.waiting = 1
                threading.Thread(target=self._run, args=(shelf, key, job), daemon=True).start()
            else:
                job.waiting += 1
        try:
            _await(job, doing, slot)
        finally:
            with self._lock:
                job.waiting -= 1
                if not job.waiting and self._jobs.get((shelf, key)) is job:
                    del self._jobs[shelf, key]  # who asks now needs a job that isn't being cancelled
        if job.error:
            raise job.error
        return job.result

    def _run(self, shelf: str, key: Hashable, job: Job) -> None:
        job.run()
        with self._lock:
            if self._jobs.get((shelf, key)) is job:
                del self._jobs[shelf, key]
            if job.error is None:
                results = self._results[shelf]
                results[key] = job.result
                while len(results) > self._sizes[shelf]:
                    results.popitem(last=False)
        job.ended.set()  # only now, so that whoever asks next finds the result kept


def _await(job: Job, doing: str, slot: DeltaGenerator) -> None:
    if job.ended.wait(PATIENCE):
        return
    while not job.ended.wait(BEAT):
        left = f", about {job.left:.0f} s left" if job.left is not None else ""
        slot.progress(min(1.0, job.done / job.total) if job.total else 0.0, f"{doing}{left}")
    slot.empty()


@st.cache_resource
def _desk() -> Desk:
    return Desk({"classifiers": 3, "predictions": 256, "explanations": 64})


def classifier(name: str, title: str, fit: Literal["crop", "pad"]) -> Classifier:
    """The classifier of that name, downloaded if need be. Raises ExplanationError."""
    key = (name, fit)
    found: Classifier = _desk().get(
        "classifiers", key, lambda report: load_classifier(name, fit=fit, on_progress=report), f"Getting {title} ready"
    )
    return found


def predictions(of: Classifier, photo: Photo) -> list[Prediction]:
    """The five likeliest classes of a photo."""
    key = (of.identity, photo.digest)
    found: list[Prediction] = _desk().get(
        "predictions", key, lambda report: of.predict(photo.image, 5), "Asking the classifier"
    )
    return found


def explanation(explainer: Explainer, of: Classifier, photo: Photo, target: Target) -> Explanation:
    """The map of a photo. Raises ExplanationError."""

    def work(report: Report) -> Explanation:
        return explainer(of, photo.image, target, on_progress=lambda progress: report(progress.done, progress.total))

    key = (explainer, of.identity, photo.digest, target)
    found: Explanation = _desk().get("explanations", key, work, f"Computing {explainer.title}")
    return found
