"""Widgets that choose the lesson, its step, and the classifier that it is held with."""

from __future__ import annotations

import streamlit as st

from explainers.classifiers import BUNDLED, Classifier, Source
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.catalogue import find
from explainers.lessons import BY_SLUG, Lab, Lesson, Link
from pages.shared import state, work
from pages.shared.picture import sample_photo

LESSON_KEY, STEP_KEY, CLASSIFIER_KEY = "lesson", "step", "lesson-classifier"
CONTENTS = ""  # in place of a lesson's slug: the list of all
SEEN_KEY = "seen steps"  # of the highest step that was opened, by the lesson's slug


def choose_lesson() -> Lesson | None:
    """Choose a lesson; None for the list of all."""
    titles = {CONTENTS: "All lessons"} | {slug: lesson.title for slug, lesson in BY_SLUG.items()}
    slug: str = st.selectbox(
        "Lesson",
        titles,
        format_func=titles.__getitem__,
        key=state.setting(LESSON_KEY, CONTENTS, titles.__contains__),
        on_change=state.choose,
        args=(STEP_KEY, 1),
    )
    return BY_SLUG.get(slug)


def choose_classifier() -> Lab:
    """Choose one of the classifiers that need no download, and return what the lesson computes with."""
    offered = {name: each.title for name, each in reversed(BUNDLED_CLASSIFIERS.items()) if each.is_installed}
    name = st.segmented_control(
        "Classifier",
        offered,
        format_func=offered.__getitem__,
        required=True,
        key=state.setting(CLASSIFIER_KEY, BUNDLED, offered.__contains__),
        help="PocketNet answers in an instant. EfficientNet-Lite0 sees more, and takes a few seconds where many maps "
        "are compared.",
    )
    return Lab(_load(find(name or BUNDLED)), sample_photo, work.predictions, work.explanation, _load, work.result_of)


def _load(source: Source) -> Classifier:
    """Load a classifier, fitting photos to its input as its source says."""
    return work.classifier(source, source.fit)


def step_of(lesson: Lesson) -> int:
    """Return the step that is open, counted from 1, and note that it was."""
    count = len(lesson.parts)
    key = state.setting(STEP_KEY, 1, lambda step: 1 <= step <= count)
    step: int = state.value(key, 1)
    state.remember(SEEN_KEY, {**state.recall(SEEN_KEY, {}), lesson.slug: max(step, last_seen(lesson))})
    return step


def last_seen(lesson: Lesson) -> int:
    """Return the highest step of a lesson that was opened; 0 if none was."""
    seen: dict[str, int] = state.recall(SEEN_KEY, {})
    return seen.get(lesson.slug, 0)


def open_step(slug: str, step: int) -> None:
    """Open a step of a lesson, or the list of all lessons, from the next run on."""
    state.choose(LESSON_KEY, slug)
    state.choose(STEP_KEY, step)


def settings_of(link: Link, lab: Lab) -> dict[str, str]:
    """Return the settings with which a link opens its page: those of this page, to return to, and its own."""
    return {**state.address(), "classifier": lab.classifier.source or BUNDLED, **link.settings}
