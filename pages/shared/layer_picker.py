"""The widget that chooses a layer: the network's own tree, with what the chosen layer does on the photo."""

from __future__ import annotations

from html import escape

import numpy as np
import streamlit as st
from PIL import Image

from explainers import Classifier, Layer
from explainers.arrays import Array
from explainers.classifiers.layer_maps import layer_tree
from explainers.images.encoding import data_address
from explainers.images.photo import Photo
from explainers.markdown import escaped
from pages.shared import state, work

AUTOMATIC_LAYER = ""  # stands for None in the select box
THUMBNAIL_SIDE = 72  # pixels on the screen, of the longer side


def choose_layer(key: str, label: str, hint: str, classifier: Classifier, photo: Photo | None) -> str | None:
    """Draw the select box of layers, which is searched by typing, and below it the chosen one on the photo.

    Return the name of the layer; None for the deepest.
    """
    layers = {AUTOMATIC_LAYER: Layer.automatic, **layer_tree(classifier)}
    key = state.setting(key, AUTOMATIC_LAYER, layers.__contains__)
    chosen = st.selectbox(label, layers, format_func=layers.__getitem__, key=key, help=hint)
    name = chosen or classifier.layer or ""
    # The text of "the deepest" can't name the layer: the browser would show the last classifier's.
    here = "" if chosen else f"Here: {escaped(layers[name].strip()) if name else 'none'}. "
    if photo is None or not name:
        st.caption(here)
        return chosen or None
    activation = work.layer_maps(classifier, photo)[name]
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-shown"):
        st.html(_thumbnail(name, activation), width="content")
        st.caption(f"{here}Bright: where its channels respond, on average.")
    return chosen or None


def _thumbnail(name: str, grid: Array) -> str:
    """Draw mean activations (height, width) as a small picture, black for zero, in HTML."""
    height, width = grid.shape
    strongest = float(np.nan_to_num(grid).max()) or 1.0
    levels = (np.nan_to_num(grid) / strongest * 255).clip(0, 255).astype(np.uint8)
    factor = max(1, round(2 * THUMBNAIL_SIDE / max(height, width)))
    picture = Image.fromarray(levels).resize((width * factor, height * factor), Image.Resampling.NEAREST)
    scale = THUMBNAIL_SIDE / max(height, width)
    return (
        f'<img alt="Mean activation of {escape(name, quote=True)}" width="{round(width * scale)}" '
        f'height="{round(height * scale)}" style="display: block" '
        f'src="{data_address(picture)}">'
    )
