"""What is taken for what: a table of the classes that are confused most, with the mean map of each cell."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import streamlit as st

from explainers.arrays import Array
from explainers.audit.browsing.selection import Selection, confused
from explainers.figures.audit_pictures import map_picture
from explainers.images.encoding import data_address
from explainers.numbers import counted
from pages.sections.audit.audit import Audit
from pages.sections.audit.choosing import LABEL_KEY, PREDICTION_KEY, cluster_text, look_at
from pages.sections.audit.mosaic import choose_from_mosaic
from pages.sections.audit.pager import show_pager, shown_of

CONFUSED_KEY, CONFUSED_SHOWN = "confused-page", 12
MAX_CLASSES = 7  # of the table; more have no room
CELL_SIDE = 56  # pixels
NO_LABELS = (
    "The classes that these pictures show aren't known: they have no labels, or their labels name no class of this "
    "classifier. So nobody can say which answers are wrong."
)
ALL_RIGHT = "Every answer so far is right."


def show_confusion(audit: Audit, selection: Selection) -> None:
    """Draw the most frequent mistakes to click on, and the table of the classes that occur in them."""
    table = audit.table
    if not (table.correct >= 0).any():
        st.info(NO_LABELS)
        return
    label = selection.label if selection.prediction is None else None  # or a click would leave one of them alone
    cells = [cell for cell in confused(table) if label in (None, cell[0])]
    if not cells:
        st.info(ALL_RIGHT)
        return
    wrong = sum(len(places) for *_, places in cells)
    order = ", the most frequent first" if len(cells) > 1 else ""
    st.caption(f"{counted(wrong, 'wrong answer')}{order}. Click on a tile to see its pictures.")
    tiles = {}
    for number in shown_of(CONFUSED_KEY, len(cells), CONFUSED_SHOWN):
        label, said, places = cells[number]
        mean = table.mean_map(places)
        if mean is not None:
            name = f"{audit.class_name(label)} taken for {audit.class_name(said)}: {len(places):,}"
            tiles[cluster_text(label, said)] = (name, map_picture(mean))
    both = selection.label is not None and selection.prediction is not None
    chosen = cluster_text(selection.label or 0, selection.prediction or 0) if both else ""
    choose_from_mosaic("Wrong answers", "confused-tiles", tiles, chosen, _choose)
    show_pager(CONFUSED_KEY, len(cells), CONFUSED_SHOWN, "kind")
    _show_table(audit, _most_confused(cells))


def _choose(text: str) -> None:
    label, _, said = text.partition(".")
    look_at(**{LABEL_KEY: label, PREDICTION_KEY: said})


def _most_confused(cells: Sequence[tuple[int, int, Array]]) -> list[int]:
    """Return the classes that occur in most wrong answers."""
    counts: dict[int, int] = {}
    for label, said, places in cells:
        for index in (label, said):
            counts[index] = counts.get(index, 0) + len(places)
    return sorted(counts, key=lambda index: -counts[index])[:MAX_CLASSES]


def _show_table(audit: Audit, classes: Sequence[int]) -> None:
    """Draw how often each of these classes is taken for each, with the mean map."""
    names = [html.escape(audit.class_name(index)) for index in classes]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = "".join(
        f'<tr><th scope="row">{name}</th>{"".join(_cell(audit, label, said) for said in classes)}</tr>'
        for name, label in zip(names, classes, strict=True)
    )
    caption = (
        "Rows: what the pictures show.<br>Columns: what they are taken for.<br>"
        f"The {len(classes)} classes that are confused most often."
    )
    with st.container(key="confusion-table"):
        st.html(f"<table><caption>{caption}</caption><tr><td></td>{head}</tr>{rows}</table>")


def _cell(audit: Audit, label: int, said: int) -> str:
    places = np.flatnonzero((audit.table.labels == label) & (audit.table.predictions == said))
    mean = audit.table.mean_map(places)
    if mean is None:
        return "<td>0</td>"
    picture = data_address(map_picture(mean, CELL_SIDE), "jpeg")
    kind = ' class="right"' if label == said else ""
    image = f'<img src="{picture}" alt="mean map" width="{CELL_SIDE}" height="{CELL_SIDE}">'
    return f"<td{kind}>{image}<br>{len(places):,}</td>"
