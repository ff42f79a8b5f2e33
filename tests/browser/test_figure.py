"""What the figure does in the browser alone: one zoom for all panels, and the overlay's opacity."""

import pytest

RANGES = """() => {
    const layout = document.querySelector(".st-key-map .js-plotly-plot")._fullLayout
    return ["", 2, 3, 4].map(n => [...layout[`xaxis${n}`].range, ...layout[`yaxis${n}`].range])
}"""


def test_a_drag_zooms_all_panels_alike_a_pixel_tells_its_value_and_the_opacity_needs_no_server(app):
    app.open()
    before, whole, sent = app.chart("map"), app.page.evaluate(RANGES), len(app.sent)
    assert whole == [[-0.5, 63.5, 63.5, -0.5]] * 4
    panel = app.panels[2]
    app.page.mouse.move(panel["x"] + panel["width"] * 0.25, panel["y"] + panel["height"] * 0.25)
    app.page.mouse.down()
    app.page.mouse.move(panel["x"] + panel["width"] * 0.75, panel["y"] + panel["height"] * 0.75, steps=5)
    app.page.mouse.up()
    app.until(lambda: app.page.evaluate(RANGES) != whole)
    first, *others = app.page.evaluate(RANGES)
    assert others == [first] * 3
    assert first == pytest.approx([15.5, 47.5, 47.5, 15.5], abs=1)
    app.page.mouse.dblclick(panel["x"] + panel["width"] / 2, panel["y"] + panel["height"] / 2)
    app.until(lambda: app.page.evaluate(RANGES) == whole)

    app.page.mouse.move(panel["x"] + panel["width"] * 20.5 / 64, panel["y"] + panel["height"] * 10.5 / 64, steps=3)
    value = pytest.approx(app.heat[10][20], rel=0.01)
    hover = app.at("map").locator(".hoverlayer .hovertext")
    app.until(lambda: [float(text.replace("\u2212", "-")) for text in hover.all_text_contents()] == [value])
    assert len(app.sent) == sent

    rail = app.at("map").locator(".slider-rail-touch-rect").bounding_box()
    app.page.mouse.click(rail["x"] + rail["width"] * 0.3, rail["y"] + rail["height"] / 2)
    app.until(lambda: app.chart("map")[4]["opacity"] != before[4]["opacity"])
    assert app.chart("map") == [*before[:4], before[4] | {"opacity": pytest.approx(0.3)}]
    app.choose("scale", "probability").until(lambda: app.heat != before[2]["z"])
    assert len(app.sent) == sent + 1  # for the choice alone
