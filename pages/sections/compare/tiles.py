"""Computing the tiles of a comparison one after the other; where one fails, it says why and the others go on."""

from __future__ import annotations

import time
from typing import Protocol

import streamlit as st

from explainers import Classifier, Explainer, ExplanationError
from explainers.classifiers.catalogue import find
from explainers.comparison.variants import Comparison, Variant
from explainers.figures import Tile
from explainers.numbers import counted, duration
from explainers.proof import brief
from explainers.question import Question
from pages.shared import jobs, state, work
from pages.shared.picture import photo_called

FAILURES_KEY = (
    "compare-failures"  # of {classifier: why it can't be loaded}: no failed download is repeated at every click
)


class OnTiles(Protocol):
    """What draws tiles as they come, by their numbers from 0."""

    def wait(self, number: int) -> None:
        """A tile is still to come."""

    def look(self, number: int, tile: Tile) -> None:
        """There is a first look at a tile."""

    def ready(self, number: int, tile: Tile) -> None:
        """A tile is there."""


def compute(comparison: Comparison, question: Question, drawing: OnTiles) -> list[Tile]:
    """Compute the tiles, the quick ones first; where others take longer, `drawing` draws each as it comes."""
    variants, tiles = comparison.variants, dict[int, Tile]()
    bar = st.empty()
    for number, variant in enumerate(variants):
        if _is_quick(variant, question, comparison.columns):
            tiles[number] = _tile(variant, question)
    slow = [number for number in range(len(variants)) if number not in tiles]
    if slow:
        for number in range(len(variants)):
            drawing.ready(number, tiles[number]) if number in tiles else drawing.wait(number)
    for number in slow[: comparison.columns]:
        if tile := _first_look(variants[number], question):
            drawing.look(number, tile)
    started_at = time.monotonic()
    for done, number in enumerate(slow):
        if done:
            left = (time.monotonic() - started_at) / done * (len(slow) - done)
            ready = f"{len(tiles)} of {counted(len(variants), 'map')}"
            bar.progress(len(tiles) / len(variants), f"{ready}, about {duration(left)} left")
        tiles[number] = _tile(variants[number], question)
        drawing.ready(number, tiles[number])
    bar.empty()
    return [tiles[number] for number in range(len(variants))]


def offer_another_try() -> None:
    """Draw a button to try again where a classifier could not be loaded."""
    if state.recall(FAILURES_KEY):
        st.button("Try again", key="compare-again", on_click=state.remember, args=(FAILURES_KEY, {}))


def _tile(variant: Variant, question: Question) -> Tile:
    """Compute a tile, or say in it why there is no map."""
    try:
        explainer, variant_question = _asked(variant, question)
        explanation = work.explanation(explainer, variant_question)
        line = brief(explainer, variant_question.classifier, explanation)
        return Tile(variant.title(explanation), line, explanation, explainer, variant_question)
    except ExplanationError as error:
        return Tile(variant.title(None), str(error))


def _is_quick(variant: Variant, question: Question, columns: int) -> bool:
    """Whether a tile is ready soon, even if every tile of its row takes as long."""
    try:
        explainer, variant_question = _asked(variant, question)
        classifier = variant_question.classifier
        quick = not work.takes_long(explainer.passes(classifier) * columns, classifier)
        return quick or work.known_explanation(explainer, variant_question) is not None
    except ExplanationError:
        return True  # its sentence is


def _first_look(variant: Variant, question: Question) -> Tile | None:
    """Compute the preview form of a tile; None where there is none."""
    try:
        explainer, variant_question = _asked(variant, question)
        if (cheaper := explainer.preview_form) is None:
            return None
        explanation = work.explanation(cheaper, variant_question)
    except ExplanationError:
        return None  # the tile says why
    line = f"a first look after {counted(explanation.facts.passes, 'pass', 'passes')}"
    return Tile(variant.title(explanation), line, explanation, explainer, variant_question)


def _asked(variant: Variant, question: Question) -> tuple[Explainer, Question]:
    """Return the method and the question of a tile. Raises ExplanationError."""
    if variant.refusal:
        raise ExplanationError(variant.refusal)
    photo = question.photo if variant.picture is None else photo_called(variant.picture)
    return variant.ask(_classifier(variant, question), photo, work.predictions)


def _classifier(variant: Variant, question: Question) -> Classifier:
    """Load the classifier that a variant names, or return the question's. Raises ExplanationError."""
    name = variant.classifier
    if name is None:
        return question.classifier
    failures: dict[str, str] = state.recall(FAILURES_KEY, {})
    if name in failures:
        raise ExplanationError(failures[name])
    try:
        source = find(name)
        return work.classifier(source, state.value("fit", source.fit))
    except jobs.Stopped:
        raise
    except ExplanationError as error:
        state.remember(FAILURES_KEY, {**failures, name: str(error)})
        raise
