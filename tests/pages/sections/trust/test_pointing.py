"""The Trust page's box: the engine's own numbers, a link that restores it, and what is refused."""

from functools import partial

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from explainers import GradCAM, Saliency
from explainers.experiments import Pointing
from explainers.images.samples import SAMPLES
from explainers.numbers import percent
from pages.sections.trust.pointing import INVITATION

BOX = (180, 40, 420, 260)


@pytest.fixture
def come(trust):
    """(**address) -> the Trust page with the details of the box open."""
    return partial(trust, pointing_details=True)


@pytest.fixture
def judged(espresso, explained):
    """(box, explainer=Saliency(), **settings) -> the engine's outcome for the first sample as an espresso."""

    def make(box, explainer=None, **settings):
        explainer = explainer or Saliency()
        return Pointing(box=box, **settings)(explainer, espresso, explained(explainer))

    return make


def run(at):
    assert not at.exception
    return at


def text(box):
    return "~".join(map(str, box))


def said(at):
    """All that the page says, without the marks that keep text from being Markdown."""
    return "\n".join(markdown.value for markdown in at.main.markdown).replace("\\", "")


def test_without_a_box_it_invites_and_waits_for_no_click(come):
    at = come()
    assert INVITATION in said(at)
    assert "### :material/draw: Does it hit the object?" in said(at)
    assert "wait for a click" not in said(at)
    assert not any(button.key == "run-all" for button in at.button)
    assert at.button(key="clear-box").disabled


def test_it_says_what_the_engine_found(come, judged):
    at = come(box=text(BOX))
    outcome = judged(BOX)
    for sentence in outcome.sentences:
        assert f"- {sentence}" in said(at)
    assert outcome.finding.line in said(at)
    assert INVITATION not in said(at)


def test_a_button_opens_the_picture_to_draw_on(trust, figure):
    at = trust()
    at = run(at.button(key="draw-box").click().run())
    assert figure(at, "pointing")["layout"]["dragmode"] == "select"
    assert figure(at, "pointing-small")["layout"]["dragmode"] is False
    assert not [button for button in at.button if button.key == "draw-box"]


def test_the_box_and_the_map_are_drawn_in_pixels_of_the_photo(come, figure, bundled, explained):
    drawn = figure(come(box=text(BOX), method="grad-cam"), "pointing")
    found = explained(GradCAM())
    assert found.box == (100, 0, 500, 400)
    for shape in drawn["layout"]["shapes"]:
        assert tuple(shape[side] for side in ("x0", "y0", "x1", "y1")) == BOX
    picture, heatmap, peak, middle = drawn["data"]
    assert np.array_equal(heatmap["z"], found.heat)
    pixel = 400 / bundled.size[0]
    assert picture["x0"] == heatmap["x0"] == 100 + pixel / 2
    row, column = np.unravel_index(found.heat.argmax(), found.heat.shape)
    assert (peak["x"][0], peak["y"][0]) == (100 + (column + 0.5) * pixel, (row + 0.5) * pixel)
    assert (middle["x"][0], middle["y"][0]) == (300, 200)
    assert (drawn["layout"]["xaxis"]["range"], drawn["layout"]["yaxis"]["range"]) == ([100, 500], [400, 0])
    assert drawn["layout"]["dragmode"] == "select"


def test_edges_can_be_typed_and_the_box_cleared(come, figure, judged):
    at = come()
    assert [at.number_input(key=f"box-{edge}").value for edge in ("left", "top", "right", "bottom")] == [
        200,
        100,
        400,
        300,
    ]
    for edge, number in zip(("left", "top", "right", "bottom"), BOX, strict=True):
        at = run(at.number_input(key=f"box-{edge}").set_value(number).run())
    assert judged(BOX).finding.line in said(at)
    assert figure(at, "pointing")["layout"]["shapes"]
    at = run(at.button(key="clear-box").click().run())
    assert INVITATION in said(at)
    assert not figure(at, "pointing")["layout"].get("shapes")


def test_edges_in_the_wrong_order_are_put_right(come, figure):
    at = run(come(box=text(BOX)).number_input(key="box-left").set_value(450).run())
    (shape, _) = figure(at, "pointing")["layout"]["shapes"]
    assert (shape["x0"], shape["x1"]) == (420, 450)


def test_hide_this_shows_the_picture_and_the_answers(come, figure, judged):
    at = come(box=text(BOX))
    assert "| class |" not in said(at)
    at = run(at.toggle(key="hide").set_value(True).run())
    hidden = judged(BOX).hidden
    (table,) = (each.value for each in at.main.markdown if each.value.startswith("| class |"))
    rows = [f"| {label} | {percent(before)} | {percent(after)} |" for label, before, after in hidden.answers]
    assert table.replace("\\", "").splitlines()[2:] == rows
    assert figure(at, "hidden-picture")["data"][0]["source"]


def test_its_settings_are_the_experiments(come, judged):
    at = come(box=text(BOX), pointing_game_tolerance=15, pointing_game_fill="white")
    for sentence in judged(BOX, tolerance=15, fill="white").sentences:
        assert f"- {sentence}" in said(at)


def boxed():
    """A page that tells which box the address names."""
    import streamlit as st

    from pages.sections.trust.box import chosen_box
    from pages.shared import state

    state.begin()
    st.session_state["chosen"] = chosen_box()
    state.publish()


def chosen(box):
    """The box that such an address names."""
    at = AppTest.from_function(boxed, default_timeout=60)
    at.query_params["box"] = box
    return run(at.run()).session_state["chosen"]


def test_an_address_can_name_a_box():
    assert chosen(text(BOX)) == BOX


@pytest.mark.parametrize(
    "box",
    ["1~2~3", "a~b~c~d", "5~5~5~5", "9~1~3~4", "-1~0~9~9", "0~0~1~9999999999", "1.5~0~9~9", "~"],
    ids=["three", "words", "empty", "reversed", "negative", "huge", "fractions", "nothing"],
)
def test_an_address_that_is_no_box_is_none(box):
    assert chosen(box) is None


def test_an_address_that_is_no_box_leaves_the_invitation(come):
    at = come(box="9~1~3~4")
    assert INVITATION in said(at)
    assert not at.error


def test_a_box_outside_the_view_is_refused_in_words(come):
    at = come(box="0~0~90~90")
    (error,) = at.error
    assert "outside the part of the photo that the classifier sees" in error.value
    assert "Is it stable?" in said(at)
    assert "wait for a click" not in said(at)


def test_another_photo_forgets_the_box(come):
    at = come(box=text(BOX))
    at = run(at.pills(key="sample").set_value(SAMPLES[1].name).run())
    assert INVITATION in said(at)
    at = run(at.pills(key="sample").set_value(SAMPLES[0].name).run())
    assert INVITATION in said(at)
