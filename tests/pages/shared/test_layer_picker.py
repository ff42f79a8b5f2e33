"""The widget that chooses a layer, and shows it at work on the photo."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from explainers.classifiers.layer_maps import layer_maps, layer_tree


def page():
    """A page that chooses a layer of the bundled classifier for the first sample, and keeps its name."""
    import streamlit as st

    from explainers.classifiers.catalogue import find
    from explainers.classifiers.published import BUNDLED
    from pages.shared import state, work
    from pages.shared.layer_picker import choose_layer
    from pages.shared.picture import sample_photo

    state.begin()
    classifier = work.classifier(find(BUNDLED), "crop")
    st.session_state["chosen"] = choose_layer("layer", "Layer", "Which.", classifier, sample_photo("coffee"))
    state.publish()


@pytest.fixture
def visit():
    """(**address) -> the page after its first run."""

    def come(**address):
        at = AppTest.from_function(page, default_timeout=60)
        at.query_params |= address
        at.run()
        assert not at.exception
        return at

    return come


def drawn(at):
    """The layer that the thumbnail names, and its levels."""
    (block,) = (element.value for element in at.get("html") if "<img" in element.value)
    name, data = re.search(r'alt="Mean activation of ([^"]+)".*base64,([^"]+)"', block, re.DOTALL).groups()
    return name, np.asarray(Image.open(io.BytesIO(base64.b64decode(data))))


def test_the_deepest_is_shown_at_first(visit, bundled):
    at = visit()
    assert at.session_state["chosen"] is None
    assert drawn(at)[0] == bundled.layer
    assert any(f"Here: {bundled.layer} " in caption.value.replace("\\", "") for caption in at.caption)
    assert at.query_params == {}


def test_a_chosen_one_is_shown_in_its_own_grid(visit, bundled, coffee):
    at = visit()
    name = bundled.layers()[0].name
    at.selectbox(key="layer").select(name).run()
    assert at.session_state["chosen"] == name
    shown, levels = drawn(at)
    activation = layer_maps(bundled, coffee.image)[name]
    factor = levels.shape[0] // activation.shape[0]
    expected = (activation / activation.max() * 255).astype(np.uint8)
    assert shown == name
    assert np.array_equal(levels[::factor, ::factor], expected)


def test_the_options_are_the_networks_tree(visit, bundled):
    assert visit().selectbox(key="layer").options == ["the deepest", *layer_tree(bundled).values()]


def test_a_layer_of_the_address_is_kept_if_there_is_one(visit, bundled):
    name = bundled.layers()[1].name
    assert visit(layer=name).session_state["chosen"] == name
    assert visit(layer="no.such.layer").session_state["chosen"] is None
