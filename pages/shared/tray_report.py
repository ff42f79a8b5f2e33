"""The button that makes one report of all the visitor's own pictures."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import streamlit as st

from explainers import Explainer, Explanation
from explainers.experiments import Finding, Randomisation, Removal, Stability
from explainers.images.photo import Photo
from explainers.question import Question
from explainers.report.photos import photos_report
from explainers.runtime.jobs import Report
from pages.shared import state, work
from pages.shared.frame import messages
from pages.shared.tray import kept_tray

ASKED_KEY = "tray-report"  # of what the visitor has asked a report of, and how often
TOLD = (Removal, Randomisation, Stability)  # no box: one that another visitor has drawn on the same picture is theirs
HINT = "One file to read, print or send: every picture with its map, its check, and the tests that were run."


def offer_tray_report(explainer: Explainer, question: Question, *, class_is_chosen: bool) -> None:
    """Draw the button, where the visitor looks at one of several pictures; or the report, once it was asked for.

    class_is_chosen: whether all are asked about the question's class, and not each about its own top prediction.
    """
    photos = kept_tray().photos
    if len(photos) < 2 or question.photo not in photos:
        return
    digests, target = tuple(photo.digest for photo in photos), question.target
    topic = (
        *(explainer, question.classifier.identity, digests, target.versus, target.scale),
        target.index if class_is_chosen else None,
    )
    asked_topic, count = state.recall(ASKED_KEY, (None, 0))
    if asked_topic != topic:
        label = f"Report of all {len(photos)} pictures (HTML)"
        st.button(label, key="ask-tray-report", on_click=_ask, args=(topic, count + 1), help=HINT, width="stretch")
        return
    with messages():
        page = work.report(
            (state.visit_name(), count, topic),  # the same question later may have been tested meanwhile
            lambda report: _make(photos, explainer, question, report, class_is_chosen=class_is_chosen),
            f"Explaining {len(photos)} pictures",
            (*digests, question.classifier.identity),
        )
        name = f"pictures-{explainer.slug()}.html"
        label = "Save the report (HTML)"  # which the server keeps once, and not as a file of every run
        st.download_button(
            label, lambda: page, name, key="save-tray-report", on_click="ignore", help=HINT, width="stretch"
        )


def _ask(topic: Hashable, count: int) -> None:
    state.remember(ASKED_KEY, (topic, count))


def _make(
    photos: Sequence[Photo], explainer: Explainer, question: Question, report: Report, *, class_is_chosen: bool
) -> bytes:
    """Make the report, in a job of its own."""
    begun = 0

    def explain(asked: Question) -> Explanation:
        nonlocal begun
        report(done := begun, len(photos))
        begun += 1
        known = work.known_explanation(explainer, asked)
        return known or explainer.explain(asked, on_progress=lambda progress: report(done, len(photos)))

    def findings(asked: Question, explanation: Explanation) -> Mapping[str, Finding]:
        outcomes = work.known_outcomes(explainer, asked, explanation)
        return {each.title: outcome.finding for each, outcome in outcomes if isinstance(each, TOLD)}

    return photos_report(photos, explainer, question, explain, findings, class_is_chosen=class_is_chosen).encode()
