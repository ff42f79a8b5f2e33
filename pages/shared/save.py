"""The menu that gives a result as files, and as the code that computes it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import PurePath

import streamlit as st
from PIL import Image

from explainers import Explainer, Explanation, Prediction
from explainers.figures import Look
from explainers.images.encoding import encode
from explainers.question import Question
from explainers.report import Result, report, snippet, zipped
from explainers.report.pictures import map_picture, overlay_picture
from pages.shared.findings import known_findings

WHAT_ALL_IS = (
    "Map and overlay as PNG, the values for NumPy, and a JSON file with the settings, the proof and the versions."
)
WHAT_THE_REPORT_IS = "One file to read, print or send: the result, its check and tests, and what the map can't say."
MAX_NOTES = 5000  # characters
WHAT_CODE_IS = "This code computes the map again, bit for bit."
ABOUT_THE_FILE = " It looks for the picture in the current folder."


def offer_files(
    explainer: Explainer, question: Question, likely: Sequence[Prediction], explanation: Explanation, look: Look
) -> None:
    """Draw the menu. Files are made when somebody asks for them.

    likely: the likeliest classes of the photo.
    """
    photo, findings = question.photo, known_findings(explainer, question, explanation)
    picture = photo.image if isinstance(photo.image, Image.Image) else None
    stem = f"{_plain(photo.sample or photo.name)}-{explanation.facts.slug}"
    with st.popover("Save", key="save", help="Take this result away as files or as code."):
        _offer("Everything (zip)", "all", f"{stem}.zip", lambda: zipped(explanation, photo=picture, look=look))
        st.caption(WHAT_ALL_IS)
        notes = st.text_area("Notes for the report", key="report-notes", max_chars=MAX_NOTES, height="content")

        def make_report() -> bytes:
            return report(Result(explainer, question, explanation, likely, findings, look), notes=notes).encode()

        _offer("Report (HTML)", "report", f"{stem}.html", make_report)
        st.caption(WHAT_THE_REPORT_IS)
        with st.container(horizontal=True):
            _offer(
                "Overlay (PNG)",
                "overlay",
                f"{stem}-overlay.png",
                lambda: encode(overlay_picture(explanation, look, picture)),
            )
            _offer("Map (PNG)", "map", f"{stem}-map.png", lambda: encode(map_picture(explanation, look)))
        st.caption(WHAT_CODE_IS + ABOUT_THE_FILE * (not photo.sample))
        st.code(snippet(explanation, photo), language="python")


def _offer(label: str, key: str, name: str, make: Callable[[], bytes]) -> None:
    st.download_button(label, make, name, key=f"save-{key}", on_click="ignore")


def _plain(name: str) -> str:
    """Return what is left of a file's name when only plain letters, digits and dashes stay: it is a stranger's text."""
    return re.sub(r"[^A-Za-z0-9]+", "-", PurePath(name).stem).strip("-")[:60] or "picture"
