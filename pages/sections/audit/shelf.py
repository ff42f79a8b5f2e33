"""The audits that one can open, and what an audit is where there are none."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from explainers.audit.runs.progress import progress
from explainers.audit.runs.shelf import VARIABLE, ShelvedRun
from explainers.audit.runs.titles import classifier_title, method_title
from explainers.markdown import escaped
from explainers.numbers import counted
from pages.sections.audit.choosing import RUN_KEY
from pages.shared import state

COMMAND = """\
python -m explainers audit PICTURES \\
  --model bundled \\
  --method integrated-gradients \\
  --out RUNS/first
"""  # a narrow window would break a longer line inside a word
WHAT_IT_IS = (
    "**One map convinces nobody: is it always so?** An audit computes the map of every picture of a data set, and "
    "looks for what they have in common: groups of maps that look at the same thing, pictures where the map misses "
    "the object, borders and colours that decide. Start one on the command line, and watch it here:"
)
HOW_TO_LIST = (
    f"`PICTURES` is a folder with a folder for each class. This page lists the audits in the folder that `{VARIABLE}` "
    f"names when the server starts: `{VARIABLE}=RUNS streamlit run dashboard.py`. Without it, none is listed."
)
INTRODUCTION = (
    "An audit computes the map of every picture of a data set, and looks for what the maps have in common. Open one to "
    "see what was found, and look at the pictures behind it."
)
GONE = "The audit that this link names isn't on this server, or not any more."


def show_shelf(shelved: Mapping[str, ShelvedRun]) -> None:
    """Draw the list of audits, or say what one is."""
    named = state.settings().get(RUN_KEY, "")
    if named and named not in shelved:
        st.warning(GONE)
    if not shelved:
        with st.container(key="audit-invitation"):
            st.markdown(WHAT_IT_IS)
            _show_command()
        return
    st.caption(INTRODUCTION)
    for number, entry in enumerate(shelved.values(), 1):
        _show_entry(number, entry)
    with st.expander("Run another audit", key="another-audit"):
        _show_command()


def _show_command() -> None:
    st.code(COMMAND, language=None, wrap_lines=True)  # the colours of a language are too pale
    st.caption(HOW_TO_LIST)


def _show_entry(number: int, entry: ShelvedRun) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key=f"audit-row-{number}"):
        with st.container(key=f"about-audit-{number}", gap=None):
            st.markdown(f"**{escaped(entry.name)}**")
            if entry.run is None:
                st.caption(escaped(entry.problem))
                return
            plan = entry.run.plan
            count = counted(plan.pictures, "picture")
            what = f"{escaped(classifier_title(plan))} · {escaped(method_title(plan))}"
            st.caption(f"{count} · {what}  \n{progress(entry.run).sentence}")
        st.button("Open", key=f"open-audit-{number}", on_click=state.choose, args=(RUN_KEY, entry.name))
