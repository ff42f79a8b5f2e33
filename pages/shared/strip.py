"""The strip of thumbnails that is the choice of a picture: a click on one chooses it. The last cell is one's own."""

from __future__ import annotations

import base64
import io
from functools import lru_cache

import streamlit as st
from PIL import Image, ImageOps

from explainers.images.photo import Photo
from explainers.images.samples import Sample, samples
from explainers.markdown import escaped
from pages.shared import state

OWN = "own"  # in place of a sample's name: the visitor's own picture
SAMPLE_KEY = "sample"
THUMBNAIL_SIDE = 160  # pixels; twice what it is on the screen
NO_PLUS = f'.st-key-{SAMPLE_KEY} [role="radio"]:last-of-type::before {{ content: none; }}'  # over one's own thumbnail


def choose_from_strip(own: Photo | None) -> str:
    """Draw the strip, with the visitor's own photo in its last cell if there is one; return the chosen name."""
    offered = samples()
    titles = {**{sample.name: escaped(sample.title) for sample in offered}, OWN: "Your own picture"}
    style = _sample_backgrounds(offered) + (
        background(SAMPLE_KEY, len(titles), own.thumbnail, "jpeg") + NO_PLUS if own else ""
    )
    st.html(f"<style>{style}</style>")
    st.pills(
        "Picture",
        tuple(titles),
        format_func=titles.__getitem__,
        required=True,
        key=state.setting(SAMPLE_KEY, offered[0].name, titles.__contains__),
        width="stretch",
        help="Click a sample to explain it, or the last cell (+) for a picture of your own.",
    )
    name: str = state.value(SAMPLE_KEY, offered[0].name, titles.__contains__)
    return name


def choose(name: str) -> None:
    """Choose a picture of the strip from the next run on."""
    state.choose(SAMPLE_KEY, name)


@lru_cache(maxsize=4)
def _sample_backgrounds(offered: tuple[Sample, ...]) -> str:
    """The style sheet that puts the samples' thumbnails behind the names in their cells."""
    return "".join(
        background(SAMPLE_KEY, number, _thumbnail(sample), "webp") for number, sample in enumerate(offered, 1)
    )


def background(key: str, number: int, thumbnail: bytes, kind: str) -> str:
    """Return the style that puts a thumbnail into a cell of the pills of that key, counted from 1."""
    url = f"data:image/{kind};base64,{base64.b64encode(thumbnail).decode()}"
    return f'.st-key-{key} [role="radio"]:nth-of-type({number}) {{ background-image: url("{url}"); }}'


def _thumbnail(sample: Sample) -> bytes:
    """A small square WebP of the picture's middle. The owner's files are trusted: they need no process of their own."""
    stream = io.BytesIO()
    with Image.open(io.BytesIO(sample.data)) as picture:
        picture.draft("RGB", (2 * THUMBNAIL_SIDE, 2 * THUMBNAIL_SIDE))
        small = ImageOps.fit(picture.convert("RGB"), (THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    small.save(stream, "WEBP", quality=80)
    return stream.getvalue()
