"""The review board in a browser: a double click keeps once, the card leads to the review, and back to the same map."""

NARROW, WIDE = {"width": 400, "height": 800}, {"width": 1440, "height": 1800}
CARDS = '[class*="st-key-review-card-"]'


def cards(app):
    return app.page.locator(CARDS).filter(has_text="The whiskers.")


def opacities(app):
    return [trace["opacity"] for trace in app.chart("map")]


def test_a_result_is_kept_once_found_judged_and_opened_again(app, barriers):
    app.open(method="vanilla-gradient", sample="chelsea")
    usual = opacities(app)
    app.select("overlay", "picture on map").until(lambda: opacities(app) != usual)
    heat, chosen = app.heat, opacities(app)
    app.at("keep").get_by_role("button").click()
    form = app.page.get_by_test_id("stPopoverBody")
    assert "Anybody who can open this dashboard can see them" in form.inner_text()
    form.get_by_role("radio", name="Unclear").or_(form.get_by_role("button", name="Unclear")).click()
    form.locator("textarea").fill("The whiskers.")
    form.locator("input[type=text]").fill("Anna")
    form.get_by_role("button", name="Keep").dblclick()
    app.until(lambda: "Kept." in form.inner_text())
    form.get_by_text("Go to the Reviews page").click()
    app.until(lambda: cards(app).count())
    assert cards(app).count() == 1
    app.until(lambda: cards(app).locator("img").evaluate("image => image.naturalWidth") > 100)
    assert barriers(app, "light") == []
    app.page.set_viewport_size(NARROW)
    app.page.wait_for_timeout(200)
    assert app.fits_sideways
    cards(app).get_by_role("button", name="Discuss").click()
    app.until(lambda: app.at("review-columns").count())
    assert app.fits_sideways
    app.page.set_viewport_size(WIDE)
    app.page.get_by_text("Add your verdict").click()
    right = app.at("review-right")
    app.choose("add-opinion", "Sensible")
    right.get_by_role("button", name="Add", exact=True).click()  # the name is known by now
    app.until(lambda: right.get_by_text("Earlier", exact=True).count())
    app.page.reload()
    app.until(lambda: right.get_by_text("Earlier", exact=True).count())
    app.at("open-again").get_by_role("button").click()
    app.until(lambda: app.page.get_by_text("This is the map that Anna kept, bit for bit.").count())
    app.until(lambda: app.heat == heat)
    assert opacities(app) == chosen
    assert app.address == {"method": "vanilla-gradient", "sample": "chelsea"}
