"""The box of the Trust page in a browser: drawn with a real mouse, kept in the address, hidden."""

import pytest

CORNERS = """() => {
    const drawn = document.querySelector(".st-key-pointing .js-plotly-plot")
    return (drawn?._fullLayout?.shapes ?? []).map(({x0, y0, x1, y1}) => [x0, y0, x1, y1])
}"""
DRAWN = ".st-key-pointing .main-svg"
VIEW = 100, 0, 500, 400  # what the classifier sees of the first sample, 600 x 400


@pytest.fixture
def trust(app, cheap):
    """(**address) -> the Trust page when the picture to draw on is there."""

    def come(**address):
        app.come("trust", **cheap() | {"pointing_details": True} | address).page.wait_for_selector(DRAWN)
        return app.idle()

    return come


def drag(app, left, top, right, bottom):
    """Draw a box from one corner to the other, in pixels of the photo."""
    app.at("pointing").scroll_into_view_if_needed()
    place = app.at("pointing").locator(".nsewdrag").first.bounding_box()
    scale = place["width"] / (VIEW[2] - VIEW[0]), place["height"] / (VIEW[3] - VIEW[1])
    (x0, y0), (x1, y1) = (
        (place["x"] + (x - VIEW[0]) * scale[0], place["y"] + (y - VIEW[1]) * scale[1])
        for x, y in ((left, top), (right, bottom))
    )
    app.page.mouse.move(x0, y0)
    app.page.mouse.down()
    for step in range(1, 9):
        app.page.mouse.move(x0 + (x1 - x0) * step / 8, y0 + (y1 - y0) * step / 8)
    app.page.mouse.up()


def sentences(app):
    return app.at("pointing-section").inner_text()


def card(app):
    return app.at("pointing-card").inner_text()


def box(app):
    """The edges in the address."""
    return [int(edge) for edge in app.address["box"].split("~")]


def test_a_box_is_drawn_hidden_restored_cleared_and_typed(trust):
    app = trust(method="grad-cam")
    assert "Draw a box around the object" in card(app)
    assert app.page.evaluate(CORNERS) == []
    drag(app, 490, 390, 400, 290)  # from the lower right corner
    app.until(lambda: "box" in app.address and "outside the box" in sentences(app))
    assert box(app) == pytest.approx([400, 290, 490, 390], abs=3)
    assert "Draw a box around the object" not in card(app)

    drag(app, 180, 40, 420, 260)  # another, over the first
    app.until(lambda: "peak lies in the box" in sentences(app))
    assert box(app) == pytest.approx([180, 40, 420, 260], abs=3)
    assert app.page.evaluate(CORNERS) == [box(app)] * 2
    app.at("hide").get_by_text("Hide the box").click()
    app.until(lambda: app.at("hidden-picture").locator(".main-svg").count())
    rows = app.at("hidden").locator("tbody tr").all_inner_texts()
    label, before, after = rows[0].split("\t")
    assert label == "espresso"
    assert float(after.rstrip("%")) < float(before.rstrip("%"))

    address, corners, said = app.address, app.page.evaluate(CORNERS), sentences(app)
    assert address["hide"] == "True"
    app.page.reload()
    app.page.wait_for_selector(DRAWN)
    app.until(lambda: app.page.evaluate(CORNERS) and app.at("hidden-picture").locator(".main-svg").count())
    assert app.address == address
    assert app.page.evaluate(CORNERS) == corners
    assert sentences(app) == said

    app.at("clear-box").get_by_role("button").click()
    app.until(lambda: "box" not in app.address and not app.page.evaluate(CORNERS))
    assert "Draw a box around the object" in card(app)
    edge = app.at("box-left").locator("input")  # and with the keyboard alone
    edge.fill("150")
    edge.press("Enter")
    app.until(lambda: "box" in app.address and app.page.evaluate(CORNERS))
    assert box(app) == [150, 100, 400, 300]
    assert app.page.evaluate(CORNERS) == [box(app)] * 2


def test_a_box_survives_a_visit_to_another_page_but_not_another_photo(trust):
    app = trust(box="180~40~420~260")
    app.page.get_by_role("link", name="Explain").click()
    app.until(lambda: app.heat)
    app.page.get_by_role("link", name="Trust", exact=True).click()
    app.page.wait_for_selector(DRAWN)
    app.until(lambda: app.page.evaluate(CORNERS) == [[180, 40, 420, 260]] * 2)
    app.choose("sample", "Chelsea").until(lambda: app.address.get("sample") == "chelsea" and "box" not in app.address)
    app.until(lambda: app.page.evaluate(CORNERS) == [])
    app.page.go_back()
    app.until(lambda: "sample" not in app.address and app.page.evaluate(CORNERS) == [[180, 40, 420, 260]] * 2)
