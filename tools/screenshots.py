"""Screenshots of every page, in windows of every kind, light and dark: python -m tools.screenshots FOLDER [PAGE ...]"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pages.shared.heading import PAGES
from tools.chromium import FLAGS, STILL, installed
from tools.load.server import serve

if TYPE_CHECKING:
    from playwright.sync_api import Page

IDLE = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
RUN_START, REFLOW = 1500, 1000  # milliseconds until a page runs, and until figures fit a changed window
TIMEOUT = 600_000  # milliseconds; all of the Path page takes minutes on a busy machine
THEMES = "light", "dark"


@dataclass(frozen=True)
class Window:
    """A size of the browser's window; in a wide one the sidebar may be hidden, also by presenter mode."""

    width: int
    height: int
    sidebar: bool = True
    presents: bool = False

    def __str__(self) -> str:
        return f"{self.width}x{self.height}" + "-wide" * (not self.sidebar) + "-present" * self.presents


WINDOWS = (
    Window(1280, 720),
    Window(1280, 720, sidebar=False),
    Window(1280, 720, presents=True),
    Window(1440, 900),
    Window(400, 800),
)


def address(page: str) -> str:
    """Return the path of a page in the address."""
    file = Path(PAGES[page][1])
    return file.stem if file.parent.name else ""


def wait(tab: Page, milliseconds: int) -> None:
    """Wait until nothing runs any more; whatever the last click changes begins within so many milliseconds."""
    tab.wait_for_timeout(milliseconds)
    tab.wait_for_selector(IDLE)
    tab.wait_for_function("!document.querySelector('[data-testid=stSkeleton]')")


def show_sidebar(tab: Page, shown: bool) -> None:
    """Show the sidebar of a wide window, or hide it."""
    opener = tab.get_by_test_id("stExpandSidebarButton")
    if shown == (not opener.count()):
        return
    if shown:
        opener.click()
    else:
        tab.get_by_test_id("stSidebar").hover()
        tab.get_by_test_id("stSidebarCollapseButton").get_by_role("button").click()
    tab.mouse.move(0, 0)


def present(tab: Page, presents: bool) -> None:
    """Switch presenter mode on or off."""
    switch = tab.locator(".st-key-present")
    if switch.locator("input").is_checked() != presents:
        switch.locator("label").first.click()
        wait(tab, RUN_START)


def photograph(tab: Page, window: Window, file: Path) -> None:
    """Take a picture of the page in a window of that kind, as it is before anybody scrolls."""
    tab.set_viewport_size({"width": window.width, "height": window.height})
    present(tab, window.presents)
    if window.width > 768 and not window.presents:  # a narrow one has no sidebar, nor has presenter mode
        show_sidebar(tab, window.sidebar)
    wait(tab, REFLOW)
    tab.screenshot(path=file)


def photographs(tab: Page, url: str, page: str, theme: str, folder: Path) -> Iterator[Path]:
    """Take all pictures of a page in a theme."""
    tab.goto(f"{url}/{address(page)}")
    wait(tab, RUN_START)
    for window in WINDOWS:
        photograph(tab, window, file := folder / f"{page}-{window}-{theme}.png")
        yield file


def main() -> None:
    """Serve the dashboard, and take a picture of each page in each window and theme."""
    parser = argparse.ArgumentParser(prog="python -m tools.screenshots", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("page", nargs="*", help=f"which pages, by default all: {', '.join(PAGES)}")
    arguments = parser.parse_args()
    if unknown := set(arguments.page) - set(PAGES):
        parser.error(f"there is no page {', '.join(sorted(unknown))}")
    from playwright.sync_api import sync_playwright

    arguments.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as log, serve(Path(log)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
        for theme in THEMES:
            context = browser.new_context(color_scheme="dark" if theme == "dark" else "light")
            context.set_default_timeout(TIMEOUT)
            context.add_init_script(STILL)
            tab = context.new_page()
            for page in arguments.page or PAGES:
                for file in photographs(tab, server.url, page, theme, arguments.folder):
                    print(file, flush=True)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
