"""Widgets that choose the method: its family, then the method, then its settings."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers import EXPLAINERS, Classifier, Explainer
from explainers.declarations import Family
from explainers.images.photo import Photo
from explainers.markdown import escaped
from explainers.methods import BY_SLUG
from explainers.methods.families import FAMILIES
from explainers.numbers import counted
from pages.shared import state
from pages.shared.controls import choose_settings

DEFAULT = EXPLAINERS[0].slug()
FAMILY_KEY = "family"  # of the widget that chooses it; the address names the method alone
CLOSED_KEY = "closed family"  # of the last family that was asked for in vain


def choose_explainer(classifier: Classifier, photo: Photo | None = None) -> Explainer:
    """Choose a method and its settings; what the classifier has no parts for stands below, with the reason."""
    kind = BY_SLUG[state.value("method", DEFAULT, BY_SLUG.__contains__)]
    refusals = {member: refusal for member in EXPLAINERS if (refusal := member.refusal(classifier))}
    closed = [name for name, family in FAMILIES.items() if refusals.keys() >= {*family.methods()}]
    state.choose(FAMILY_KEY, kind.family)
    st.pills(
        "Method",
        FAMILIES,
        format_func=lambda name: f":gray[{FAMILIES[name].title}]" if name in closed else FAMILIES[name].title,
        required=True,  # so that the second click of a double click doesn't take back the first
        key=FAMILY_KEY,
        on_change=_choose_family,
        args=(kind.family, closed),
        help="\n\n".join(f"**{family.title}**: {family.summary}" for family in FAMILIES.values()),
    )
    shown = FAMILIES[kind.family]
    st.caption(shown.summary)
    offered = [member.slug() for member in shown.methods() if member not in refusals or member is kind]
    slug: str = st.selectbox(
        "Method of this family",
        offered,
        format_func=lambda slug: _option(BY_SLUG[slug], classifier, possible=BY_SLUG[slug] not in refusals),
        key=state.setting("method", DEFAULT, BY_SLUG.__contains__),
        label_visibility="collapsed",
    )
    chosen = BY_SLUG[slug]
    st.caption(f"{chosen.summary()} [Paper]({chosen.paper})")
    asked = FAMILIES.get(state.recall(CLOSED_KEY), shown)
    for member in dict.fromkeys((*shown.methods(), *asked.methods())):
        if member in refusals and member is not chosen:
            st.caption(f":gray[**{member.title}**: not with {escaped(classifier.name)}. {escaped(refusals[member])}]")
    return choose_settings(chosen, classifier, photo)


def _option(kind: type[Explainer], classifier: Classifier, *, possible: bool) -> str:
    """Write a method and its cost."""
    if not possible:
        return kind.title
    explainer = kind()
    cost = counted(explainer.passes(classifier), "pass", "passes")
    return f"{kind.title} · {f'≤{cost}' if explainer.passes_vary else cost}"


def _choose_family(before: Family, closed: Sequence[Family]) -> None:
    """Choose the method of a family that was chosen last, or its first; a second click changes nothing.

    A family of which the classifier allows none is only told about.
    """
    family: Family | None = state.widget(FAMILY_KEY)
    state.remember(CLOSED_KEY, family if family in closed else None)
    last: dict[Family, str] = {**state.recall("methods", {}), before: state.widget("method", DEFAULT)}
    state.remember("methods", last)
    if family is not None and family != before and family not in closed:
        state.choose("method", last.get(family) or FAMILIES[family].methods()[0].slug())
