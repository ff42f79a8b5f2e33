"""The list of lessons, with what is done so far."""

from __future__ import annotations

import streamlit as st

from explainers.lessons import LESSONS, Lab, Lesson, Link
from explainers.lessons.answers import score
from explainers.numbers import SEPARATOR, counted
from pages.sections.learn.answering import answers
from pages.sections.learn.choosing import last_seen, open_step
from pages.sections.learn.reference import show_reference
from pages.shared import state

LESSON_VIEW, METHOD_VIEW = "Lessons", "Methods"


def show_contents(lab: Lab) -> Link | None:
    """Draw the lessons or the methods; return the link that was followed, if one was."""
    view = st.segmented_control(
        "What to see",
        (LESSON_VIEW, METHOD_VIEW),
        required=True,
        key=state.setting("learn-view", LESSON_VIEW, (LESSON_VIEW, METHOD_VIEW).__contains__),
        label_visibility="collapsed",
    )
    if view == METHOD_VIEW:
        return show_reference(lab)
    _show_lessons()
    return None


def _show_lessons() -> None:
    """Draw a row for each lesson."""
    st.markdown(
        "Each lesson has something to move, a few predictions to make before the answer is shown, and the same thing "
        "on a real picture at the end. You need to know what a derivative is, and nothing else."
    )
    for number, lesson in enumerate(LESSONS, 1):
        with st.container(
            horizontal=True,
            vertical_alignment="center",
            horizontal_alignment="distribute",
            key=f"lesson-row-{lesson.slug}",
        ):
            with st.container(gap=None, key=f"about-{lesson.slug}"):
                st.markdown(f"**{number}. {lesson.title}**  \n{lesson.goal}")
                st.caption(_state(lesson))
            label, step = _way_in(lesson)
            st.button(
                label,
                key=f"open-{lesson.slug}",
                type="primary" if label == "Start" else "secondary",
                on_click=open_step,
                args=(lesson.slug, step),
                help=f"{label}: {lesson.title}",
            )


def _way_in(lesson: Lesson) -> tuple[str, int]:
    """Return the text of the button that opens a lesson, and the step that it opens."""
    seen = last_seen(lesson)
    if not seen:
        return "Start", 1
    return ("Again", 1) if seen == len(lesson.parts) else ("Go on", seen)


def _state(lesson: Lesson) -> str:
    """Say how long a lesson takes, and how far it is done."""
    seen, count = last_seen(lesson), len(lesson.parts)
    parts = [f"About {lesson.minutes} minutes", counted(count, "step")]
    if seen:
        parts.append("✓ done" if seen == count else f"at step {seen}")
    right, made = score(lesson, answers())
    if made:
        parts.append(f"{right} of {counted(made, 'prediction')} right")
    return SEPARATOR.join(parts)
