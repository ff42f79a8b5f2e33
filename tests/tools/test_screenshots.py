"""Screenshots: every page in every window and both themes, each in a file of its own."""

import pytest

from pages.shared.heading import PAGES
from tools import screenshots
from tools.screenshots import Window


class Tab:
    """Stands in for a browser's tab, and writes down what is asked of it."""

    def __init__(self):
        self.done, self.expanded = [], "true"

    def goto(self, url):
        self.done.append(url)

    def set_viewport_size(self, size):
        self.done.append((size["width"], size["height"]))

    def screenshot(self, path):
        self.done.append(path.name)


@pytest.fixture
def tab(monkeypatch):
    tab = Tab()
    monkeypatch.setattr(screenshots, "wait", lambda tab, milliseconds: None)
    monkeypatch.setattr(screenshots, "show_sidebar", lambda tab, shown: tab.done.append(shown))
    monkeypatch.setattr(
        screenshots, "present", lambda tab, presents: tab.done.append("presenter") if presents else None
    )
    return tab


def test_a_page_is_photographed_in_every_window(tab, tmp_path):
    files = list(screenshots.photographs(tab, "http://here", "trust", "dark", tmp_path))
    assert tab.done == [
        "http://here/trust",
        *((1280, 720), True, "trust-1280x720-dark.png"),
        *((1280, 720), False, "trust-1280x720-wide-dark.png"),
        *((1280, 720), "presenter", f"trust-{Window(1280, 720, presents=True)}-dark.png"),
        *((1440, 900), True, "trust-1440x900-dark.png"),
        *((400, 800), "trust-400x800-dark.png"),
    ]
    assert [file.name for file in files] == [step for step in tab.done[1:] if str(step).endswith(".png")]


def test_the_pages_have_the_addresses_that_streamlit_gives_them():
    addresses = ["", "compare", "path", "trust", "audit", "reviews", "models", "learn"]
    assert [screenshots.address(page) for page in PAGES] == addresses


def test_an_unknown_page_is_refused_before_anything_starts(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("sys.argv", ["screenshots", str(tmp_path / "shots"), "explain", "paths"])
    with pytest.raises(SystemExit):
        screenshots.main()
    assert "there is no page paths" in capsys.readouterr().err
    assert not (tmp_path / "shots").exists()


def test_a_window_tells_its_kind():
    assert str(Window(1280, 720)) == "1280x720"
    assert str(Window(1280, 720, sidebar=False)) == "1280x720-wide"
