"""The jobs that all visitors of this server share, and how a page awaits one behind a progress bar and a preview.

This is the only module of the pages that keeps results.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import ExplanationError
from explainers.numbers import duration
from explainers.runtime.jobs import Job, Jobs, Limits, Work
from explainers.verification import forget_answers
from pages.shared import state, stopping
from pages.shared.sharing import SHARED
from pages.shared.visits import VISITS

PROGRESS_DELAY = 0.3  # seconds before a progress bar or a preview appears: most results are there sooner
POLL_INTERVAL = 0.1  # seconds between looks at a job; each look is where Streamlit can stop a run
PROGRESS_INTERVAL = (
    0.5  # seconds between changes of a progress bar: under .3, the browser never shows what it is still loading
)
SLOWEST_PROGRESS, SLOWING = 2.5, 0.1  # seconds, and the share of the time so far: a slow browser needs longer rests
KEPT_BYTES = 256 * 2**20  # of maps with their pictures; one of 224 x 224 takes 2 MB
OnPreview = Callable[[Any], None]


class Stopped(ExplanationError):
    """The visitor has stopped the work before it was done."""

    kind = "info"


@st.cache_resource
def shared() -> Jobs:
    """The jobs of this server, which all visitors share, and how much is kept of each kind of result."""
    jobs = Jobs(
        {
            "classifiers": Limits(max_models(), computes=False),
            "predictions": Limits(256),
            "layers": Limits(16),
            "explanations": Limits(128, KEPT_BYTES),
            "records": Limits(16, KEPT_BYTES),
            "strips": Limits(16, KEPT_BYTES // 4),
            "grids": Limits(16, KEPT_BYTES // 4),
            "outcomes": Limits(128, KEPT_BYTES // 2),
            "reports": Limits(4),
            "lessons": Limits(32, KEPT_BYTES // 8),
        }
    )
    VISITS.when_gone(jobs.forget)
    SHARED.when_gone(jobs.forget)
    VISITS.when_empty(lambda: forget_computed(jobs))
    return jobs


def forget_computed(jobs: Jobs) -> None:
    """Forget all that can be computed again: results, and what each classifier keeps for its next call.

    That is little, but it lies scattered in memory, which can't be given back around it.
    """
    jobs.forget_computed()
    for _, classifier in jobs.kept("classifiers"):
        classifier.drop_copies()
        forget_answers(classifier)


def max_models() -> int:
    """Read how many classifiers are kept in memory. Raises ExplanationError for an invalid WHYPIXEL_MAX_MODELS."""
    text = os.environ.get("WHYPIXEL_MAX_MODELS", "3")
    if not text.isdecimal() or int(text) < 1:
        raise ExplanationError(f"WHYPIXEL_MAX_MODELS must be a whole number of 1 or more, not {text!r}.")
    return int(text)


def result(
    kind: str,
    key: Hashable,
    work: Work,
    doing: str,
    on_preview: OnPreview | None = None,
    about: Iterable[str] = (),
) -> Any:
    """Return the cached result for `key`, or await the job that everybody who asks for it shares.

    about: hashes of the photo and the classifier that the result is about, if it is about some.
    """
    slot, jobs = st.empty(), shared()  # the slot is always drawn, so that what follows keeps its place on the page
    if jobs.peek(kind, key) is None and stopping.waits((kind, key)):
        raise Stopped("Not computed, because it was stopped.")
    with jobs.job(kind, key, work, about) as job:
        if not job.ended.wait(PROGRESS_DELAY):
            _await(job, doing, slot, jobs, on_preview)
    if job.error:
        raise job.error
    return job.result


def _await(job: Job, doing: str, slot: DeltaGenerator, jobs: Jobs, on_preview: OnPreview | None) -> None:
    """Draw the progress of a job, and its preview once, until the job has ended."""
    preview_since, drawn_at, began = None, float("-inf"), time.monotonic()
    while not job.ended.wait(POLL_INTERVAL):
        rest = min(max(PROGRESS_INTERVAL, SLOWING * (drawn_at - began)), SLOWEST_PROGRESS)
        if time.monotonic() - drawn_at < rest:
            state.yield_to_streamlit()
        else:
            slot.progress(min(1.0, job.done / job.total) if job.total else 0.0, _status(job, doing, jobs.others(job)))
            drawn_at = time.monotonic()
        if on_preview and job.preview is not None:
            preview_since = preview_since or time.monotonic()
            if time.monotonic() - preview_since > PROGRESS_DELAY:
                on_preview(job.preview)
                on_preview = None
    slot.empty()


def _status(job: Job, doing: str, others: int) -> str:
    """The text of a progress bar."""
    sharing = f", sharing the machine with {others} other{'s' * (others > 1)}" if others and job.computes else ""
    if job.left is None:
        return doing + sharing
    return f"{doing}{sharing}, about {f'{job.left:.0f} s' if job.left < 10 else duration(job.left)} left"
