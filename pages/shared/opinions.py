"""The form in which somebody says what they think of a result: a verdict, a name and a note."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explainers import ExplanationError
from explainers.reviews.review import MAX_NAME, MAX_NOTE, VERDICTS, Opinion
from pages.shared import state
from pages.shared.frame import show

NAME_KEY = "reviewer"  # of the name that the visitor has given, for this visit


def ask_opinion(form: str, label: str, submit: Callable[[Opinion], None]) -> None:
    """Draw the form; `submit` is called with the opinion before the next run. What it refuses is said in the form.

    form:  the name of the form, and the beginning of its keys.
    label: of its button.
    """
    number = state.recall(f"{form}-number", 0)
    with st.form(f"{form}-form-{number}", border=False):
        st.pills("Verdict on the map", VERDICTS, format_func=VERDICTS.__getitem__, key=f"{form}-verdict-{number}")
        st.text_area(
            "Why?", key=f"{form}-note-{number}", max_chars=MAX_NOTE, height=70, placeholder="What makes you think so?"
        )
        st.text_input("Your name", state.recall(NAME_KEY, ""), key=f"{form}-name-{number}", max_chars=MAX_NAME)
        if problem := state.recall(f"{form}-problem"):
            show(problem)  # above the button, where it is in sight even where a popover has to scroll
        st.form_submit_button(
            label, key=f"{form}-submit-{number}", on_click=_submit, args=(form, number, submit), type="primary"
        )


def start_anew(form: str) -> None:
    """Draw a form empty from now on, but for the name."""
    state.remember(f"{form}-number", state.recall(f"{form}-number", 0) + 1)
    state.remember(f"{form}-problem", None)


def refuse(form: str, problem: str) -> None:
    """Say in a form why nothing came of it."""
    state.remember(f"{form}-problem", problem)


def _submit(form: str, number: int, submit: Callable[[Opinion], None]) -> None:
    verdict, note, name = (state.widget(f"{form}-{what}-{number}") for what in ("verdict", "note", "name"))
    refuse(form, "")
    try:
        opinion = Opinion(verdict or "", name or "", note or "")
        state.remember(NAME_KEY, opinion.name)
        submit(opinion)
    except ExplanationError as error:
        refuse(form, str(error))
