"""How a map is drawn follows what it is: signed or not, coarse or fine, of one channel or three."""

import pytest
from streamlit.testing.v1 import AppTest

from explainers.explanation import REDUCTIONS
from explainers.figures import COLOURS, OVERLAYS, Look


def page(method):
    """A page that chooses the look of a method's map, and keeps it."""
    import streamlit as st

    import explainers
    from explainers.classifiers.catalogue import find
    from explainers.classifiers.published import BUNDLED
    from explainers.question import Question
    from pages.shared import state, work
    from pages.shared.look import choose_look, last_look
    from pages.shared.picture import sample_photo

    explainer = getattr(explainers, st.text_input("Method", method, key="method"))()
    classifier = work.classifier(find(BUNDLED), "crop")
    target = explainers.Target(3, 4 if st.toggle("Contrast", key="contrast") else None)
    given = work.explanation(explainer, Question(sample_photo("coffee"), classifier, target), print)
    state.begin()
    st.session_state["last"] = last_look(given)
    st.session_state["given"], (st.session_state["drawn"], st.session_state["look"]) = given, choose_look(given)


def visit(method):
    """The page after its first run."""
    return run(AppTest.from_function(page, args=(method,), default_timeout=60))


def run(given):
    """The page after a run that a widget started."""
    at = given.run()
    assert not at.exception
    return at


def keys(at):
    return {element.key for element in [*at.selectbox, *at.slider, *at.segmented_control]}


def test_a_map_of_three_channels_lets_them_be_combined():
    assert keys(visit("Saliency")) == {
        "grain-pixels",
        "channels-vanilla-gradient",
        "overlay",
        "colours-unsigned",
        "clip",
    }


def test_a_coarse_map_lets_its_grid_be_seen():
    assert keys(visit("GradCAM")) == {"grain-layer", "overlay", "colours-unsigned", "clip"}


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_channels_are_combined_as_chosen(reduction):
    at = visit("Saliency")
    run(at.selectbox(key="channels-vanilla-gradient").select(reduction))
    drawn, given = at.session_state["drawn"], at.session_state["given"]
    assert drawn.reduction == reduction
    assert (drawn.heat == given.reduced(reduction).heat).all()
    assert drawn.values is given.values


@pytest.mark.parametrize("method", ["Saliency", "FeatureAblation", "GradCAM", "CAM"])
def test_a_map_starts_in_the_methods_own_way(method):
    at = visit(method)
    drawn, look = at.session_state["drawn"], at.session_state["look"]
    assert drawn.reduction == at.session_state["given"].reduction
    assert look == Look("blue to red" if drawn.signed else "inferno", smooth=drawn.coarse)


def test_signs_bring_colours_with_a_middle_and_take_them_along():
    at = visit("Saliency")
    run(at.selectbox(key="colours-unsigned").select("viridis"))
    run(at.selectbox(key="channels-vanilla-gradient").select("signed sum"))
    assert at.session_state["look"].colours == "blue to red"
    assert at.selectbox(key="colours-signed").options == list(COLOURS)


@pytest.mark.parametrize(
    ("key", "name", "options"),
    [("colours-unsigned", "colours", COLOURS), ("overlay", "overlay", OVERLAYS)],
)
def test_every_option_can_be_chosen(key, name, options):
    at = visit("GradCAM")
    for option in options:
        run(at.selectbox(key=key).select(option))
        assert getattr(at.session_state["look"], name) == option


def test_the_percentile_can_be_chosen():
    at = visit("Saliency")
    assert run(at.slider(key="clip").set_value(92.5)).session_state["look"].clip == 92.5


def test_maps_of_pixels_and_of_layers_are_smoothed_independently():
    at = visit("GradCAM")
    assert run(at.segmented_control(key="grain-layer").set_value("as computed")).session_state["look"].smooth is False
    run(at.text_input(key="method").set_value("Saliency"))
    assert run(at.segmented_control(key="grain-pixels").set_value("smoothed")).session_state["look"].smooth is True
    run(at.text_input(key="method").set_value("GradCAM"))
    assert at.session_state["look"].smooth is False


def test_a_contrast_keeps_its_own_way_of_combining_channels():
    at = visit("Saliency")
    run(at.selectbox(key="channels-vanilla-gradient").select("largest"))
    run(at.toggle(key="contrast").set_value(True))
    assert at.session_state["drawn"].reduction == at.session_state["last"][0].reduction == "signed sum"
    assert "channels-vanilla-gradient-versus" in keys(at)
    run(at.toggle(key="contrast").set_value(False))
    assert at.session_state["drawn"].reduction == "largest"


@pytest.mark.parametrize("method", ["Saliency", "FeatureAblation", "GradCAM"])
def test_a_preview_is_drawn_as_the_last_map_was(method):
    def agrees(at):
        explanation, look = at.session_state["last"]
        return (explanation.reduction, look) == (at.session_state["drawn"].reduction, at.session_state["look"])

    at = visit(method)
    assert agrees(at)
    run(at.slider(key="clip").set_value(91.0))
    run(at.selectbox(key="overlay").select(OVERLAYS[1]))
    grain = at.segmented_control[0]
    run(grain.set_value("as computed" if grain.value == "smoothed" else "smoothed"))
    for kind in ("channels", "colours"):  # other channels bring other colours
        for selectbox in [selectbox for selectbox in at.selectbox if selectbox.key.startswith(kind)]:
            run(selectbox.select(selectbox.options[-1]))
    assert agrees(at)
    assert at.session_state["look"].clip == 91.0
