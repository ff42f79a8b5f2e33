"""The Trust page's first screen: the map, the verdict and four cards, and a card's details on a click."""

import pytest

WHOLE = ".st-key-removal-small .main-svg"  # the most expensive experiment


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (400, 800)])
def test_the_verdict_and_the_cards_stand_on_the_first_screen(app, cheap, width, height):
    app.sized(width, height)
    app.come("trust", **cheap(), method="grad-cam").page.wait_for_selector(WHOLE)
    app.idle()
    cards = app.boxes("[class*='st-key-card-']")
    tested = app.at("tested").bounding_box()
    assert len(cards) == 4
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in [tested, *cards])
    assert app.page.get_by_test_id("stMain").evaluate("e => e.scrollWidth <= e.clientWidth")
    if width > 640:
        assert max(box["y"] + box["height"] for box in cards) <= height
        assert len({round(box["x"]) for box in cards}) == 2  # two columns
        assert all(box["width"] > 340 for box in cards)  # 45 characters
    else:
        assert tested["y"] + tested["height"] <= min(height, cards[0]["y"])
        assert len({round(box["x"]) for box in cards}) == 1

    narrow = cards[1]["width"]
    app.at("card-randomisation").get_by_text("Details and settings").click()
    app.until(lambda: app.at("survival").locator(".main-svg").count())
    if width > 640:
        assert app.at("card-randomisation").bounding_box()["width"] > 1.9 * narrow
    assert app.address["randomisation-details"] == "True"
