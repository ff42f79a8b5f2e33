"""The list of classifiers: a search, a filter by where they come from, and one click to use one."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers.classifiers import Source, sources
from explainers.classifiers.catalogue import default, published
from explainers.classifiers.own.classifier import OwnClassifier
from explainers.markdown import escaped
from explainers.numbers import counted
from pages.sections.models.own import remove
from pages.shared import own_classifiers, state
from pages.shared.question import available_sources

FIND_KEY, FROM_KEY, SHOWN_KEY = "find", "from", "rows"
ALL = "all"
FROM = {  # what the filter offers, and the origins that it shows
    ALL: "All",
    "bundled": "Bundled",
    "disk": "On disk",
    "download": "Download",
    "own": "Yours",
}
ORIGINS = {
    "bundled": ("bundled", "comes with Whypixel"),
    "local": ("disk", "in the server's folder"),
    "on disk": ("disk", "on disk"),
    "team": ("disk", "from this server's team"),
    "memory": ("disk", "in memory"),
    "download": ("download", "downloaded on first use"),
    "own": ("own", "yours, for this visit"),
}
ROWS, MORE_ROWS = 8, 24
FAMILIES_NOTE = (
    "Gradients, Paths and Hiding work on every classifier. CAM needs a layer whose output is a grid, and Attention a "
    "transformer: whether a classifier has it is known once it is loaded."
)


def choose_from_catalogue() -> bool:
    """Draw the list; return whether a classifier of it was chosen in this run."""
    with st.container(horizontal=True, vertical_alignment="bottom", key="catalogue-line"):
        text: str = st.text_input(
            "Find a classifier",
            key=state.setting(FIND_KEY, ""),
            placeholder="For example vit, or convnext",
            icon=":material/search:",
            max_chars=60,
            help="Searches the names of this list, and of all that torchvision and timm publish: some 1,500.",
        )
        origin = st.segmented_control(
            "Where from",
            FROM,
            format_func=FROM.__getitem__,
            required=True,
            key=state.setting(FROM_KEY, ALL, FROM.__contains__),
        )
    in_use = _in_use()
    found = [source for source in _matching(text) if origin in (ALL, ORIGINS[source.origin][0])]
    count = ROWS + MORE_ROWS * _pages()
    clicks = [_row(source, in_use=source.name == in_use) for source in found[:count]]
    if not found:
        st.markdown(_nothing(text, origin or ALL))
    if len(found) > count:
        rest = f"{counted(len(found), 'classifier')} found, {count} shown."
        with st.container(horizontal=True, vertical_alignment="center", key="more-rows"):
            st.button("Show more", key="show-more", on_click=state.remember, args=(SHOWN_KEY, _pages() + 1))
            st.caption(rest)
    st.caption(FAMILIES_NOTE)
    return any(clicks)


def _pages() -> int:
    """Return how often the visitor has asked for more rows."""
    shown: int = state.recall(SHOWN_KEY, 0)
    return shown


def _in_use() -> str:
    """Return the name of the classifier that all pages use."""
    available, first = available_sources(), default().name

    def could_be(name: str) -> bool:
        return name in available or bool(own_classifiers.missing(name, available))

    name: str = state.value(state.setting(own_classifiers.CLASSIFIER_KEY, first, could_be), first)
    return name


def _matching(text: str) -> Sequence[Source]:
    """Return the visitor's own and those of the menu or, where something is searched for, all whose names have it."""
    menu = sorted(sources(), key=lambda source: source.origin != "own")
    if not (words := text.lower().split()):
        return menu
    every = {source.name: source for source in published()} | {source.name: source for source in menu}
    names = dict.fromkeys((*(source.name for source in menu), *every))
    return [every[name] for name in names if all(word in f"{every[name].title} {name}".lower() for word in words)]


def _row(source: Source, *, in_use: bool) -> bool:
    """Draw a classifier; return whether it was chosen in this run."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"row-{source.name}"):
        with st.container(key=f"about-{source.name}", gap=None):
            st.markdown(f"**{escaped(source.title)}**")
            st.caption(" · ".join(_facts(source)), help=escaped(source.about) or None)
        if isinstance(source, OwnClassifier):
            hint = "Deletes the file from the server, with all that was computed about it."
            st.button("Remove", key=f"remove-{source.name}", on_click=remove, args=(source.name,), help=hint)
        if in_use:
            st.markdown(":material/check: In use", width="content")
        return st.button(
            "Explain with it" if in_use else "Use this one",
            key=f"use-{source.name}",
            on_click=use,
            args=(source.name,),
        )


def use(name: str) -> None:
    """Use this classifier on all pages from now on."""
    state.remember("failure", None)
    state.choose(own_classifiers.CLASSIFIER_KEY, name)


def _facts(source: Source) -> list[str]:
    """Say what is known of a classifier without loading it."""
    facts = [ORIGINS[source.origin][1]]
    if isinstance(source, OwnClassifier):
        facts += [escaped(source.architecture), counted(len(source.answers.labels), "class", "classes")]
    elif source.accuracy is not None:
        facts.append(f"{source.accuracy:.1f}% top-1")
    else:
        facts.append("accuracy unknown")
    facts += [] if source.megabytes is None else [f"{source.megabytes:.0f} MB"]
    facts += [] if source.size is None else [f"{source.size} px"]
    return [*facts, *([escaped(source.licence)] if source.licence else [])]


def _nothing(text: str, origin: str) -> str:
    """Say why the list is empty, and what can be done."""
    if origin == "own" and not text:
        return "You haven't added any yet. Drop the file of your classifier under Add your own."
    wider = "Choose All, or" if origin != ALL else "You could"
    return f"No classifier matches. {wider} search for a shorter part of its name."
