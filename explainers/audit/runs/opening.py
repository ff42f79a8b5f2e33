"""What a run was made with and of, opened again: its classifier, its method, and its pictures by their numbers."""

from __future__ import annotations

import hashlib

from explainers.audit.cases.listing import read
from explainers.audit.runs.run import Run
from explainers.classifiers import Classifier, load_classifier
from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.images.photo import Photo
from explainers.methods import BY_SLUG


def photo(run: Run, number: int) -> Photo:
    """Return a picture of a run, by its number in the list of cases.

    Raises ExplanationError where there is none of that number, and where its file can't be read or isn't the one that
    was explained.
    """
    if not 0 <= number < run.plan.pictures:
        raise ExplanationError(f"The audit has the pictures 0 to {run.plan.pictures - 1:,}, and no {number}.")
    case = run.cases[number]
    data = read(run.plan.source, case)
    row = run.rows([number], ["sha256"]).get(number)
    if row and row["sha256"] not in (None, hashlib.sha256(data).hexdigest()):
        raise ExplanationError("The picture's file has changed since it was explained.")
    return Photo.read(case.path.rpartition("/")[2], data)


def classifier(run: Run) -> Classifier:
    """Load the classifier of a run. Raises ExplanationError where it can't be loaded, or isn't the one of then."""
    plan = run.plan
    loaded = load_classifier(plan.classifier, checkpoint=plan.checkpoint, labels=plan.labels, fit=plan.fit)
    check_identity(run, loaded)
    return loaded


def check_identity(run: Run, given: Classifier) -> None:
    """Raise ExplanationError unless this is the classifier that a run's maps are of."""
    if given.identity != run.plan.identity:
        raise ExplanationError(
            f"{given.name} isn't the classifier that the audit was made with: its weights, its classes or how it sees "
            "a photo have changed since."
        )


def explainer(run: Run) -> Explainer:
    """Return the method of a run with its settings. Raises ExplanationError where there is no such method any more."""
    kind = BY_SLUG.get(run.plan.method)
    if kind is None:
        raise ExplanationError(
            f"The audit was made by the method {run.plan.method!r}, which this Whypixel doesn't have."
        )
    if strange := sorted(run.plan.settings.keys() - kind.knobs().keys()):
        raise ExplanationError(f"{kind.title} has no setting {strange[0]!r} any more, with which the audit was made.")
    return kind(**run.plan.settings)
