"""Deletion and insertion in a browser: the slider moves without the server."""

import pytest

SEEN = """() => {
    const drawn = document.querySelector(".st-key-removal .js-plotly-plot")
    const shown = drawn._fullData.filter(trace => trace.type == "image" && trace.visible === true)
    return {
        sources: shown.map(trace => trace.source),
        drawn: Array.from(drawn.querySelectorAll(".imagelayer image"), image => image.getAttribute("href")),
        markers: drawn._fullLayout.shapes.map(shape => [shape.x0, shape.x1].map(x => Number(x.toFixed(3)))),
        titles: drawn._fullLayout.annotations.map(note => note.text),
    }
}"""


@pytest.fixture
def trust(app):
    """The page with its figure drawn."""
    app.come("trust", method="grad-cam", removal_details=True)
    app.page.wait_for_selector(".st-key-removal .imagelayer image")
    app.idle()
    app.page.locator(".stops.linked[data-area=removal-area]").scroll_into_view_if_needed()
    return app


def spot(app, share):
    """Where that share of the slider's length is on the screen."""
    rail = app.page.locator(".stops[data-area=removal-area] input").bounding_box()
    thumb = rail["height"]  # it is about as wide, and its middle doesn't reach the ends
    return rail["x"] + thumb / 2 + (rail["width"] - thumb) * share, rail["y"] + rail["height"] / 2


def test_the_slider_shows_the_pictures_at_each_share_without_the_server(trust):
    app, look = trust, lambda: trust.page.evaluate(SEEN)
    before, sent = look(), len(app.sent)
    assert before["markers"] == [[0.191, 0.191]] * 2  # 49 of 256
    assert len(before["sources"]) == len(before["drawn"]) == 2
    app.page.mouse.click(*spot(app, 0.5))
    app.until(lambda: look()["markers"] == [[0.25, 0.25]] * 2)
    clicked = look()
    assert all(now != then for now, then in zip(clicked["drawn"], before["drawn"], strict=True))
    assert "25% removed" in clicked["titles"][0]
    assert "25% back" in clicked["titles"][2]
    app.page.mouse.move(*spot(app, 0.5))
    app.page.mouse.down()
    for share in (0.6, 0.8, 1.0):
        app.page.mouse.move(*spot(app, share), steps=4)
    app.page.mouse.up()
    app.until(lambda: look()["markers"] == [[1, 1]] * 2)
    assert look()["drawn"][1] != clicked["drawn"][1]
    app.page.mouse.click(*spot(app, 0.0))
    app.until(lambda: look()["markers"] == [[0, 0]] * 2)
    assert len(app.sent) == sent
