"""How long the actions of the Audit page take on a made run: python -m tools.audit_actions [PICTURES]

It draws the pictures and makes up the rows in a temporary folder, serves the dashboard, and does in a browser what a
visitor does. Each time is from the click until what it changes is drawn and nothing runs any more.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from explainers.audit.shelf import VARIABLE
from explainers.reviews.location import VARIABLE as BOARD_VARIABLE
from tools.chromium import FLAGS, STILL, installed
from tools.load.server import serve
from tools.made_run import made_run
from tools.screenshots import IDLE

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

WIDTH, HEIGHT = 1440, 900
PICTURES, TIMEOUT = 5000, 120_000  # milliseconds
TILES = ".st-key-picture-tiles [role=radio]"
MOST = 50  # milliseconds between looks


class Visit:
    """A tab in which actions are timed."""

    def __init__(self, tab: Page) -> None:
        self.tab = tab
        self.times: list[tuple[str, float]] = []

    def at(self, key: str) -> Locator:
        """Return the element of that key."""
        return self.tab.locator(f".st-key-{key}")

    def heading(self) -> str:
        """Return what is said above the pictures; an empty text where they aren't there."""
        line = self.at("pictures-line")
        return line.inner_text() if line.count() else ""

    def tiles(self) -> list[str]:
        """Return the words below the pictures."""
        return self.tab.locator(TILES).all_inner_texts()

    def does(self, what: str, action: Callable[[], object], effect: Callable[[], object]) -> None:
        """Do something, and note how long it is until its effect is seen and nothing runs."""
        start = time.perf_counter()
        action()
        while not effect():
            if time.perf_counter() - start > TIMEOUT / 1000:
                raise TimeoutError(what)
            self.tab.wait_for_timeout(MOST)
        self.tab.wait_for_selector(IDLE)
        self.times.append((what, time.perf_counter() - start))

    def selects(self, key: str, option: str) -> None:
        """Choose in a select box."""
        self.at(key).get_by_role("combobox").fill(option)
        self.tab.get_by_role("option", name=option, exact=True).click()

    def lassoes(self) -> None:
        """Draw a line around the upper half of the plane."""
        place = self.at("maps-in-plane").locator(".nsewdrag").first.bounding_box()
        assert place
        left, top = place["x"] + 2, place["y"] + 2
        right, bottom = place["x"] + place["width"] - 2, place["y"] + place["height"] / 2
        self.tab.mouse.move(left, top)
        self.tab.mouse.down()
        for x, y in ((right, top), (right, bottom), (left, bottom), (left, top)):
            self.tab.mouse.move(x, y, steps=4)
        self.tab.mouse.up()


def look_through(visit: Visit, url: str) -> None:
    """Do what a visitor does."""
    tab = visit.tab
    tab.goto(f"{url}/audit")
    visit.at("open-audit-1").wait_for()
    tab.wait_for_selector(IDLE)
    visit.does("open the run", lambda: visit.at("open-audit-1").get_by_role("button").click(), visit.tiles)
    first = visit.tiles()
    following = visit.at("pictures-next").get_by_role("button")
    visit.does("next page", following.click, lambda: visit.tiles() not in ([], first))
    visit.does("a class", lambda: visit.selects("shows", "teapot"), lambda: "that show teapot" in visit.heading())
    wrong = visit.at("outcome").get_by_role("radio", name="Wrong")
    visit.does("wrong answers", wrong.click, lambda: "with a wrong answer" in visit.heading())
    visit.does("sort by a measure", lambda: visit.selects("measure", "Completeness gap"), visit.at("spread").count)
    everything = visit.at("clear-selection").get_by_role("button")
    visit.does("all pictures", everything.click, lambda: "with a wrong answer" not in visit.heading())
    finding = visit.at("look-at-finding-0").get_by_role("button")
    visit.does("a finding", finding.click, lambda: "of “A corner that decides”" in visit.heading())
    views = visit.at("audit-view")
    points = visit.at("maps-in-plane").locator(".nsewdrag")
    visit.does("all maps", views.get_by_role("radio", name="All maps").click, points.count)
    everything.click()
    tab.wait_for_function("!document.querySelector('.st-key-clear-selection')")
    visit.does("a line around points", visit.lassoes, lambda: "inside your line" in visit.heading())
    visit.does("clusters", views.get_by_role("radio", name="Clusters").click, visit.at("cluster-tiles").count)
    cluster = tab.get_by_role("radio", name="teapot, cluster 2")
    visit.does("a cluster", cluster.click, lambda: "in cluster 2 of teapot" in visit.heading())
    visit.does("confusion", views.get_by_role("radio", name="Confusion").click, visit.at("confusion-table").count)
    visit.does("explain a picture", tab.locator(TILES).first.click, visit.at("map").locator(".main-svg").count)
    visit.does("back", tab.get_by_role("link", name="← Back to the audit").click, visit.tiles)


def main() -> None:
    """Make the run, look through it, and print the times."""
    parser = argparse.ArgumentParser(prog="python -m tools.audit_actions", description=__doc__)
    parser.add_argument("pictures", type=int, nargs="?", default=PICTURES)
    count = parser.parse_args().pictures
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made_run(folder / "runs/made", folder / "pictures", count)
        os.environ |= {VARIABLE: str(folder / "runs"), BOARD_VARIABLE: str(folder / "reviews.sqlite")}
        (folder / "log").mkdir()
        with serve(folder / "log") as server, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
            context = browser.new_context(viewport={"width": WIDTH, "height": HEIGHT})
            context.set_default_timeout(TIMEOUT)
            context.add_init_script(STILL)
            visit = Visit(context.new_page())
            look_through(visit, server.url)
            browser.close()
    print(f"| {count:,} pictures | s |\n|---|--:|")
    for what, seconds in visit.times:
        print(f"| {what} | {seconds:.2f} |")


if __name__ == "__main__":
    main()
