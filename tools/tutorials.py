"""A picture of each place where a step of the four tutorials is done: python -m tools.tutorials [STEP ...]

The table of docs/lessons.md names the steps, and links these pictures.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

from PIL import Image

from explainers.classifiers.catalogue import find
from explainers.lessons.xception import ON_THIS_MACHINE
from tools.chromium import FLAGS, STILL, installed
from tools.load.server import serve
from tools.marks import DOCS
from tools.screenshots import REFLOW, RUN_START, TIMEOUT, Window, address, wait

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = DOCS / "tutorials"
WINDOW = Window(1280, 800)
WIDTH, QUALITY = 800, 60  # of the pictures: pixels, and WebP's own scale
ABOVE = 90  # pixels that stay free above what is scrolled to
Settings = Mapping[str, str]


@dataclass(frozen=True)
class Place:
    """Where a step is done.

    step:     its name in the table of the documentation.
    page:     the page, and settings: what its address sets there.
    shown:    the key of what is scrolled to; empty: the page is photographed as it opens.
    selected: the options of select boxes that no address sets, by their keys.
    opened:   the key of what is unfolded.
    wanted:   the tutorial's classifier, which is taken where its weights are on this machine.
    """

    step: str
    page: str
    settings: Settings = field(default_factory=dict)
    shown: str = ""
    selected: Settings = field(default_factory=dict)
    opened: str = ""
    wanted: str = ""

    @property
    def file(self) -> Path:
        """The file of its picture."""
        return FOLDER / f"{self.step.lower()}.webp"

    @property
    def query(self) -> dict[str, str]:
        """What stands in its address."""
        has_it = self.wanted and find(self.wanted).origin in ON_THIS_MACHINE
        return {**self.settings} | ({"classifier": self.wanted} if has_it else {})


def lesson(slug: str, step: int) -> dict[str, str]:
    """Return the settings that open a step of a lesson."""
    return {"lesson": slug, "step": str(step)}


CAT = {"sample": "chelsea"}  # instead of the cup of coffee, which comes first
RESNET, GOOGLENET = "resnet50", "googlenet"
GRADIENT, INTEGRATED = {"method": "vanilla-gradient"}, {"method": "integrated-gradients"}
PROBABILITY = {"scale": "probability"}
PLACES = (
    Place("A1", "learn", lesson("one-line", 3)),
    Place("A2", "explain", CAT, opened="more", wanted=RESNET),
    Place("A3", "explain", CAT | GRADIENT | PROBABILITY, opened="more", wanted=RESNET),
    Place("A4", "explain", CAT | GRADIENT, selected={"overlay": "picture on map"}, wanted=RESNET),
    Place("B1", "explain", CAT, wanted=GOOGLENET),
    Place("B2", "explain", CAT | GRADIENT | PROBABILITY, selected={"colours-unsigned": "0 white"}, wanted=GOOGLENET),
    Place("B3", "explain", CAT | {"method": "guided-backpropagation"}, wanted=GOOGLENET),
    Place("B4", "explain", CAT | {"method": "zeiler-fergus-deconvolution"}, wanted=GOOGLENET),
    Place("B5", "path", CAT | {"path-pictures": "25"}, shown="strip", wanted=GOOGLENET),
    Place("B6", "trust", CAT | {"method": "guided-backpropagation"}, shown="card-randomisation"),
    Place("C1", "learn", lesson("cam", 4)),
    Place("C2", "explain", CAT),  # Grad-CAM comes first
    Place("C3", "learn", lesson("cam", 6), shown="row-0"),
    Place("C4", "compare", CAT),
    Place("D1", "explain", CAT | {"fit": "pad"}, opened="more", wanted=GOOGLENET),
    Place("D2", "learn", lesson("saturation", 4)),
    Place("D3", "learn", lesson("baseline", 3)),
    Place("D4", "path", shown="strip"),
    Place("D5", "path", PROBABILITY),
    Place("D6", "explain", INTEGRATED | PROBABILITY, shown="curves"),
    Place("D7", "learn", lesson("steps", 5)),
    Place(
        "D8",
        "explain",
        INTEGRATED | {"integrated-gradients-steps": "240"},
        selected={"channels-integrated-gradients": "sum of magnitudes"},
    ),
    Place("D9", "path", shown="steps"),
    Place("D10", "trust", INTEGRATED, shown="verdict"),
)


def photograph(tab: Page, url: str, place: Place) -> bytes:
    """Open a place by its link, and return a picture as PNG. Raises ValueError where the link isn't understood."""
    query = place.query
    tab.goto(f"{url}/{address(place.page)}?{urlencode(query)}")
    wait(tab, RUN_START)
    kept = {key: values[0] for key, values in parse_qs(urlsplit(tab.url).query).items()}
    if lost := {key: value for key, value in query.items() if kept.get(key) != value}:
        raise ValueError(f"step {place.step}: the page takes no {lost}")
    if place.opened:
        unfolded = tab.locator(f".st-key-{place.opened}")
        unfolded.locator("summary").click()
        wait(tab, REFLOW)
        unfolded.evaluate("element => element.scrollIntoView(false)")
    for key, option in place.selected.items():
        box = tab.locator(f".st-key-{key}")
        box.get_by_role("combobox").click()
        tab.get_by_role("option", name=re.compile(f"^{re.escape(option)}")).first.click()
        wait(tab, RUN_START)
    if place.shown:
        tab.locator(f".st-key-{place.shown}").first.evaluate(
            f"element => {{ element.style.scrollMarginTop = '{ABOVE}px'; element.scrollIntoView() }}"
        )
    tab.mouse.move(0, 0)
    wait(tab, REFLOW)
    return tab.screenshot()


def small(picture: bytes) -> bytes:
    """Return a picture as a small WebP file."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.thumbnail((WIDTH, image.height), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    image.save(stream, "webp", quality=QUALITY, method=6)
    return stream.getvalue()


def main() -> None:
    """Serve the dashboard, and write the pictures of the steps into docs/."""
    names = [place.step for place in PLACES]
    parser = argparse.ArgumentParser(prog="python -m tools.tutorials", description=__doc__)
    parser.add_argument("step", nargs="*", help=f"which steps, by default all: {', '.join(names)}")
    wanted = parser.parse_args().step or names
    if unknown := set(wanted) - set(names):
        parser.error(f"there is no step {', '.join(sorted(unknown))}")
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as log, serve(Path(log)) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
        tab = browser.new_page(color_scheme="light")
        tab.set_viewport_size({"width": WINDOW.width, "height": WINDOW.height})
        tab.set_default_timeout(TIMEOUT)
        tab.add_init_script(STILL)
        for place in PLACES:
            if place.step in wanted:
                place.file.write_bytes(small(photograph(tab, server.url, place)))
                print(place.file, flush=True)
        browser.close()


if __name__ == "__main__":
    main()
