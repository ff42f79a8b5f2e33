"""What a visitor comes for is seen at 1280x720 without scrolling, and axe-core finds nothing that keeps anybody out."""

import pytest

from pages.shared.heading import PAGES
from tools.screenshots import address, show_sidebar

WINDOW = {"width": 1280, "height": 720}
SEEN = {  # the keys of what each page shows first
    "explain": ("top", "map", "answer", "check-area", "verdict-line"),
    "compare": ("top", "compare-view", "tiles-maps"),
    "path": ("top", "journey-figure"),
    "trust": ("top", "under-test", "verdict", "cards"),
    "audit": ("top", "audit"),
    "reviews": ("top", "reviews"),
    "models": ("top", "own-area", "catalogue-line", "row-efficientnet_lite0", "row-bundled", "use-bundled"),
    "learn": ("top", "lesson-row-one-line", "open-one-line", "lesson-row-saturation"),
}
DRAWN = ", ".join(  # by what each page is known
    (".main-svg", ".st-key-reviews", ".st-key-use-bundled", ".st-key-open-one-line", ".st-key-audit")
)
FIRST_CONTROLS = ("picture-choice", "method")  # in the sidebar, where the page has them
TOP_HEIGHT = 72  # of the heading: a tenth of the window


def seen(app, keys) -> None:
    """Figures come to their places a little after the page."""
    for _ in range(100):
        if not outside(app, keys):
            return
        app.page.wait_for_timeout(100)
    assert outside(app, keys) == []


def outside(app, keys) -> list[str]:
    """The elements that aren't there, or not wholly within the window."""
    boxes = {key: app.at(key).first.bounding_box() if app.at(key).count() else None for key in keys}
    return [
        f"{key}: {box}"
        for key, box in boxes.items()
        if not box
        or not box["height"]
        or min(box["x"], box["y"]) < 0
        or box["x"] + box["width"] > WINDOW["width"]
        or box["y"] + box["height"] > WINDOW["height"]
    ]


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_is_for_is_seen_without_scrolling_and_keeps_nobody_out(app, barriers, cheap, brief, page):
    app.sized(**WINDOW).come(address(page), **cheap(), **brief).idle()
    app.until(lambda: app.page.locator(DRAWN).count())
    controls = [key for key in FIRST_CONTROLS if app.at(key).count()]
    seen(app, (*controls, *SEEN[page]))
    assert app.at("top").bounding_box()["height"] <= TOP_HEIGHT
    assert barriers(app, "light", "dark") == []
    show_sidebar(app.page, False)
    app.until(lambda: app.at("top").bounding_box()["width"] > 1100)
    seen(app, SEEN[page])
