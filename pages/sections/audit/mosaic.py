"""Pictures in a grid, of which one can be clicked: each is a cell of a choice, with its words below."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st
from PIL import Image

from explainers.images.encoding import encode
from explainers.markdown import escaped
from pages.shared import state
from pages.shared.strip import background

Choose = Callable[[str], None]


def choose_from_mosaic(
    label: str, key: str, tiles: Mapping[str, tuple[str, Image.Image | bytes]], chosen: str, choose: Choose
) -> None:
    """Draw the tiles; `choose` is called with the name of the one that was clicked, or with "" to take a choice back.

    tiles: by their names, what stands below them as plain text, no two the same, and the picture or its JPEG.
    """
    pictures = [picture if isinstance(picture, bytes) else encode(picture, "jpeg") for _, picture in tiles.values()]
    style = "".join(background(key, number, picture, "jpeg") for number, picture in enumerate(pictures, 1))
    state.prefer(key, chosen if chosen in tiles else None)
    with st.container(key=f"mosaic-{key}"):
        st.html(f"<style>{style}</style>")
        st.pills(
            label,
            tuple(tiles),
            format_func=lambda name: escaped(tiles[name][0]),
            key=key,
            on_change=_tell,
            args=(key, choose),
            width="stretch",
            label_visibility="collapsed",
        )


def _tell(key: str, choose: Choose) -> None:
    choose(state.widget(key) or "")
