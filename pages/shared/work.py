"""Slow work is computed once for all who ask for it, awaited behind a progress bar, and cached by its content.

This is the only module of the pages that caches.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Classifier, Explainer, Explanation, ExplanationError, Prediction, Progress
from explainers.arrays import Array
from explainers.classifiers import Source
from explainers.classifiers import layer_maps as layer_activations
from explainers.classifiers.view import Fit
from explainers.experiments import Experiment
from explainers.images.photo import Photo
from explainers.methods import path_record, path_strip
from explainers.methods.path_record import PathMethod, PathRecord
from explainers.methods.path_strip import PathStrip
from explainers.numbers import duration
from explainers.passes import OnProgress
from explainers.paths.step_grid import StepGrid
from explainers.question import Question
from explainers.runtime.jobs import Job, Jobs, Limits, Report, Work
from pages.shared import state, stopping
from pages.shared.sharing import SHARED
from pages.shared.visits import VISITS

if TYPE_CHECKING:  # lessons are imported where they are held
    from explainers.lessons import Task

PROGRESS_DELAY = 0.3  # seconds before a progress bar or a preview appears: most results are there sooner
POLL_INTERVAL = 0.1  # seconds between looks at a job; each look is where Streamlit can stop a run
PROGRESS_INTERVAL = (
    0.5  # seconds between changes of a progress bar: under .3, the browser never shows what it is still loading
)
KEPT_BYTES = 256 * 2**20  # of maps with their pictures; one of 224 x 224 takes 2 MB
QUICK_PIXELS = 140 * 224 * 224  # pixels that take a few seconds: 140 pictures for EfficientNet-Lite0, with gradients
OnPreview = Callable[[Any], None]


class Stopped(ExplanationError):
    """The visitor has stopped the work before it was done."""

    kind = "info"


@st.cache_resource
def _jobs() -> Jobs:
    """The jobs of this server, which all visitors share, and how much is kept of each kind of result."""
    jobs = Jobs(
        {
            "classifiers": Limits(_max_models(), computes=False),
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
    return jobs


def _max_models() -> int:
    """Read how many classifiers are kept in memory. Raises ExplanationError for an invalid WHYPIXEL_MAX_MODELS."""
    text = os.environ.get("WHYPIXEL_MAX_MODELS", "3")
    if not text.isdecimal() or int(text) < 1:
        raise ExplanationError(f"WHYPIXEL_MAX_MODELS must be a whole number of 1 or more, not {text!r}.")
    return int(text)


def classifier(source: Source, fit: Fit) -> Classifier:
    """Load the classifier of a source, and download its weights if need be. Raises ExplanationError."""
    loaded: Classifier = _get(
        "classifiers",
        (source.digest, fit),
        lambda report: source.load(fit=fit, on_progress=report),
        f"Getting {source.title} ready",
        about=(source.digest,),
    )
    if source.origin == "own":
        state.hold_for(source.name, (source.digest, loaded.identity))
    return loaded


def predictions(classifier: Classifier, photo: Photo) -> list[Prediction]:
    """Predict the five likeliest classes of a photo, the likeliest first."""
    key = (classifier.identity, photo.digest)
    likeliest: list[Prediction] = _get(
        "predictions",
        key,
        lambda report: classifier.predict(photo.image, 5),
        "Asking the classifier",
        about=(photo.digest, classifier.identity),
    )
    return likeliest


def layer_maps(classifier: Classifier, photo: Photo) -> Mapping[str, Array]:
    """Return the mean activation of every layer on a photo. Raises ExplanationError."""
    maps: Mapping[str, Array] = _get(
        "layers",
        (classifier.identity, photo.digest),
        lambda report: layer_activations.layer_maps(classifier, photo.image),
        "Looking at the layers",
        about=(photo.digest, classifier.identity),
    )
    return maps


def takes_long(passes: int, classifier: Classifier) -> bool:
    """Whether that many passes take longer than a visitor should wait without having asked for them."""
    return passes * classifier.size[0] * classifier.size[1] > QUICK_PIXELS


def explanation(
    explainer: Explainer, question: Question, on_preview: OnPreview | None = None, doing: str = ""
) -> Explanation:
    """Explain the answer to a question; `on_preview` draws a first map if it takes a while. Raises ExplanationError.

    doing: the text of the progress bar, instead of "Computing" and the method's title.
    """
    answer: Explanation = _get(
        "explanations",
        (explainer, question.key),
        lambda report: explainer.explain(question, on_progress=_reporter(report)),
        doing or f"Computing {explainer.title}",
        on_preview,
        question.subjects,
    )
    return answer


def known_explanation(explainer: Explainer, question: Question) -> Explanation | None:
    """Return the explanation of the answer to a question if it is cached; threads of jobs may ask for it, too."""
    known: Explanation | None = _jobs().peek("explanations", (explainer, question.key))
    return known


def record(
    explainer: PathMethod, question: Question, stops: int, steps: int, on_preview: OnPreview | None = None
) -> PathRecord:
    """Integrate along the path and record it at `stops` alphas and as a nested grid. Raises ExplanationError."""
    answer: PathRecord = _get(
        "records",
        (explainer, question.key, stops, steps),
        lambda report: path_record.record_path(
            explainer, question, stops_kept=stops, steps=steps, on_progress=_reporter(report)
        ),
        "Integrating along the path",
        on_preview,
        question.subjects,
    )
    return answer


def strip(explainer: PathMethod, question: Question, count: int) -> PathStrip:
    """Compute `count` pictures on the path to a photo, with their scores. Raises ExplanationError."""
    pictures: PathStrip = _get(
        "strips",
        (explainer, question.key, count),
        lambda report: path_strip.path_strip(explainer, question, count, on_progress=_reporter(report)),
        "Following the path",
        about=question.subjects,
    )
    return pictures


def extend(explainer: PathMethod, question: Question, grid: StepGrid, steps: int) -> StepGrid:
    """Extend the nested grid of a question's record up to `steps`. Raises ExplanationError."""
    extended: StepGrid = _get(
        "grids",
        (explainer, question.key, grid.steps, steps),
        lambda report: path_record.extend(explainer, question, grid, steps, on_progress=_reporter(report)),
        f"Integrating in {steps} steps",
        about=question.subjects,
    )
    return extended


def outcome(experiment: Experiment, explainer: Explainer, question: Question, explanation: Explanation) -> Any:
    """Run an experiment on an explainer's map for the question. Raises ExplanationError."""
    return _get(
        "outcomes",
        (experiment, explainer, question.key, explanation.reduction),
        lambda report: experiment(explainer, question, explanation, on_progress=_reporter(report)),
        experiment.title,
        about=question.subjects,
    )


def known_outcomes(explainer: Explainer, question: Question, explanation: Explanation) -> list[tuple[Experiment, Any]]:
    """Return the experiments on a map whose outcomes are cached, with these, in the order of their last use."""
    map_key = explainer, question.key, explanation.reduction
    kept = _jobs().kept("outcomes")
    return [(experiment, outcome) for (experiment, *key), outcome in kept if tuple(key) == map_key]


def report(key: Hashable, make: Callable[[Report], bytes], doing: str, about: Iterable[str]) -> bytes:
    """Make a report of several results. Raises ExplanationError.

    make:  makes it, and reports how many results are done.
    doing: the text of the progress bar.
    about: hashes of the photos and the classifier that it is about.
    """
    page: bytes = _get("reports", key, make, doing, about=about)
    return page


def result_of(task: Task[Any]) -> Any:
    """Carry out a task of a lesson. Raises ExplanationError."""
    return _get("lessons", task.key, lambda report: task.run(_reporter(report)), task.doing)


def has_result(task: Task[Any]) -> bool:
    """Whether a task of a lesson has been carried out already."""
    return _jobs().peek("lessons", task.key) is not None


def result_unseen(task: Task[Any]) -> Any:
    """Carry out a task of a lesson where no page can be drawn. Raises ExplanationError."""
    with _jobs().job("lessons", task.key, lambda report: task.run(_reporter(report))) as job:
        job.ended.wait()
    if job.error:
        raise job.error
    return job.result


def _reporter(report: Report) -> OnProgress:
    """Make the callback that hands a computation's progress on to its job."""

    def tell(progress: Progress) -> None:
        report(progress.done, progress.total, progress.preview)

    return tell


def _get(
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
    slot, jobs = st.empty(), _jobs()  # the slot is always drawn, so that what follows keeps its place on the page
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
    preview_since, drawn_at = None, float("-inf")
    while not job.ended.wait(POLL_INTERVAL):
        if time.monotonic() - drawn_at < PROGRESS_INTERVAL:
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
