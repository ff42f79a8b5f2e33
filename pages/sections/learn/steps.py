"""A step of a lesson: one part, and the way to the steps beside it."""

from __future__ import annotations

import streamlit as st

from explainers.glossary import with_terms
from explainers.lessons import LESSONS, Lab, Lesson, Link
from pages.sections.learn.choosing import CONTENTS, open_step, step_of
from pages.sections.learn.parts import Drawn, draw
from pages.shared.frame import messages


def show_step(lesson: Lesson, lab: Lab) -> Link | None:
    """Draw the step that is open; return the link that was followed, if one was."""
    step, count = step_of(lesson), len(lesson.parts)
    part, drawn = lesson.parts[step - 1], Drawn("")
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-line"):
        st.button("← All lessons", key="contents", type="tertiary", on_click=open_step, args=(CONTENTS, 1))
        st.markdown(f"**{lesson.title}**", width="content")
        st.progress(step / count, f"Step {step} of {count}")
    with st.container(key="step"), messages():
        st.markdown(f"## {part.title}")
        drawn = draw(part, lesson, lab)
    _explain_words(drawn.text)
    with st.container(horizontal=True, horizontal_alignment="distribute", key="beside"):
        st.button("← Back", key="back", disabled=step == 1, on_click=open_step, args=(lesson.slug, step - 1))
        label, target = _next(lesson, step)
        st.button(label, key="next", type="primary", on_click=open_step, args=target)
    return drawn.followed


def _next(lesson: Lesson, step: int) -> tuple[str, tuple[str, int]]:
    """Return the text of the button that goes on, and where it leads."""
    if step < len(lesson.parts):
        return "Next →", (lesson.slug, step + 1)
    following = LESSONS[LESSONS.index(lesson) + 1 :]
    if following:
        return f"Next lesson: {following[0].title} →", (following[0].slug, 1)
    return "All lessons", (CONTENTS, 1)


def _explain_words(text: str) -> None:
    """Draw the entries of the glossary for the terms in a text."""
    if words := with_terms("", text).strip():
        with st.expander("Words", key="words"):
            st.markdown(words)
