"""Computing the tiles of a comparison one after the other; where one fails, it says why and the others go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Literal

import streamlit as st

from explainers import Classifier, ExplanationError
from explainers.classifiers import sources
from explainers.comparison.variants import Comparison, Variant
from explainers.figures import Tile
from explainers.proof import brief
from explainers.question import Question
from pages.shared import state, work

REDRAW_INTERVAL = 1.0  # seconds between two drawings while tiles are missing
FAILURES_KEY = (
    "compare-failures"  # of {classifier: why it can't be loaded}: no failed download is repeated at every click
)
OnRow = Callable[[Sequence[Tile]], None]


def compute(comparison: Comparison, question: Question, on_row: OnRow) -> list[Tile]:
    """Compute the tiles; `on_row` draws those that are ready and placeholders for the rest.

    It is called when the first row has its first looks, when the first tile is ready, and whenever a row is complete,
    but never more than once a second.
    """
    variants, columns = comparison.variants, comparison.columns
    tiles = [Tile(variant.title(None), "waiting …") for variant in variants]
    bar, started_at = st.empty(), time.monotonic()
    drawn_at = started_at
    for number, variant in enumerate(variants[:columns]):
        tiles[number] = _first_look(variant, question, columns) or tiles[number]
    if time.monotonic() - drawn_at >= REDRAW_INTERVAL:
        on_row(tiles)
        drawn_at = time.monotonic()
    for number, variant in enumerate(variants):
        tiles[number] = _tile(variant, question)
        done, now = number + 1, time.monotonic()
        if done == len(tiles):
            break
        if now - started_at > work.PROGRESS_DELAY:
            seconds_left = (now - started_at) / done * (len(tiles) - done)
            bar.progress(done / len(tiles), f"{done} of {len(tiles)} maps, about {seconds_left:.0f} s left")
        complete = done % columns == 0 or comparison.rows == 1 or drawn_at == started_at
        if complete and now - drawn_at >= REDRAW_INTERVAL:
            on_row(tiles)
            drawn_at = time.monotonic()
    bar.empty()
    return tiles


def offer_another_try() -> None:
    """Draw a button to try again where a classifier could not be loaded."""
    if state.recall(FAILURES_KEY):
        st.button("Try again", key="compare-again", on_click=state.remember, args=(FAILURES_KEY, {}))


def _tile(variant: Variant, question: Question) -> Tile:
    """Compute a tile, or say in it why there is no map."""
    try:
        explainer, variant_question = variant.ask(_classifier(variant, question), question.photo)
        explanation = work.explanation(explainer, variant_question)
        return Tile(variant.title(explanation), brief(explainer, variant_question.classifier, explanation), explanation)
    except ExplanationError as error:
        return Tile(variant.title(None), str(error))


def _first_look(variant: Variant, question: Question, columns: int) -> Tile | None:
    """Compute a tile that is ready soon: the map itself or its preview form; None where neither is quick."""
    try:
        explainer, variant_question = variant.ask(_classifier(variant, question), question.photo)
        classifier = variant_question.classifier
        row_passes = explainer.passes(classifier) * columns  # if every tile of the row took as many
        if not work.takes_long(row_passes, classifier):
            return _tile(variant, question)
        if (cheaper := explainer.preview_form) is None:
            return None
        explanation = work.explanation(cheaper, variant_question)
        line = f"a first look after {explanation.facts.passes} passes"
        return Tile(variant.title(explanation), line, explanation)
    except ExplanationError as error:
        return Tile(variant.title(None), str(error))


def _classifier(variant: Variant, question: Question) -> Classifier:
    """Load the classifier that a variant names, or return the question's. Raises ExplanationError."""
    name = variant.classifier
    if name is None or variant.refusal:
        return question.classifier
    failures: dict[str, str] = state.recall(FAILURES_KEY, {})
    if name in failures:
        raise ExplanationError(failures[name])
    fit: Literal["crop", "pad"] = state.value("fit", "crop")
    try:
        return work.classifier(next(source for source in sources() if source.name == name), fit)
    except ExplanationError as error:
        state.remember(FAILURES_KEY, {**failures, name: str(error)})
        raise
