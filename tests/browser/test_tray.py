"""Several pictures of one's own: paged through by buttons and keys, compared, reported, removed."""

from io import BytesIO

from PIL import Image

COLOURS = "red", "green", "blue"


def files():
    """Three photos that a classifier tells apart, and a file that is none."""
    for number, colour in enumerate(COLOURS):
        picture, file = Image.effect_noise((90, 60), 60).convert("RGB"), BytesIO()
        picture.paste(colour, (10 * number, 10, 10 * number + 40, 50))
        picture.save(file, "JPEG")
        yield {"name": f"{colour}.jpg", "mimeType": "image/jpeg", "buffer": file.getvalue()}
    yield {"name": "broken.jpg", "mimeType": "image/jpeg", "buffer": b"no picture"}


def test_three_photos_are_paged_through_compared_and_removed(app):
    page = app.page
    app.open(method="vanilla-gradient", sample="own").until(lambda: page.get_by_test_id("stFileUploader").count())
    page.locator('[data-testid="stFileUploader"] input[type=file]').set_input_files([*files()])
    shown = app.at("picture-choice").get_by_text
    app.until(lambda: app.heat and shown("1 of 3").count())
    assert "broken.jpg" in app.messages or shown("broken.jpg").count()
    assert len(app.at("tray").get_by_role("radio").all()) == 3
    heats, addresses = [app.heat], [app.address]
    app.at("tray-next").get_by_role("button").click()
    app.until(lambda: shown("2 of 3").count() and app.heat != heats[0] and app.address != addresses[0])
    heats.append(app.heat)
    addresses.append(app.address)
    assert not app.messages
    page.locator("body").press("Alt+ArrowRight")
    app.until(lambda: shown("3 of 3").count() and app.heat not in heats)
    heats.append(app.heat)
    addresses.append(app.address)
    page.locator("body").press("Alt+ArrowRight")  # there is none
    page.locator("body").press("Alt+ArrowLeft")
    app.until(lambda: shown("2 of 3").count() and app.heat == heats[1])
    app.at("class").get_by_role("combobox").press("Alt+ArrowLeft")  # a text's own
    page.wait_for_timeout(500)
    assert shown("2 of 3").count()
    page.go_back()
    app.until(lambda: app.address == addresses[2] and app.heat == heats[2])
    app.choose("tray", "green.jpg").until(lambda: app.heat == heats[1])
    app.at("ask-tray-report").get_by_role("button").click()
    app.until(lambda: app.at("save-tray-report").count())
    with page.expect_download() as download:
        app.at("save-tray-report").get_by_role("button").click()
    text = download.value.path().read_text("utf-8")
    assert "3 of 3 maps" in text
    assert all(f">{colour}.jpg: " in text for colour in COLOURS)
    app.at("navigation").get_by_role("link", name="Compare").click()
    app.until(lambda: "/compare" in page.url and page.locator(".tile-title").count())
    page.get_by_test_id("stPopover").filter(has_text="Edit").get_by_role("button").first.click()
    first = page.locator(".tile-title").first
    app.select("compare-across", "Picture").until(lambda: first.inner_text().startswith("red.jpg"))
    titles = page.locator(".tile-title").all_inner_texts()
    assert [title.partition(" ")[0] for title in titles[:3]] == [f"{colour}.jpg" for colour in COLOURS]
    app.at("navigation").get_by_role("link", name="Explain").click()
    app.until(lambda: app.heat == heats[1])
    app.at("remove").get_by_role("button").click()
    app.until(lambda: shown("2 of 2").count())
    app.at("remove-all").get_by_role("button").click()
    app.until(lambda: "photo" not in app.address and app.at("tray").count() == 0)
