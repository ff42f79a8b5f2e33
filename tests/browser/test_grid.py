"""The Compare page in a browser: presets, axes, one scale, one zoom, one pointer, blinking, and tiles that fail."""

import json
import re

import pytest

from explainers import load_classifier
from explainers.comparison.axes import at_hand
from explainers.comparison.presets import comparison_presets

CHARTS = """() => JSON.stringify([...document.querySelectorAll('[class*="st-key-tiles-"] .js-plotly-plot')]
    .filter(chart => chart._fullLayout?.xaxis).map(chart => {
        const [{z, zmin, zmax, opacity}] = chart._fullData
        const {xaxis, yaxis} = chart._fullLayout
        return {z: Array.from(z, row => Array.from(row)), zmin, zmax, opacity, view: [...xaxis.range, ...yaxis.range]}
    }))"""
SEEN = """() => [...document.querySelectorAll(".st-key-tiles-blink > *")].map(e => getComputedStyle(e).visibility)"""
LINKED = """count => [...document.querySelectorAll('[class*="st-key-tiles-"] .js-plotly-plot')]
    .filter(chart => chart.whypixelWhole).length == count"""
PRESETS = {  # how many tiles each has, as its axes say
    preset.name: len(preset.across[1]) * (len(preset.down[1]) if preset.down else 1)
    for preset in comparison_presets(load_classifier("bundled"), at_hand()[:2])
}


@pytest.fixture
def grid(app):
    """(**address) -> the Compare page when all is drawn."""

    def come(**address):
        app.come("compare", **address).page.wait_for_selector(".st-key-tiles-maps .main-svg")
        return app.idle()

    return come


def tiles(app):
    """The titles of the tiles."""
    return app.page.locator(".tile-title").all_inner_texts()


def charts(app):
    return json.loads(app.page.evaluate(CHARTS))


def panels(app):
    return app.boxes('[class*="st-key-tiles-"] .nsewdrag')


def press(app, name):
    before = tiles(app)
    return app.choose("preset", name).until(lambda: len(tiles(app)) == PRESETS[name] and tiles(app) != before)


def test_a_preset_is_one_click_away_with_a_place_for_each_tile_and_its_link_restores_it(grid):
    app = grid()
    for name in ("Class vs. class", "Two classifiers", "Four classics"):
        press(app, name)
        assert len(charts(app)) + app.page.locator(".tile-reason").count() == PRESETS[name]

    press(app, "Baselines")
    assert tiles(app) == ["black", "white", "random"]
    assert app.address == {
        "method": "integrated-gradients",
        "integrated-gradients-steps-automatic": "False",
        "integrated-gradients-steps": "64",
        "compare-across": "baseline",
        "compare-colours": "one for all",
    }
    app.until(lambda: len(charts(app)) == 3)
    drawn = charts(app)
    app.page.goto(app.page.url)  # another session, which knows no more than the link
    app.page.wait_for_selector(".st-key-tiles-maps .main-svg")
    app.idle().until(lambda: charts(app) == drawn)
    assert tiles(app) == ["black", "white", "random"]


def test_another_axis_makes_another_grid(grid):
    app = grid(method="grad-cam")
    app.page.get_by_role("button", name="Edit").click()
    app.select("compare-across", "Class").until(lambda: len(tiles(app)) == 3)
    assert tiles(app)[0] == "espresso"
    app.select("compare-down", "Scale").until(lambda: len(tiles(app)) == 6)
    assert app.address == {"compare-across": "class", "compare-down": "scale"}
    assert tiles(app)[3] == "probability · espresso"


def test_the_maps_share_their_zoom_what_is_pointed_at_opacity_and_on_request_their_scale(grid):
    app = grid()
    app.page.wait_for_function(LINKED, arg=4)
    whole, sent = charts(app)[0]["view"], len(app.sent)
    tile = panels(app)[2]
    app.page.mouse.move(tile["x"] + tile["width"] * 0.25, tile["y"] + tile["height"] * 0.25)
    app.page.mouse.down()
    app.page.mouse.move(tile["x"] + tile["width"] * 0.75, tile["y"] + tile["height"] * 0.75, steps=5)
    app.page.mouse.up()
    left, right, bottom, top = whole
    width, height = right - left, bottom - top
    part = [left + width / 4, right - width / 4, bottom - height / 4, top + height / 4]
    app.until(lambda: [each["view"] for each in charts(app)] == [pytest.approx(part, abs=width / 50)] * 4)
    app.page.mouse.dblclick(tile["x"] + tile["width"] / 2, tile["y"] + tile["height"] / 2)
    app.until(lambda: [each["view"] for each in charts(app)] == [whole] * 4)

    tile = panels(app)[1]
    app.page.mouse.move(tile["x"] + tile["width"] * 20.5 / 64, tile["y"] + tile["height"] * 10.5 / 64, steps=3)
    labels = app.page.locator('[class*="st-key-tiles-"] .hoverlayer .hovertext')
    there = pytest.approx(sorted(each["z"][10][20] for each in charts(app)), rel=0.01)
    app.until(lambda: sorted(float(text.replace("\u2212", "-")) for text in labels.all_text_contents()) == there)

    app.page.locator("[data-opacity]").focus()
    app.page.keyboard.press("Home")
    app.until(lambda: [each["opacity"] for each in charts(app)] == [0] * 4)
    assert len(app.sent) == sent

    assert len({(each["zmin"], each["zmax"]) for each in charts(app)}) == 4
    app.page.get_by_role("button", name="Edit").click()
    app.choose("compare-colours", "one for all")
    app.until(lambda: len({(each["zmin"], each["zmax"]) for each in charts(app)}) == 1)
    app.until(lambda: [each["opacity"] for each in charts(app)] == [0] * 4)  # also of those that are drawn anew
    assert "One colour scale for all maps." in app.page.locator(".stMainBlockContainer").inner_text()
    assert app.address == {"compare-colours": "one for all"}


def test_a_tile_that_fails_says_why_and_the_others_are_drawn(grid):
    app = grid(compare_method="vanilla-gradient~cam~integrated-gradients", scale="probability")
    app.until(lambda: len(charts(app)) == 2)
    assert len(tiles(app)) == 3
    said = app.page.locator(".tile-reason").all_inner_texts()
    assert said == ["CAM explains the logit only, not the probability. Choose the logit."]
    assert not app.messages


def test_blinking_is_one_click_and_needs_no_server_and_agreement_has_a_number_for_each_pair(grid):
    app = grid()
    first, second = ["visible", "hidden"], ["hidden", "visible"]
    app.choose("compare-view", "Blink").page.wait_for_function(LINKED, arg=2)
    app.idle()
    sent = len(app.sent)
    app.until(lambda: app.page.evaluate(SEEN) == second)
    app.until(lambda: app.page.evaluate(SEEN) == first)
    app.page.get_by_role("button", name="Guided backpropagation").click()
    assert app.page.evaluate(SEEN) == second
    app.page.wait_for_timeout(1200)
    assert app.page.evaluate(SEEN) == second
    app.page.get_by_role("button", name="Blink", exact=True).click()
    app.until(lambda: app.page.evaluate(SEEN) == first)
    assert len(app.sent) == sent

    app.select("compare-second", "Grad-CAM").until(lambda: "Grad-CAM" in tiles(app))
    app.choose("compare-view", "Agreement").page.wait_for_selector(".st-key-tiles-difference .main-svg")
    app.idle()
    for measure in ("rank_correlation", "ssim"):
        rows = app.chart(f"matrix-{measure}")[0]["z"]
        assert [rows[n][n] for n in range(4)] == pytest.approx([1] * 4)
    assert tiles(app) == ["Vanilla gradient", "Grad-CAM", "First minus second"]  # the two that blinked


def test_the_first_row_fits_into_a_small_window_with_and_without_the_sidebar(app):
    app.sized(1280, 720)
    app.come("compare").page.wait_for_selector(".st-key-tiles-maps .main-svg")
    app.idle().until(lambda: len(panels(app)) == 4)

    def fits():
        boxes = app.boxes(".st-key-compare-view, [data-opacity], .tile-line")
        return all(box["y"] > 0 and box["y"] + box["height"] <= 720 for box in boxes) and len(boxes) == 6

    beside = panels(app)[0]["width"]
    assert fits()
    app.page.get_by_test_id("stSidebar").hover()
    app.page.get_by_test_id("stSidebarCollapseButton").locator("button").click()
    app.until(lambda: panels(app)[0]["width"] > beside + 30)
    assert fits()


def test_in_a_narrow_window_tiles_wrap_and_the_page_does_not_scroll_sideways(app):
    app.sized(400, 800)
    app.come("compare").page.wait_for_selector(".st-key-tiles-maps .main-svg")
    app.idle().until(lambda: len(panels(app)) == 4)
    assert app.fits_sideways
    first, second, third, _ = panels(app)
    assert first["y"] == second["y"] < third["y"]
    assert second["x"] + second["width"] <= 400


def test_what_is_there_is_shown_while_the_rest_is_computed(app):
    steps = {"integrated_gradients_steps_automatic": "False", "integrated_gradients_steps": 1000}
    steps["integrated_gradients_draws"] = 20  # so that a busy browser has the time to draw
    app.come("compare", method="integrated-gradients", compare_across="class", compare_down="baseline", **steps)
    app.page.locator('[class*="st-key-maps-early-"] .main-svg').first.wait_for(state="attached")
    assert app.page.locator(".tile-title").count() == 9
    assert app.page.locator(".tile-reason").count()
    said = app.page.get_by_text(re.compile(r"[1-8] of 9 maps, about \d.* left"))
    said.wait_for()
    press(app, "Four classics")  # another choice ends the work
