"""Draws each kind of part that lessons are made of. No lesson is named here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import streamlit as st

from explainers import ExplanationError
from explainers.figures.panel import Panel
from explainers.lessons import Guess, Lab, Lesson, Link, Live, OpenQuestion, Part, Shown, Text
from explainers.lessons.answers import MAX_ANSWER
from explainers.markdown import escaped
from pages.sections.learn.answering import given, note_right, take
from pages.sections.learn.beginning import begin, cancel, has_begun
from pages.shared import work
from pages.shared.controls import choose_settings
from pages.shared.tiles import NO_MODE_BAR


@dataclass(frozen=True)
class Drawn:
    """What was drawn of a part.

    text:     all that it says by now, in Markdown.
    followed: the link that was followed, if one was.
    """

    text: str
    followed: Link | None = None


def draw(part: Part, lesson: Lesson, lab: Lab) -> Drawn:
    """Draw a part, and return what it says."""
    match part:
        case Live():
            return Drawn(f"{part.text()} {_move(part, lab)}")
        case Guess():
            return Drawn(f"{part.text} {' '.join(part.options)} {_guess(part, lesson, lab)}")
        case OpenQuestion():
            return Drawn(f"{part.text} {_ask(part, lesson, lab)}")
        case Text():
            st.markdown(part.text)
            return Drawn(part.text)
        case Link():
            st.markdown(part.text)
            was_followed = st.button(part.label, key="follow", icon=":material/open_in_new:")
            return Drawn(part.text, part if was_followed else None)


def _move(part: Live, lab: Lab) -> str:
    """Draw what can be moved, and what it shows; return what that says."""
    st.markdown(part.text())
    controls, answer = st.columns([2, 5], gap="medium")
    with controls:
        settings = choose_settings(type(part), lab.classifier)
        said = st.container(key="said")
    with answer:
        shown = _shown(settings, lab)
        if shown:
            _show(shown)
    sentences = shown.sentences if shown else ()
    with said:
        for sentence in sentences:
            st.markdown(sentence)
    return " ".join(sentences)


def _shown(settings: Live, lab: Lab) -> Shown | None:
    """Return what settings show, at once or when the visitor has begun it; None before, and where it was cancelled."""
    missing = [task for task in settings.tasks(lab) if not work.has_result(task)]
    if not missing:
        return settings.show(lab)
    place = st.empty()  # of either button, so that neither stays beside the other
    if not has_begun(missing):
        place.button(settings.begin, key="begin", icon=":material/play_arrow:", on_click=begin, args=(missing,))
        return None
    place.button("Cancel", key="cancel", icon=":material/stop:", on_click=cancel, args=(missing,))
    try:
        shown = settings.show(lab)
    except ExplanationError:
        place.empty()
        raise
    place.empty()
    return shown


def _show(shown: Shown) -> None:
    """Draw figures: small ones in rows that wrap, others below each other."""
    for number, row in enumerate(shown.rows):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall", key=f"row-{number}"):
            for place, panel in enumerate(row):
                key = f"tile-{number}-{place}"
                with st.container(width=panel.figure.layout.width, gap="xxsmall", key=f"about-{key}"):
                    st.markdown(f"**{panel.title}**")
                    _figure(panel, key, "content")
                    st.caption(panel.below or "&nbsp;")  # so that the pictures of a row stand in line
    for number, panel in enumerate(shown.charts):
        st.markdown(f"**{panel.title}**")
        _figure(panel, f"chart-{number}", "stretch")


def _figure(panel: Panel, key: str, width: Literal["content", "stretch"]) -> None:
    st.plotly_chart(panel.figure, width=width, key=key, config=NO_MODE_BAR, alt=panel.alt)


def _guess(part: Guess, lesson: Lesson, lab: Lab) -> str:
    """Draw a prediction to make; once it is made, what is right, and why. Return the latter."""
    st.markdown(part.text)
    answer, key = given(lesson, part.name), f"guess-{lesson.slug}-{part.name}"
    if answer is None:
        with st.form(key=f"form-{key}", border=False):
            st.radio("Your prediction", part.options, index=None, key=key)
            args = (lesson, part.name, key, lab.classifier.name)
            if st.form_submit_button("Show the answer", on_click=take, args=args):
                st.caption("Choose one of them first.")
        return ""
    revealed = part.reveal(lab)
    note_right(lesson, part.name, revealed.right)
    right = answer.text == revealed.right
    st.markdown(f"Your prediction: **{answer.text}**")
    verdict = "Right." if right else f"The right answer is “**{revealed.right}**”."
    (st.success if right else st.info)(verdict, icon=":material/check:" if right else ":material/lightbulb:")
    st.markdown(revealed.why)
    return revealed.why


def _ask(part: OpenQuestion, lesson: Lesson, lab: Lab) -> str:
    """Draw a question to be answered in one's own words, and then an answer to compare it with, which is returned."""
    st.markdown(part.text)
    answer, key = given(lesson, part.name), f"ask-{lesson.slug}-{part.name}"
    if answer is None:
        with st.form(key=f"form-{key}", border=False):
            st.text_area("Your answer", key=key, max_chars=MAX_ANSWER)
            args = (lesson, part.name, key, lab.classifier.name)
            if st.form_submit_button("Compare with an answer", on_click=take, args=args):
                st.caption("Write an answer of your own first.")
        return ""
    st.markdown(f"Your answer: {escaped(answer.text)}")
    to_compare = part.answer(lab)
    st.info(to_compare, icon=":material/lightbulb:")
    return to_compare
