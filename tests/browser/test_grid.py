"""The Compare page in a browser: presets, axes, one scale, one zoom, one pointer, and tiles that fail."""

import re

import pytest

from explainers import load_classifier
from explainers.comparison.presets import comparison_presets

RANGES = """() => {
    const layout = document.querySelector(".st-key-grid .js-plotly-plot")._fullLayout
    return layout._subplots.cartesian.map(id => {
        const [x, y] = id.slice(1).split("y")
        return [...layout[`xaxis${x}`].range, ...layout[`yaxis${y}`].range]
    })
}"""
NOTES = """() => [...document.querySelectorAll(".st-key-grid .annotation-text")].map(note =>
    [...note.querySelectorAll("tspan.line")].map(line => line.textContent).join(" ") || note.textContent)"""
BLINKS = """() => {
    const drawn = document.querySelector(".st-key-blink .js-plotly-plot")
    return drawn && [drawn._fullData.map(trace => trace.visible), drawn._fullLayout.annotations[0].text]
}"""
PRESETS = [  # how many tiles each has, as its axes say
    len(preset.across[1]) * (len(preset.down[1]) if preset.down else 1)
    for preset in comparison_presets(load_classifier("bundled"), ("bundled", "resnet18"))
]


@pytest.fixture
def grid(app):
    """(**address) -> the Compare page when all is drawn."""

    def come(**address):
        app.come("compare", **address).page.wait_for_selector(".st-key-grid .main-svg")
        return app.idle()

    return come


def tiles(app):
    """The titles of the tiles."""
    return [note for note in app.page.evaluate(NOTES) if re.match(r"\d+\. ", note)]


def panels(app):
    return [panel.bounding_box() for panel in app.at("grid").locator(".nsewdrag").all()]


def press(app, number):
    before = tiles(app)
    app.at(f"preset-{number}").get_by_role("button").click()
    return app.until(lambda: len(tiles(app)) == PRESETS[number] and tiles(app) != before)


def test_a_preset_is_one_click_away_with_a_place_for_each_tile_and_its_link_restores_it(grid):
    app = grid()
    for number in (3, 6, 0):  # of several rows, with refused tiles, and as it was
        press(app, number)
        drawn, refused = len(app.chart("grid")), app.at("grid").locator(".shapelayer path").count()
        assert drawn + refused == PRESETS[number]

    press(app, 4)
    assert tiles(app) == ["1. black", "2. white", "3. random"]
    assert app.address == {
        "method": "integrated-gradients",
        "integrated-gradients-steps-automatic": "False",
        "integrated-gradients-steps": "64",
        "compare-across": "baseline",
        "compare-colours": "one for all",
    }
    drawn = app.chart("grid")
    app.page.goto(app.page.url)  # another session, which knows no more than the link
    app.page.wait_for_selector(".st-key-grid .main-svg")
    app.idle()
    assert tiles(app) == ["1. black", "2. white", "3. random"]
    assert app.chart("grid") == drawn


def test_another_axis_makes_another_grid(grid):
    app = grid(method="grad-cam")
    app.select("compare-across", "Class").until(lambda: len(tiles(app)) == 3)
    assert tiles(app)[0] == "1. espresso"
    app.select("compare-down", "Scale").until(lambda: len(tiles(app)) == 6)
    assert app.address == {"method": "grad-cam", "compare-across": "class", "compare-down": "scale"}
    assert tiles(app)[3] == "4. probability · espresso"


def test_the_tiles_share_their_zoom_what_is_pointed_at_and_on_request_their_scale(grid):
    app = grid()
    whole, sent = app.page.evaluate(RANGES), len(app.sent)
    assert len(whole) == 4
    assert whole == [whole[0]] * 4
    app.at("grid").scroll_into_view_if_needed()
    tile = panels(app)[2]
    app.page.mouse.move(tile["x"] + tile["width"] * 0.25, tile["y"] + tile["height"] * 0.25)
    app.page.mouse.down()
    app.page.mouse.move(tile["x"] + tile["width"] * 0.75, tile["y"] + tile["height"] * 0.75, steps=5)
    app.page.mouse.up()
    app.until(lambda: app.page.evaluate(RANGES) != whole)
    first, *others = app.page.evaluate(RANGES)
    assert others == [first] * 3
    left, right, bottom, top = whole[0]
    width, height = right - left, bottom - top
    expected = [left + width / 4, right - width / 4, bottom - height / 4, top + height / 4]
    assert first == pytest.approx(expected, abs=width / 50)
    app.page.mouse.dblclick(tile["x"] + tile["width"] / 2, tile["y"] + tile["height"] / 2)
    app.until(lambda: app.page.evaluate(RANGES) == whole)

    app.page.wait_for_function("document.querySelector('.st-key-grid .js-plotly-plot').whypixelLinked")
    tile = panels(app)[1]
    app.page.mouse.move(tile["x"] + tile["width"] * 20.5 / 64, tile["y"] + tile["height"] * 10.5 / 64, steps=3)
    labels = app.at("grid").locator(".hoverlayer .hovertext")
    there = pytest.approx(sorted(trace["z"][10][20] for trace in app.chart("grid")), rel=0.01)
    app.until(lambda: sorted(float(text.replace("\u2212", "-")) for text in labels.all_text_contents()) == there)
    assert len(app.sent) == sent

    assert len({(trace["zmin"], trace["zmax"]) for trace in app.chart("grid")}) == 4
    app.choose("compare-colours", "one for all")
    app.until(lambda: len({(trace["zmin"], trace["zmax"]) for trace in app.chart("grid")}) == 1)
    assert "One colour scale for all tiles." in app.page.locator(".stMainBlockContainer").inner_text()
    assert app.address == {"compare-colours": "one for all"}


def test_a_tile_that_fails_says_why_and_the_others_are_drawn(grid):
    app = grid(compare_method="vanilla-gradient~cam~integrated-gradients", scale="probability")
    assert len(tiles(app)) == 3
    assert len(app.chart("grid")) == 2
    assert "CAM explains the logit only, not the probability. Choose the logit." in app.page.evaluate(NOTES)
    assert not app.messages


def test_blinking_needs_no_server_and_agreement_has_a_number_for_each_pair(app):
    app.come("compare", compare_view="Blink").page.wait_for_selector(".st-key-blink .main-svg")
    app.idle()
    first = [[True, False], "<b>1. Vanilla gradient</b>"]
    second = [[False, True], "<b>2. Guided backpropagation</b>"]
    app.page.wait_for_function("document.querySelector('.st-key-blink .js-plotly-plot').whypixelLinked")
    sent = len(app.sent)
    assert app.page.evaluate(BLINKS) == first
    buttons = app.at("blink").locator(".updatemenu-button")
    buttons.nth(3).click()
    app.until(lambda: app.page.evaluate(BLINKS) == second)
    buttons.nth(0).click()
    app.until(lambda: app.page.evaluate(BLINKS) == first)
    app.until(lambda: app.page.evaluate(BLINKS) == second)
    buttons.nth(1).click()
    app.page.wait_for_timeout(700)
    rested = app.page.evaluate(BLINKS)
    app.page.wait_for_timeout(1200)
    assert app.page.evaluate(BLINKS) == rested
    assert len(app.sent) == sent

    app.choose("compare-view", "Agreement").page.wait_for_selector(".st-key-difference .main-svg")
    app.idle()
    for measure in ("rank_correlation", "ssim"):
        rows = app.chart(f"matrix-{measure}")[0]["z"]
        assert [rows[n][n] for n in range(4)] == pytest.approx([1] * 4)
    assert len(app.chart("difference")) == 3


def test_a_narrow_window_scrolls_the_figure_and_not_the_page(visitor):
    app = visitor(viewport={"width": 400, "height": 800})
    app.come("compare").page.wait_for_selector(".st-key-grid .main-svg")
    app.idle()
    assert app.page.get_by_test_id("stMain").evaluate("e => e.scrollWidth <= e.clientWidth")
    assert app.at("mosaic-grid").evaluate("e => e.scrollWidth > e.clientWidth")
    assert {round(tile["width"]) for tile in panels(app)} == {224}


def test_what_is_there_is_shown_while_the_rest_is_computed(app):
    steps = {"integrated_gradients_steps_automatic": "False", "integrated_gradients_steps": 1000}
    steps["integrated_gradients_draws"] = 20  # so that a busy browser has the time to draw
    app.come("compare", method="integrated-gradients", compare_across="class", compare_down="baseline", **steps)
    early = app.page.locator('[class*="st-key-grid-early"]').first
    early.locator(".main-svg").first.wait_for(state="attached")
    assert 0 < early.locator(".nsewdrag").count() < 9
    assert early.locator(".nsewdrag").count() + early.locator(".shapelayer path").count() == 9
    said = app.page.get_by_text(re.compile(r"[1-8] of 9 maps, about \d+ s left"))
    said.wait_for()
    app.at("preset-0").get_by_role("button").click()  # another choice ends the work
    app.until(lambda: len(tiles(app)) == 4)
