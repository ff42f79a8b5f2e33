"""The Path page in a browser: what moves there without the server, and what a visitor changes."""

import pytest

STOPS = 17
FEW = {"path_draws": 2, "path_pictures": 2}
SEEN = """() => {
    const drawn = document.querySelector(".st-key-journey .js-plotly-plot")
    const seen = drawn._fullData.map((trace, number) => trace.type == "heatmap" && trace.visible === true ? number : -1)
    const layout = drawn._fullLayout
    return {
        opacity: drawn._fullData[1].opacity,
        maps: seen.filter(number => number >= 0),
        markers: layout.shapes.map(shape => [shape.x0, shape.x1]),
        titles: layout.annotations.map(note => note.text),
    }
}"""
WHOLE = ".st-key-tile-spread .main-svg"  # the last that is drawn
STEPS = (
    """() => document.querySelector(".st-key-by-steps .js-plotly-plot")._fullData.findIndex(t => t.visible === true)"""
)


@pytest.fixture
def inside(app):
    """(**address) -> the Path page when all is drawn."""

    def come(**address):
        app.come("path", **address).page.wait_for_selector(WHOLE)
        return app.idle()

    return come


def rail(app, key, share):
    """Click a figure's slider at that share of its length."""
    box = app.at(key).locator(".slider-rail-touch-rect").bounding_box()
    app.page.mouse.click(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)


def test_alpha_and_the_number_of_steps_move_without_the_server_and_another_baseline_changes_all(inside):
    app = inside(**FEW)
    before, sent = app.page.evaluate(SEEN), len(app.sent)
    assert before["maps"] == [1 + STOPS, 1 + 2 * STOPS]
    assert before["markers"] == [[1, 1]] * 3
    app.at("journey").scroll_into_view_if_needed()
    rail(app, "journey", 0.25)
    app.until(lambda: app.page.evaluate(SEEN) != before)
    found = app.page.evaluate(SEEN)
    alpha = found["opacity"]
    assert alpha == pytest.approx(0.25, abs=0.02)
    assert found["markers"] == [[alpha, alpha]] * 3
    assert found["maps"] == [2 + 4, 2 + 4 + STOPS]
    assert f"alpha {alpha:.2f}" in found["titles"][0]
    assert found["titles"] != before["titles"]
    for share in (0.875, 0.125, 0.625):
        rail(app, "journey", share)
        app.until(lambda share=share: abs(app.page.evaluate(SEEN)["opacity"] - share) < 0.03)
    assert app.page.evaluate(STEPS) == 5
    app.at("by-steps").scroll_into_view_if_needed()
    for share, level in ((0.0, 0), (0.4, 2), (1.0, 5)):
        rail(app, "by-steps", share)
        app.until(lambda level=level: app.page.evaluate(STEPS) == level)
    assert len(app.sent) == sent

    first = app.chart("journey")
    app.select("integrated-gradients-baseline", "white")
    app.until(lambda: app.chart("journey")[:1] not in ([], first[:1]) and app.page.locator(WHOLE).count())
    assert app.address["integrated-gradients-baseline"] == "white"
    assert app.chart("journey")[1]["source"] == first[1]["source"]
    assert app.chart("journey")[1 + STOPS]["z"] != first[1 + STOPS]["z"]


def test_settings_travel_between_the_pages_and_back(inside):
    app = inside(sample="chelsea", integrated_gradients_baseline="white", **FEW)
    app.choose("scale", "probability").until(lambda: app.address.get("scale") == "probability")
    app.page.wait_for_selector(WHOLE)
    expected = {"sample": "chelsea", "scale": "probability", "integrated-gradients-baseline": "white"}
    app.page.get_by_role("link", name="Explain").click()
    app.until(lambda: app.heat)
    assert {key: app.address[key] for key in ("sample", "scale")} == {"sample": "chelsea", "scale": "probability"}
    app.method("Integrated Gradients").until(lambda: app.address.get("method") == "integrated-gradients")
    assert app.address == expected | {"method": "integrated-gradients"}
    app.page.go_back()
    app.until(lambda: "method" not in app.address)
    app.page.get_by_role("link", name="Path").click()
    app.page.wait_for_selector(WHOLE)
    app.idle()
    assert app.address == {"sample": "chelsea", "scale": "probability"}  # what the address in between had


def test_leaving_the_page_ends_its_work(app, rest):
    app.come("path", integrated_gradients_steps=1000, path_steps=512, sample="chelsea")
    app.page.get_by_test_id("stProgress").first.wait_for()
    app.page.get_by_role("link", name="Explain").click()
    app.until(lambda: app.heat)
    rest()
