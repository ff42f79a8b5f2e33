"""The menu that gives a result as files, as a link to it, and as the code that computes it again."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import streamlit as st
from PIL import Image

from explainers import Explainer, Explanation, Prediction
from explainers.figures import Look
from explainers.images.photo import Photo
from explainers.question import Question
from explainers.report import Result, captum_snippet, report, snippet, values_file, zipped
from explainers.report.captioned import captioned
from explainers.report.drawing import png, svg
from explainers.report.measures import Measured, measures, path_curves
from explainers.report.pictures import map_picture, overlay_picture, picture_file
from pages.shared import state
from pages.shared.findings import known_findings
from pages.shared.settings_file import offer_settings
from pages.shared.share_widgets import TOKEN_KEY

ABOUT_PICTURES = "The captioned ones show the title, the colour scale and the check, too."
ABOUT_DATA = "The zip has the map, the overlay, the values, the settings and the proof."
ABOUT_THE_REPORT = "One file to read, print or send, with the check, the tests, and what the map can't say."
ABOUT_SETTINGS = "Both open this page as it is now. Neither contains the picture."
ABOUT_SHARED = "Both open this page as it is now. The link leads to the picture while you share it; the file doesn't."
ABOUT_CODE = "It computes the map again, bit for bit with the same versions and number of threads."
ABOUT_THE_FILE = " It looks for the picture in the current folder."
IN_CAPTUM = {True: "The same values with Captum alone.", False: "The same values with Captum alone, but for rounding."}
ABOUT_ALL_CODE = "Python code that computes this map."
OWN_CODE, CAPTUM_CODE = "Whypixel", "Captum alone"
MAX_NOTES = 5000  # characters
NOTES_HEIGHT = 68  # pixels: two lines; it can be drawn larger
CODE_HEIGHT = 220  # pixels; longer code scrolls


@dataclass(frozen=True)
class Offer:
    """A file of the menu: the text of its button, the end of its name, and what makes its bytes when it is wanted."""

    label: str
    ending: str
    make: Callable[[], bytes]


@dataclass(frozen=True)
class Group:
    """Files that belong together, and what is said of them in a line."""

    title: str
    about: str
    offers: Sequence[Offer]


def offer_files(
    explainer: Explainer,
    question: Question,
    likely: Sequence[Prediction],
    explanation: Explanation,
    look: Look,
    *,
    path: bool = False,
) -> None:
    """Draw the menu of one map.

    likely: the likeliest classes of the photo.
    path:   whether it shows the path of the map, so that its curves are offered, too.
    """
    photo, findings = question.photo, known_findings(explainer, question, explanation)
    picture = photo.image if isinstance(photo.image, Image.Image) else None

    def drawn(write: Callable[..., bytes]) -> Callable[[], bytes]:
        return lambda: write(captioned(explanation, picture, look, name=photo.name, curve=path))

    def make_measures() -> bytes:
        return measures([Measured(explanation.facts.method, photo.name, explanation, likely[0], findings)])

    def make_report(notes: str) -> bytes:
        return report(Result(explainer, question, explanation, likely, findings, look), notes=notes).encode()

    code, in_captum = snippet(explanation, photo), captum_snippet(explainer, question, explanation)
    codes = {OWN_CODE: (ABOUT_CODE + ABOUT_THE_FILE * (not photo.sample), code)}
    if in_captum:
        codes[CAPTUM_CODE] = IN_CAPTUM[in_captum[1]], in_captum[0]
    pictures = [
        Offer("Captioned (PNG)", "-captioned.png", drawn(png)),
        Offer("Captioned (SVG)", "-captioned.svg", drawn(svg)),
        Offer("Overlay (PNG)", "-overlay.png", lambda: picture_file(overlay_picture(explanation, look, picture))),
        Offer("Map (PNG)", "-map.png", lambda: picture_file(map_picture(explanation, look))),
    ]
    data = [
        Offer("Everything (zip)", ".zip", lambda: zipped(explanation, photo=picture, look=look)),
        Offer("Values (NPZ)", "-values.npz", lambda: values_file(explanation)),
        Offer("Measures (CSV)", "-measures.csv", make_measures),
        *([Offer("Curves (CSV)", "-curves.csv", lambda: path_curves(explanation))] if path else []),
    ]
    stem = f"{plain_name(photo)}-{explanation.facts.slug}"
    groups = [Group("Picture", ABOUT_PICTURES, pictures), Group("Data", ABOUT_DATA, data)]
    save_menu(stem, photo, groups, make_report=make_report, codes=codes)


def save_menu(
    stem: str,
    photo: Photo,
    groups: Sequence[Group],
    *,
    make_report: Callable[[str], bytes],
    codes: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Draw the menu of a page. Files are made when somebody asks for them.

    stem:        the beginning of the files' names.
    make_report: returns the report, given notes for it.
    codes:       what is said of some code, and the code, by its name.
    """
    with st.popover("Save", key="save"), st.container(key="save-menu", gap="xsmall"):
        for group in groups:
            _heading(group.title, group.about)
            with st.container(horizontal=True, gap="xsmall"):
                for offer in group.offers:
                    key = offer.ending.strip("-.").replace(".", "-")
                    _offer(offer.label, key, stem + offer.ending, offer.make)
        _heading("Settings and link", ABOUT_SHARED if TOKEN_KEY in state.address() else ABOUT_SETTINGS)
        offer_settings(stem, photo)
        _offer_report(stem, make_report)
        if codes:
            _show_codes(codes)


def plain_name(photo: Photo) -> str:
    """Return what is left of a photo's name, a stranger's text, when only plain letters, digits and dashes stay."""
    name = photo.sample or photo.name
    return re.sub(r"[^A-Za-z0-9]+", "-", PurePath(name).stem).strip("-")[:60] or "picture"


def _offer_report(stem: str, make_report: Callable[[str], bytes]) -> None:
    _heading("Report", ABOUT_THE_REPORT)
    notes = st.text_area("Notes for the report", key="report-notes", max_chars=MAX_NOTES, height=NOTES_HEIGHT)
    _offer("Report (HTML)", "report", f"{stem}.html", lambda: make_report(notes))


def _show_codes(codes: Mapping[str, tuple[str, str]]) -> None:
    """Show pieces of code, each in a tab if there are several; each has a button that copies it."""
    _heading("Code", ABOUT_ALL_CODE)
    places = st.tabs(list(codes)) if len(codes) > 1 else [st.container()]
    for place, (about, code) in zip(places, codes.values(), strict=True):
        place.caption(about)
        place.code(code, language="python", height=CODE_HEIGHT)


def _heading(title: str, about: str) -> None:
    st.markdown(f"**{title}** :small[{about}]")


def _offer(label: str, key: str, name: str, make: Callable[[], bytes]) -> None:
    st.download_button(label, make, name, key=f"save-{key}", on_click="ignore")
