"""Narrow and wide, light and dark."""

import re

GROUND = "e => getComputedStyle(e).backgroundColor"


def test_a_window_of_any_width_shows_all_panels_without_scrolling_sideways(app):
    app.sized(400, 800).open(method="integrated-gradients")
    for width in (400, 1100, 2200):
        app.sized(width, 800)
        app.until(lambda width=width: len(app.panels) == 4 and fits(app.panels, width))
        assert app.page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
        assert app.fits_sideways


def fits(panels, width) -> bool:
    """Whether all panels are square, in the window and large enough to see something, above all the overlay."""
    return panels[3]["width"] >= 300 and all(
        panel["x"] >= 0
        and panel["x"] + panel["width"] <= width
        and abs(panel["width"] - panel["height"]) < 2
        and panel["width"] > 100
        for panel in panels
    )


def luminance(colour: str) -> float:
    """How bright a colour is, from 0 to 1, as WCAG has it."""
    if colour.startswith("#"):
        levels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    else:
        levels = [int(level) / 255 for level in re.findall(r"\d+", colour)[:3]]
    linear = [level / 12.92 if level <= 0.04045 else ((level + 0.055) / 1.055) ** 2.4 for level in levels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_words_can_be_read_in_every_colour_scheme_and_when_it_changes(app):
    app.open()
    app_ground = app.page.get_by_test_id("stApp")
    for scheme in ("light", "dark"):  # the second one comes while the page is open, and the server hears late of it
        app.page.emulate_media(color_scheme=scheme)
        app.until(lambda is_dark=scheme == "dark": (luminance(app_ground.evaluate(GROUND)) < 0.5) == is_dark)
        ground = luminance(app_ground.evaluate(GROUND))
        names = app.at("answer").locator(".textpoint text").first.evaluate("e => getComputedStyle(e).fill")
        said = app.page.locator(".stMainBlockContainer li").first.evaluate("e => getComputedStyle(e).color")
        titles = app.at("map").locator(".annotation-text").first.evaluate("e => getComputedStyle(e).fill")
        for colour in (names, said, titles):
            darker, brighter = sorted((ground, luminance(colour)))
            assert (brighter + 0.05) / (darker + 0.05) >= 4.5
