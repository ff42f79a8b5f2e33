"""Computing the tiles of a grid, one after the other; one that can't be had says why and the others go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from explainers import Classifier, Explainer, ExplanationError, Target
from explainers.classifiers import offers
from explainers.figures import Piece
from explainers.proof import brief
from pages.sections.compare.axes import Wish, deep, with_setting
from pages.sections.compare.plan import Plan
from pages.shared import state, work
from pages.shared.question import Question

REDRAWN = 1.0  # seconds between two drawings while tiles are missing
FAILURES = "compare-failures"  # {classifier: why it can't be had}, so that a download isn't tried at every click
OnRow = Callable[[Sequence[Piece]], None]


def compute(plan: Plan, asked: Question, explainer: Explainer, on_row: OnRow) -> list[Piece]:
    """The tiles; `on_row` draws those that are there and places for the rest.

    That is once there is a first look at the first row, then once one is there, then when a row is complete, and not
    more than once a second.
    """
    pieces = [Piece(plan.title(number), "waiting …") for number in range(len(plan.tiles))]
    bar, started = st.empty(), time.monotonic()
    drawn = started
    for number in range(plan.columns):
        pieces[number] = _first_look(plan, number, asked, explainer) or pieces[number]
    if time.monotonic() - drawn >= REDRAWN:
        on_row(pieces)
        drawn = time.monotonic()
    for number in range(len(pieces)):
        pieces[number] = _piece(plan, number, asked, explainer)
        done, now = number + 1, time.monotonic()
        if done == len(pieces):
            break
        if now - started > work.PATIENCE:
            left = (now - started) / done * (len(pieces) - done)
            bar.progress(done / len(pieces), f"{done} of {len(pieces)} maps, about {left:.0f} s left")
        complete = done % plan.columns == 0 or plan.rows == 1 or drawn == started
        if complete and now - drawn >= REDRAWN:
            on_row(pieces)
            drawn = time.monotonic()
    bar.empty()
    return pieces


def offer_another_try() -> None:
    """A button where a classifier could not be had."""
    if state.noted(FAILURES):
        st.button("Try again", key="compare-again", on_click=state.note, args=(FAILURES, {}))


def _piece(plan: Plan, number: int, asked: Question, explainer: Explainer) -> Piece:
    try:
        method, classifier, target = _asked(plan.wish(number, asked, explainer), asked)
        found = work.explanation(method, classifier, asked.photo, target)
        return Piece(plan.title(number, found), brief(method, classifier, found), found)
    except ExplanationError as error:
        return Piece(plan.title(number), str(error))


def _first_look(plan: Plan, number: int, asked: Question, explainer: Explainer) -> Piece | None:
    """A tile that is there soon: the map, or a cheaper one that is like it; None where both take long."""
    try:
        method, classifier, target = _asked(plan.wish(number, asked, explainer), asked)
        if not work.takes_long(method.passes(classifier) * plan.columns, classifier):  # were all of the row like it
            return _piece(plan, number, asked, explainer)
        if (cheaper := method.glimpse) is None:
            return None
        found = work.explanation(cheaper, classifier, asked.photo, target)
        return Piece(plan.title(number, found), f"a first look after {found.facts['passes']} passes", found)
    except ExplanationError as error:
        return Piece(plan.title(number), str(error))


def _asked(wish: Wish, asked: Question) -> tuple[Explainer, Classifier, Target]:
    """What computes the map that was wished for. Raises ExplanationError."""
    classifier = asked.classifier if wish.classifier is None else _classifier(wish.classifier)
    explainer = wish.explainer
    if wish.layer:
        explainer = with_setting(explainer, "layer", deep(classifier, wish.layer))
    index, versus = (None if label is None else _index(classifier, label) for label in (wish.label, wish.versus))
    return explainer, classifier, Target(index or 0, versus, wish.scale)


def _index(classifier: Classifier, label: str) -> int:
    """The class of that name."""
    if label not in classifier.labels:
        raise ExplanationError(f"{classifier.name} knows no class called {label!r}.")
    return classifier.labels.index(label)


def _classifier(name: str) -> Classifier:
    failures: dict[str, str] = state.noted(FAILURES, {})
    if name in failures:
        raise ExplanationError(failures[name])
    fit: Literal["crop", "pad"] = state.value("fit", "crop")
    title = next(offer.title for offer in offers() if offer.name == name)
    try:
        return work.classifier(name, title, fit)
    except ExplanationError as error:
        state.note(FAILURES, {**failures, name: str(error)})
        raise
