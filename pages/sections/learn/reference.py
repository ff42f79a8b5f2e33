"""The reference of methods, made from their declarations."""

from __future__ import annotations

import streamlit as st

from explainers import Explainer
from explainers.lessons import Lab, Link
from explainers.lessons.reference import cost, foundation, in_lines, properties, symbols
from explainers.methods.families import FAMILIES
from pages.shared import state

FAMILY_KEY = "learn-family"


def show_reference(lab: Lab) -> Link | None:
    """Draw the methods of a family; return the link to one that was followed, if any was."""
    first = next(iter(FAMILIES))
    name = st.pills(
        "Family",
        FAMILIES,
        format_func=lambda family: FAMILIES[family].title,
        required=True,
        key=state.setting(FAMILY_KEY, first, FAMILIES.__contains__),
    )
    family = FAMILIES[name or first]
    st.markdown(f"{family.summary} {symbols(family.methods())}")
    followed = [_show(kind, lab) for kind in family.methods()]
    return next((link for link in followed if link), None)


def _show(kind: type[Explainer], lab: Lab) -> Link | None:
    """Draw what is to be known of a method."""
    with st.container(border=True, key=f"method-{kind.slug()}"):
        st.markdown(f"### {kind.title}\n{kind.summary()}")
        st.latex(in_lines(kind.formula))
        st.markdown(kind.about())
        st.markdown("\n".join(f"- {sentence}" for sentence in (*properties(kind), cost(kind, lab.classifier))))
        st.caption(foundation(kind))
        with st.container(horizontal=True, vertical_alignment="center"):
            opened = st.button("Open it", key=f"open-{kind.slug()}", help=f"{kind.title}, on the Explain page")
            st.markdown(f"[Paper]({kind.paper})", width="content")
        if opened:
            return Link(kind.title, "", "Open it", "explain", {"method": kind.slug()})
    return None
