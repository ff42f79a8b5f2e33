"""Slow work: asked for once, awaited behind a progress bar, kept by content. The only module that caches."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Classifier, Explainer, Explanation, ExplanationError, Prediction, Target, load_classifier
from explainers.experiments import Experiment, Outcome
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.methods.path_strip import Strip
from explainers.methods.path_strip import strip as along
from explainers.paths.step_grid import StepGrid
from explainers.runtime.jobs import Job, Jobs, Limits, Report, Work
from pages.shared import state
from pages.shared.photo import Photo

PATIENCE = 0.3  # seconds before a progress bar or a preview appears: most answers are there sooner
BEAT = 0.1  # seconds between looks at a job; each look is where Streamlit can stop a run
REDRAWN = 0.5  # seconds between changes of a progress bar: under .3, the browser never shows what it is still loading
KEPT_BYTES = 256 * 2**20  # of maps with their pictures; one of 224 x 224 takes 2 MB
AT_ONCE = 1000 * 64 * 64  # pixels that pass within a few seconds: 1000 of the bundled classifier's pictures
OnPreview = Callable[[Explanation], None]


@st.cache_resource
def _desk() -> Jobs:
    return Jobs(
        {
            "classifiers": Limits(_most_models(), computes=False),
            "predictions": Limits(256),
            "explanations": Limits(128, KEPT_BYTES),
            "strips": Limits(16, KEPT_BYTES // 4),
            "grids": Limits(16, KEPT_BYTES // 4),
            "outcomes": Limits(128, KEPT_BYTES // 2),
        }
    )


def _most_models() -> int:
    """Classifiers in memory at once."""
    text = os.environ.get("WHYPIXEL_MAX_MODELS", "3")
    if not text.isdecimal() or int(text) < 1:
        raise ExplanationError(f"WHYPIXEL_MAX_MODELS must be a whole number of 1 or more, not {text!r}.")
    return int(text)


def classifier(name: str, title: str, fit: Literal["crop", "pad"]) -> Classifier:
    """The classifier of that name, downloaded if need be. Raises ExplanationError."""
    found: Classifier = _get(
        "classifiers",
        (name, fit),
        lambda report: load_classifier(name, fit=fit, on_progress=report),
        f"Getting {title} ready",
    )
    return found


def predictions(of: Classifier, photo: Photo) -> list[Prediction]:
    """The five likeliest classes of a photo."""
    key = (of.identity, photo.digest)
    found: list[Prediction] = _get(
        "predictions", key, lambda report: of.predict(photo.image, 5), "Asking the classifier"
    )
    return found


def takes_long(passes: int, of: Classifier) -> bool:
    """Whether so many passes are more than a visitor waits for without being asked."""
    return passes * of.size[0] * of.size[1] > AT_ONCE


def explanation(
    explainer: Explainer,
    of: Classifier,
    photo: Photo,
    target: Target,
    on_preview: OnPreview | None = None,
    doing: str = "",
) -> Explanation:
    """The map of a photo; `on_preview` draws a first one if that takes a while. Raises ExplanationError.

    doing: what the progress bar says, if not "Computing" the method.
    """

    def work(report: Report) -> Explanation:
        return explainer(
            of,
            photo.image,
            target,
            on_progress=lambda progress: report(progress.done, progress.total, progress.preview),
        )

    key = (explainer, of.identity, photo.digest, target)
    found: Explanation = _get("explanations", key, work, doing or f"Computing {explainer.title}", on_preview)
    return found


def strip(explainer: IntegratedGradients, of: Classifier, photo: Photo, target: Target, count: int) -> Strip:
    """So many pictures on the path to a photo, with their scores. Raises ExplanationError."""

    def work(report: Report) -> Strip:
        return along(
            explainer, of, photo.image, target, count, on_progress=lambda progress: report(progress.done, count)
        )

    found: Strip = _get("strips", (explainer, of.identity, photo.digest, target, count), work, "Walking the path")
    return found


def further(
    explainer: IntegratedGradients, of: Classifier, photo: Photo, target: Target, grid: StepGrid, steps: int
) -> StepGrid:
    """The nested grid of that question's explanation with more levels. Raises ExplanationError."""

    def work(report: Report) -> StepGrid:
        return explainer.further(
            of,
            photo.image,
            target,
            grid,
            steps,
            on_progress=lambda progress: report(progress.done, progress.total),
        )

    key = (explainer, of.identity, photo.digest, target, grid.steps, steps)
    found: StepGrid = _get("grids", key, work, f"Integrating in {steps} steps")
    return found


def outcome(
    experiment: Experiment, explainer: Explainer, of: Classifier, photo: Photo, explanation: Explanation
) -> Any:
    """What comes out of an experiment on that explainer's explanation of the photo. Raises ExplanationError."""

    def work(report: Report) -> Outcome:
        return experiment(
            explainer,
            of,
            photo.image,
            explanation,
            on_progress=lambda progress: report(progress.done, progress.total),
        )

    key = (experiment, explainer, of.identity, photo.digest, explanation.target, explanation.reduction)
    return _get("outcomes", key, work, experiment.title)


def _get(shelf: str, key: Hashable, work: Work, doing: str, on_preview: OnPreview | None = None) -> Any:
    """The result for `key`: kept, or awaited from a job that the same questions share."""
    slot, desk = st.empty(), _desk()  # a slot always, so that what follows keeps its place on the page
    with desk.job(shelf, key, work) as job:
        if not job.ended.wait(PATIENCE):
            _await(job, doing, slot, desk, on_preview)
    if job.error:
        raise job.error
    return job.result


def _await(job: Job, doing: str, slot: DeltaGenerator, desk: Jobs, on_preview: OnPreview | None) -> None:
    came, drawn = None, float("-inf")
    while not job.ended.wait(BEAT):
        if time.monotonic() - drawn < REDRAWN:
            state.may_end()
        else:
            slot.progress(min(1.0, job.done / job.total) if job.total else 0.0, _status(job, doing, desk.others(job)))
            drawn = time.monotonic()
        if on_preview and job.preview is not None:
            came = came or time.monotonic()
            if time.monotonic() - came > PATIENCE:
                on_preview(job.preview)
                on_preview = None
    slot.empty()


def _status(job: Job, doing: str, others: int) -> str:
    """What a progress bar says."""
    sharing = f", sharing the machine with {others} other{'s' * (others > 1)}" if others and job.computes else ""
    return doing + sharing + (f", about {job.left:.0f} s left" if job.left is not None else "")
