"""Without a mouse: from page load to a map of another method, and presenter mode."""

MANY = 60  # presses of a key


def press_until(app, key, reached, name="") -> None:
    """Press a key until the focus is in the element of that key, and on what has that name."""
    focus = "key => document.activeElement?.closest(`.st-key-${key}`) && document.activeElement.textContent"
    for _ in range(MANY):
        focused = app.page.evaluate(focus, reached)
        if focused is not None and name in focused:
            return
        app.page.keyboard.press(key)
    raise AssertionError(f"the focus never came to {name or reached}")


def test_a_keyboard_leads_to_a_map_of_another_method(app):
    before = app.open().heat
    press_until(app, "Tab", "family", "Gradients")
    app.page.keyboard.press("Enter")
    app.until(lambda: app.heat and app.heat != before)
    before, address = app.heat, app.address
    press_until(app, "Tab", "method")
    app.page.keyboard.type("Guided back")
    app.page.get_by_role("option", name="Guided backpropagation").wait_for()
    app.page.keyboard.press("Enter")
    app.until(lambda: app.heat and app.heat != before)
    assert app.address == {"method": "guided-backpropagation"} != address


def test_presenting_hides_the_sidebar_and_goes_from_page_to_page_with_the_same_question(app, cheap):
    page = app.page
    app.open(method="vanilla-gradient", **cheap())
    small = app.at("top").locator("h1").bounding_box()["height"]
    press_until(app, "Tab", "present")
    page.keyboard.press("Space")
    app.until(lambda: app.address.get("present") == "True" and page.get_by_role("link", name="Next →").count())
    assert not page.get_by_test_id("stSidebar").is_visible()
    assert app.at("top").locator("h1").bounding_box()["height"] > small
    for key, path in (("PageDown", "/compare"), ("PageDown", "/path"), ("PageUp", "/compare"), ("PageUp", "/")):
        page.keyboard.press(key)
        app.until(
            lambda path=path: page.url.partition("?")[0] == app.url + path and page.get_by_role("heading", level=1)
        )
        assert app.address["present"] == "True"
        assert not page.get_by_test_id("stSidebar").is_visible()
    assert app.address["method"] == "vanilla-gradient"
    assert page.get_by_role("link", name="← Back").count() == 0  # it is the first page
    page.get_by_role("link", name="Next →").click()
    app.until(lambda: page.url.startswith(f"{app.url}/compare"))
    page.keyboard.press("Escape")
    app.until(lambda: "present" not in app.address)
    assert page.get_by_test_id("stSidebar").is_visible()
    page.keyboard.press("PageDown")  # it scrolls again
    page.wait_for_timeout(500)
    assert page.url.startswith(f"{app.url}/compare")
