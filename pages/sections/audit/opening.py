"""Opens a picture of an audit on the Explain page as it was explained: its classifier, method, settings and class."""

from __future__ import annotations

import streamlit as st

from explainers import ExplanationError
from explainers.audit.runs.opening import check_identity, photo
from explainers.audit.runs.run import Run
from explainers.classifiers import Classifier
from explainers.classifiers.catalogue import find
from explainers.images.photo import Photo
from pages.sections.audit.audit import Audit, without_places
from pages.shared import state, strip, work
from pages.shared.heading import FIRST_PAGE, PAGES
from pages.shared.own_classifiers import CLASSIFIER_KEY
from pages.shared.own_picture import AUDITED_KEY, PHOTO_KEY, dismiss_refusal
from pages.shared.question import NOTHING
from pages.shared.tray import keep_tray, kept_tray

WANTED_KEY = "wanted audit picture"
LABELS = (
    "This audit's classes have the names of a file that only its command gave, so no page can ask its classifier "
    "again. Let models.toml name the file of the classes (docs/classifiers.md), and audit the classifier by the name "
    "that it has there."
)
CHECKPOINT = (
    "This audit's classifier was loaded from a file that only its command named, so no page can ask it again. Let "
    "models.toml name the file (docs/classifiers.md), and audit the classifier by the name that it has there."
)


def want(number: str) -> None:
    """Have a picture opened in the next run, whose errors have a place on the page."""
    state.remember(WANTED_KEY, number)


def open_wanted(audit: Audit) -> None:
    """End this run for one of the Explain page if a picture was clicked.

    Raises ExplanationError where it can't be explained as it was.
    """
    wanted = state.recall(WANTED_KEY)
    state.remember(WANTED_KEY, None)
    if wanted:
        try:
            settings = _settings(audit, int(wanted))
        except ExplanationError as error:
            raise ExplanationError(without_places(audit.run, str(error))) from error
        state.replace(settings)
        state.leave_address()
        st.switch_page(PAGES[FIRST_PAGE][1], query_params=state.settings())


def _settings(audit: Audit, number: int) -> dict[str, str]:
    """Take a picture in, and return what is to be set to explain it, beside the settings of this page to return to."""
    row = audit.run.row(number)
    if row is None or row["error"]:
        raise ExplanationError(row["error"] if row else "This picture hasn't been computed yet.")
    plan = audit.run.plan
    classifier = _classifier(audit.run)
    picture = photo(audit.run, number)
    _take_in(picture)
    versus = row["versus_index"]
    return {
        **state.address(),
        **{f"{plan.method}-{name}": str(value) for name, value in plan.settings.items() if value is not None},
        **{f"{plan.method}-{name}-automatic": str(value is None) for name, value in plan.settings.items()},
        CLASSIFIER_KEY: plan.classifier,
        "method": plan.method,
        "fit": plan.fit,
        "class": classifier.labels[row["target_index"]],
        "rather-than": NOTHING if versus is None else classifier.labels[versus],
        "scale": plan.scale,
        strip.SAMPLE_KEY: strip.OWN,
        PHOTO_KEY: picture.fingerprint,
    }


def _classifier(run: Run) -> Classifier:
    """Return the classifier of an audit. Raises ExplanationError where the pages don't have it."""
    plan = run.plan
    if plan.checkpoint is not None:
        raise ExplanationError(CHECKPOINT)
    if plan.labels is not None:
        raise ExplanationError(LABELS)
    classifier = work.classifier(find(plan.classifier), plan.fit)
    check_identity(run, classifier)
    return classifier


def _take_in(picture: Photo) -> None:
    """Keep a picture as the visitor's own, in place of earlier ones of audits where there is no room for more."""
    dismiss_refusal()
    tray, audited = kept_tray(), state.recall(AUDITED_KEY, ())
    for earlier in audited:
        try:
            tray.without(picture.fingerprint).check_room()
            break
        except ExplanationError:
            tray = tray.without(earlier)
    keep_tray(tray.with_photo(picture))
    state.remember(AUDITED_KEY, (*(each for each in audited if each != picture.fingerprint), picture.fingerprint))
    state.keep_upload(picture)
