"""The answers of this visit. They are kept in the session alone."""

from __future__ import annotations

from dataclasses import replace

from explainers.lessons import Lesson
from explainers.lessons.answers import MAX_ANSWER, Answers, Given
from pages.sections.learn.choosing import SEEN_KEY
from pages.shared import state

ANSWERS_KEY = "lesson answers"


def answers() -> Answers:
    """Return all answers of this visit."""
    given: Answers = state.recall(ANSWERS_KEY, {})
    return given


def given(lesson: Lesson, name: str) -> Given | None:
    """Return the answer to a part, if there is one."""
    return answers().get((lesson.slug, name))


def take(lesson: Lesson, name: str, widget_key: str, classifier: str) -> None:
    """Take the answer that stands in a widget; the first one counts, also where a button was clicked twice."""
    text = str(state.widget(widget_key) or "").strip()[:MAX_ANSWER]
    if text and given(lesson, name) is None:
        _keep(lesson, name, Given(text, classifier=classifier))


def note_right(lesson: Lesson, name: str, right: str) -> None:
    """Note the option that was right when it was shown first; another classifier may find another."""
    answer = given(lesson, name)
    if answer and not answer.right:
        _keep(lesson, name, replace(answer, right=right))


def reset(lesson: Lesson | None) -> None:
    """Forget the answers and the progress of a lesson, or of all."""
    kept, seen = answers(), state.recall(SEEN_KEY, {})
    slug = lesson.slug if lesson else None
    state.remember(ANSWERS_KEY, {key: each for key, each in kept.items() if slug and key[0] != slug})
    state.remember(SEEN_KEY, {key: each for key, each in seen.items() if slug and key != slug})


def _keep(lesson: Lesson, name: str, answer: Given) -> None:
    state.remember(ANSWERS_KEY, {**answers(), (lesson.slug, name): answer})
