"""The pictures that are looked at, with their maps: one click opens one on the Explain page."""

from __future__ import annotations

import streamlit as st

from explainers.audit.browsing.selection import Selection, in_words, selected
from explainers.audit.runs.columns import UNKNOWN
from explainers.figures.audit_pictures import overlay_file
from explainers.markdown import escaped
from explainers.numbers import counted, percent
from pages.sections.audit.audit import Audit
from pages.sections.audit.choosing import PICTURES_KEY
from pages.sections.audit.mosaic import choose_from_mosaic
from pages.sections.audit.opening import want
from pages.sections.audit.pager import show_pager, shown_of
from pages.shared import state

SHOWN = 24  # pictures on a page
MAPS_KEY = "with-maps"
TILES_KEY = "picture-tiles"
NONE = "No picture is left. Choose fewer filters, or show all pictures."
BROKEN = "Those without a map can't be opened; the table (Save, CSV) says why."


def show_pictures(audit: Audit, selection: Selection) -> None:
    """Draw a page of the pictures that are looked at."""
    table = audit.table
    places = selected(table, audit.findings, selection)
    which = in_words(table, audit.findings, selection)
    with st.container(horizontal=True, vertical_alignment="center", key="pictures-line"):
        st.markdown(f"**{counted(len(places), 'picture')}** {escaped(which)}".strip())
        with_maps = st.toggle("Maps", key=state.setting(MAPS_KEY, True), help="The map over each picture.")
    if not len(places):
        st.info(NONE)
        return
    shown = places[shown_of(PICTURES_KEY, len(places), SHOWN)]
    thumbnails = audit.run.rows([int(table.numbers[place]) for place in shown], ["thumbnail"])
    broken = any(table.errors[place] for place in shown)
    st.caption(f"Click on a picture to open it on Explain, as it was explained here.{' ' + BROKEN if broken else ''}")
    tiles = {}
    for place in map(int, shown):
        number = int(table.numbers[place])
        heat = table.maps[place] if with_maps and not table.errors[place] else None
        tiles[str(number)] = (_words(audit, place), overlay_file(thumbnails.get(number, {}).get("thumbnail"), heat))
    choose_from_mosaic("Pictures: click on one to explain it", TILES_KEY, tiles, "", want)
    show_pager(PICTURES_KEY, len(places), SHOWN, "picture")


def _words(audit: Audit, place: int) -> str:
    """Say what a picture shows, and what the classifier says; its number tells it from the others."""
    table = audit.table
    number, label, said = int(table.numbers[place]), int(table.labels[place]), int(table.predictions[place])
    if table.errors[place]:
        return f"{number}: no map"
    answer = f"{audit.class_name(said)} {percent(float(table.measures['probability'][place]))}"
    if label in (UNKNOWN, said):
        return f"{number}: {answer}"
    return f"{number}: {audit.class_name(label)} → {answer}"
