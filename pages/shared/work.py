"""Slow work, each kind of it with its key: it is computed once for all who ask for it, and cached by its content."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from explainers import Classifier, Explainer, Explanation, Prediction, Progress
from explainers.arrays import Array
from explainers.classifiers import Source
from explainers.classifiers import layer_maps as layer_activations
from explainers.classifiers.view import Fit
from explainers.experiments import Experiment
from explainers.images.photo import Photo
from explainers.methods import path_record, path_strip
from explainers.methods.path_record import PathMethod, PathRecord
from explainers.methods.path_strip import PathStrip
from explainers.passes import OnProgress
from explainers.paths.step_grid import StepGrid
from explainers.question import Question
from explainers.runtime.jobs import Report
from pages.shared import jobs, state
from pages.shared.jobs import OnPreview

if TYPE_CHECKING:  # lessons are imported where they are held
    from explainers.lessons import Task

QUICK_PIXELS = 140 * 224 * 224  # pixels that take a few seconds: 140 pictures for EfficientNet-Lite0, with gradients


def classifier(source: Source, fit: Fit) -> Classifier:
    """Load the classifier of a source, and download its weights if need be. Raises ExplanationError."""
    loaded: Classifier = jobs.result(
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
    likeliest: list[Prediction] = jobs.result(
        "predictions",
        key,
        lambda report: classifier.predict(photo.image, 5),
        "Asking the classifier",
        about=(photo.digest, classifier.identity),
    )
    return likeliest


def layer_maps(classifier: Classifier, photo: Photo) -> Mapping[str, Array]:
    """Return the mean activation of every layer on a photo. Raises ExplanationError."""
    maps: Mapping[str, Array] = jobs.result(
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
    answer: Explanation = jobs.result(
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
    known: Explanation | None = jobs.shared().peek("explanations", (explainer, question.key))
    return known


def record(
    explainer: PathMethod, question: Question, stops: int, steps: int, on_preview: OnPreview | None = None
) -> PathRecord:
    """Integrate along the path and record it at `stops` alphas and as a nested grid. Raises ExplanationError."""
    answer: PathRecord = jobs.result(
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
    pictures: PathStrip = jobs.result(
        "strips",
        (explainer, question.key, count),
        lambda report: path_strip.path_strip(explainer, question, count, on_progress=_reporter(report)),
        "Following the path",
        about=question.subjects,
    )
    return pictures


def extend(explainer: PathMethod, question: Question, grid: StepGrid, steps: int) -> StepGrid:
    """Extend the nested grid of a question's record up to `steps`. Raises ExplanationError."""
    extended: StepGrid = jobs.result(
        "grids",
        (explainer, question.key, grid.steps, steps),
        lambda report: path_record.extend(explainer, question, grid, steps, on_progress=_reporter(report)),
        f"Integrating in {steps} steps",
        about=question.subjects,
    )
    return extended


def outcome(experiment: Experiment, explainer: Explainer, question: Question, explanation: Explanation) -> Any:
    """Run an experiment on an explainer's map for the question. Raises ExplanationError."""
    return jobs.result(
        "outcomes",
        (experiment, explainer, question.key, explanation.reduction),
        lambda report: experiment(explainer, question, explanation, on_progress=_reporter(report)),
        experiment.title,
        about=question.subjects,
    )


def known_outcomes(explainer: Explainer, question: Question, explanation: Explanation) -> list[tuple[Experiment, Any]]:
    """Return the experiments on a map whose outcomes are cached, with these, in the order of their last use."""
    map_key = explainer, question.key, explanation.reduction
    kept = jobs.shared().kept("outcomes")
    return [(experiment, outcome) for (experiment, *key), outcome in kept if tuple(key) == map_key]


def report(key: Hashable, make: Callable[[Report], bytes], doing: str, about: Iterable[str]) -> bytes:
    """Make a report of several results. Raises ExplanationError.

    make:  makes it, and reports how many results are done.
    doing: the text of the progress bar.
    about: hashes of the photos and the classifier that it is about.
    """
    page: bytes = jobs.result("reports", key, make, doing, about=about)
    return page


def result_of(task: Task[Any]) -> Any:
    """Carry out a task of a lesson. Raises ExplanationError."""
    return jobs.result("lessons", task.key, lambda report: task.run(_reporter(report)), task.doing)


def has_result(task: Task[Any]) -> bool:
    """Whether a task of a lesson has been carried out already."""
    return jobs.shared().peek("lessons", task.key) is not None


def result_unseen(task: Task[Any]) -> Any:
    """Carry out a task of a lesson where no page can be drawn. Raises ExplanationError."""
    with jobs.shared().job("lessons", task.key, lambda report: task.run(_reporter(report))) as job:
        job.ended.wait()
    if job.error:
        raise job.error
    return job.result


def _reporter(report: Report) -> OnProgress:
    """Make the callback that hands a computation's progress on to its job."""

    def tell(progress: Progress) -> None:
        report(progress.done, progress.total, progress.preview)

    return tell
