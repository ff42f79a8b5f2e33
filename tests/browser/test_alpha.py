"""The Path page in a browser: what moves there without the server, and what a visitor changes."""

import pytest

STOPS = 17
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
FIRST, WHOLE = ".st-key-journey .main-svg", ".st-key-tile-spread .main-svg"  # the last that is drawn
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


def apart(one, other) -> bool:
    """Whether two boxes have nothing in common."""
    return any(
        first[place] + first[size] <= second[place] + 1  # pixel, by rounding
        for place, size in (("x", "width"), ("y", "height"))
        for first, second in ((one, other), (other, one))
    )


def bar(app, area):
    """The slider of the figure in the container of that key."""
    return app.page.locator(f".stops[data-area={area}] input")


def test_alpha_moves_and_plays_by_keyboard_without_the_server_and_another_baseline_changes_all(inside, brief):
    app = inside(**brief)
    before, sent = app.page.evaluate(SEEN), len(app.sent)
    assert before["maps"] == [1 + STOPS, 1 + 2 * STOPS]
    assert before["markers"] == [[1, 1]] * 3
    alpha = bar(app, "journey-section")
    alpha.focus()
    for _ in range(12):
        app.page.keyboard.press("ArrowLeft")
    app.until(lambda: app.page.evaluate(SEEN)["opacity"] == pytest.approx(0.25, abs=0.02))
    found = app.page.evaluate(SEEN)
    assert found["markers"] == [[found["opacity"]] * 2] * 3
    assert found["maps"] == [2 + 4, 2 + 4 + STOPS]
    assert f"alpha {found['opacity']:.2f}" in found["titles"][0]
    assert alpha.get_attribute("aria-valuetext") == f"{found['opacity']:.2f}"

    app.page.get_by_role("button", name="Play").click()
    app.until(lambda: app.page.evaluate(SEEN)["opacity"] > 0.3)
    app.page.get_by_role("button", name="Stop", exact=True).click()
    app.page.wait_for_timeout(600)  # a step that was asked for before may still be drawn
    halted = app.page.evaluate(SEEN)
    assert halted["opacity"] < 1
    app.page.wait_for_timeout(600)
    assert app.page.evaluate(SEEN) == halted
    alpha.press("End")
    app.until(lambda: app.page.evaluate(SEEN) == before)

    assert app.page.evaluate(STEPS) == 5
    for key, level in (("Home", 0), ("ArrowRight", 1), ("End", 5)):
        bar(app, "steps-area").press(key)
        app.until(lambda level=level: app.page.evaluate(STEPS) == level)
    assert len(app.sent) == sent

    first = app.chart("journey")
    app.select("integrated-gradients-baseline", "white")
    app.until(lambda: app.chart("journey")[:1] not in ([], first[:1]) and app.page.locator(WHOLE).count())
    assert app.address["integrated-gradients-baseline"] == "white"
    assert app.chart("journey")[1]["source"] == first[1]["source"]
    assert app.chart("journey")[1 + STOPS]["z"] != first[1 + STOPS]["z"]


COUNTED = """() => {
    const relayout = window.Plotly.relayout
    window.arranged = 0
    window.Plotly.relayout = (...args) => { window.arranged += 1; return relayout(...args) }
}"""


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (400, 800)])
def test_what_moves_stands_on_one_screen(app, width, height, brief):
    app.sized(width, height)
    app.come("path", **brief).page.wait_for_selector(WHOLE)
    box = app.idle().page.locator(".st-key-journey-section .stops").bounding_box()

    def places():
        return app.boxes(".st-key-journey .nsewdrag")

    def is_arranged():
        return len(places()) == 6 and all(part["width"] > 100 for part in places()[:3])

    app.page.evaluate(COUNTED)
    app.until(is_arranged)
    app.page.wait_for_timeout(1000)
    assert app.page.evaluate("window.arranged") <= 1  # and not again and again
    assert app.page.locator(".st-key-journey .js-plotly-plot").is_visible()  # in a narrow window not before that
    boxes = places()
    assert all(part["x"] >= 0 and part["x"] + part["width"] <= width for part in [box, *boxes])
    shown = boxes if width > 640 else boxes[:3]  # a telephone shows the panels of pixels, once it is scrolled to them
    assert max(part["y"] + part["height"] for part in shown) <= height + (box["y"] if width < 640 else 0)
    bars = app.boxes(".st-key-journey [class*=cbcoloraxis] .cbfills")
    assert len(bars) == 2
    for colours in bars:
        assert all(apart(colours, part) for part in boxes)
    if width > 640:
        assert len({round(part["y"]) for part in boxes[:3]}) == 1
        assert max(part["y"] + part["height"] for part in boxes) - box["y"] <= 560


def test_settings_travel_between_the_pages_and_back(app, brief):
    app.come("path", sample="chelsea", integrated_gradients_baseline="white", **brief)
    app.page.wait_for_selector(FIRST)
    app.choose("scale", "probability").until(lambda: app.address.get("scale") == "probability", running=True)
    expected = {"sample": "chelsea", "scale": "probability", "integrated-gradients-baseline": "white"}
    app.page.get_by_role("link", name="Explain").click()
    app.until(lambda: app.heat)
    assert {key: app.address[key] for key in ("sample", "scale")} == {"sample": "chelsea", "scale": "probability"}
    app.method("Integrated Gradients").until(lambda: app.address.get("method") == "integrated-gradients")
    assert app.address == expected | {"method": "integrated-gradients"}
    app.page.go_back()  # to the first method of its family
    app.until(lambda: app.address.get("method") != "integrated-gradients")
    app.page.go_back()
    app.until(lambda: "method" not in app.address)
    app.page.get_by_role("link", name="Path").click()
    app.page.wait_for_selector(FIRST)
    in_between = {"sample": "chelsea", "scale": "probability"}
    its_own = {key.replace("_", "-"): str(value) for key, value in brief.items() if key.startswith("path")}
    app.until(lambda: app.address == in_between | its_own)


def test_leaving_the_page_ends_its_work(app, rest):
    app.come("path", integrated_gradients_steps=1000, path_steps=512, sample="chelsea")
    app.page.get_by_test_id("stProgress").first.wait_for()
    app.page.get_by_role("link", name="Explain").click()
    app.until(lambda: app.heat)
    rest()
