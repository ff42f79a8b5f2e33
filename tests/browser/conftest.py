"""The dashboard in a real Chromium: a server of our own, and a page object that knows what the pages are made of."""

from __future__ import annotations

import base64
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from PIL import Image

from explainers import EXPLAINERS
from explainers.methods.families import FAMILIES
from tools.chromium import FLAGS, STILL, installed
from tools.load.server import Server, serve

IDLE = '[data-testid="stApp"][data-test-connection-state="CONNECTED"][data-test-script-state="notRunning"]'
PATIENCE = 120  # seconds
CLICKS, CLICK_PATIENCE = 3, 50  # how often something is clicked on, and tenths of a second until it shows
WIDE = {"width": 1440, "height": 1800}
QUICK = (
    "--js-flags=--no-opt --no-maglev",  # no page stays long enough to make up for compiling its code twice
    "--process-per-site",  # so that a new tab finds the code that another has compiled
)
GRAVE = "serious", "critical"  # of what axe-core finds
COLOUR_RULES = ["color-contrast", "link-in-text-block"]  # of axe-core; its others don't look at colours
GROUND = """() => getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor"""
TRACES = """key => {
    const rows = z => z ? Array.from(z, row => Array.from(row)) : null
    const traces = document.querySelector(`.st-key-${key} .js-plotly-plot`)?._fullData ?? []
    return JSON.stringify(traces.map(trace => {
        const {type, opacity = null, source = null, z, zmin = null, zmax = null, colorscale = null, y} = trace
        return {type, opacity, source, z: rows(z), zmin, zmax, colorscale, y: y ? Array.from(y) : null}
    }))
}"""  # as text: to hand over thousands of numbers one by one takes longer than to draw them
BOXES = """selector => [...document.querySelectorAll(selector)].map(element => {
    const {x, y, width, height} = element.getBoundingClientRect()
    return {x, y, width, height}
})"""
FITS = """() => ["stMain", "stAppViewContainer"]
    .map(name => document.querySelector(`[data-testid=${name}]`))
    .every(element => element.scrollWidth <= element.clientWidth)"""
HEAT = """() => {
    const trace = document.querySelector(".st-key-map .js-plotly-plot")?._fullData?.[2]
    return JSON.stringify(trace ? Array.from(trace.z, row => Array.from(row)) : null)
}"""


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that can download nothing, whether this machine is online or not."""
    with serve(tmp_path_factory.mktemp("server")) as server:
        yield server
    assert "Traceback" not in server.log, server.log


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A running browser. Without one, tests are skipped; under CI they fail."""

    def missing(reason: str) -> None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)

    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        missing("Playwright is not installed: pip install -r tests/requirements.txt")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=installed(), args=[*FLAGS, *QUICK])
        except Error as error:
            missing(f"No Chromium: install it, or name it in WHYPIXEL_CHROMIUM. {error}")
        yield browser
        browser.close()


@dataclass
class App:
    """One visitor's page, and all that goes wrong in it."""

    page: Any
    url: str
    faults: list[str] = field(default_factory=list)
    sent: list[str | bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        for event, heard in self._events.items():
            self.page.on(event, heard)

    @property
    def _events(self) -> dict[str, Callable[[Any], None]]:
        return {"pageerror": self._fail, "console": self._hear, "request": self._request, "websocket": self._watch}

    def leave(self) -> None:
        """Go away, so that the next visitor finds the tab as this one did."""
        self.page.goto(f"{self.url}/_stcore/health")
        self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.page.mouse.move(0, 0)
        self.sized(**WIDE).page.emulate_media(color_scheme="light")
        self.page.context.clear_permissions()
        for event, heard in self._events.items():
            self.page.remove_listener(event, heard)

    def sized(self, width: int, height: int) -> App:
        """Make the window that large."""
        self.page.set_viewport_size({"width": width, "height": height})
        return self

    def coloured(self, scheme: str) -> App:
        """Let the browser ask for light or dark colours, and wait until the page, which was open before, has them."""
        if self.page.evaluate("name => matchMedia(`(prefers-color-scheme: ${name})`).matches", scheme):
            return self
        before = self.page.evaluate(GROUND)
        self.page.emulate_media(color_scheme=scheme)
        return self.until(lambda: self.page.evaluate(GROUND) != before)

    def _fail(self, error: Any) -> None:
        self.faults.append(f"page error: {error}")

    def _request(self, request: Any) -> None:
        if not request.url.startswith(("data:", "blob:", self.url + "/")):
            self.faults.append(f"went out: {request.url}")

    def _hear(self, message: Any) -> None:
        if "/_stcore/" in message.location.get("url", "") and "404" in message.text:
            return  # on a page below the first, Streamlit looks for its server there, too
        if message.type == "error" or message.text.startswith("WARN:"):  # as plotly.js begins its own
            self.faults.append(f"console: {message.text}")

    def _watch(self, socket: Any) -> None:
        if not socket.url.startswith(self.url.replace("http", "ws", 1)):
            self.faults.append(f"went out: {socket.url}")
        socket.on("framesent", lambda frame: self.sent.append(frame))

    def come(self, page: str = "", **address: object) -> App:
        """Go to a page with these settings in the address, - written as _ in their names."""
        settings = {key.rstrip("_").replace("_", "-"): value for key, value in address.items()}
        self.page.goto(f"{self.url}/{page}?{urlencode(settings)}")
        return self

    def open(self, **address: object) -> App:
        """Go there and wait until all is drawn."""
        return self.come(**address).idle().until(lambda: self.chart("map") or self.messages)

    def idle(self) -> App:
        """Wait until no run is under way; after a click, wait for its effect first."""
        self.page.wait_for_selector(IDLE)
        return self

    def until(self, condition: Callable[[], object], *, running: bool = False) -> App:
        """Wait for an effect, and for the end of its run unless it is to be seen while that goes on."""
        end = time.monotonic() + PATIENCE
        for look in count(1):
            if condition():
                break
            assert time.monotonic() < end, f"it never happened; the page says: {self.messages}"
            if look % 10 == 0:  # each look takes the processor from what is waited for
                assert not self.page.get_by_test_id("stException").count(), "the page broke; the server's log says why"
            self.page.wait_for_timeout(100)
        return self if running else self.idle()

    def at(self, key: str) -> Any:
        """The element of that key."""
        return self.page.locator(f".st-key-{key}")

    def method(self, title: str) -> App:
        """Choose a method, by the beginning of its title: first its family, then the method."""
        (kind,) = (kind for kind in EXPLAINERS if kind.title == title)
        family = self.at("family").get_by_role("radio", name=FAMILIES[kind.family].title, exact=True)
        if family.get_attribute("aria-checked") != "true":
            family.click()
            first = FAMILIES[kind.family].methods()[0].title
            self.until(lambda: self.at("method").locator("input").input_value().startswith(first))
        return self.select("method", title)

    def select(self, key: str, option: str) -> App:
        """Choose in a select box, by the beginning of an option."""
        from playwright.sync_api import Error

        self._reveal(key)
        end = time.monotonic() + PATIENCE
        found = self.page.get_by_role("option", name=re.compile(f"^{re.escape(option)}")).first

        def is_listed() -> bool:
            box = self.at(key).get_by_role("combobox")
            for text in ("", option):  # where a page that was drawn anew closed the list, the same text opens none
                box.fill(text)
            with suppress(Error):
                found.click(timeout=5000)
                return True
            return False

        while not is_listed():
            assert time.monotonic() < end, f"{option} is not among the options"
        return self

    def choose(self, key: str, option: str) -> App:
        """Choose one of pills or segments; again where a page that was being drawn anew didn't hear it."""
        self._reveal(key)
        radio = self.at(key).get_by_role("radio", name=option).first  # while it is drawn anew, there may be two
        for _ in range(CLICKS):
            radio.click()
            for _ in range(CLICK_PATIENCE):
                if not radio.count() or radio.get_attribute("aria-checked") != "false":
                    return self
                self.page.wait_for_timeout(100)
        return self

    def _reveal(self, key: str) -> None:
        """Open what the control may be folded away in."""
        self.at(key).wait_for(state="attached")
        if not self.at(key).is_visible():
            self.at("more").locator("summary").click()

    def slide(self, key: str, arrow: str, times: int = 1) -> App:
        """Move a slider by the keyboard."""
        self.at(key).locator("input[type=range]").first.focus()
        for _ in range(times):
            self.page.keyboard.press(arrow)
        return self

    def upload(self, name: str, data: bytes | Path, kind: str = "image/jpeg") -> App:
        """Give a file, which the browser reads itself where it is a path: to hand over many bytes takes long."""
        file = data if isinstance(data, Path) else {"name": name, "mimeType": kind, "buffer": data}
        self.page.locator('[data-testid="stFileUploader"] input[type=file]').set_input_files(file)
        return self

    def chart(self, key: str) -> list[dict[str, Any]]:
        """The traces of a chart as the browser draws them; none while it is not there."""
        traces: list[dict[str, Any]] = json.loads(self.page.evaluate(TRACES, key))
        return traces

    @property
    def heat(self) -> list[list[float]] | None:
        """The numbers of the map that is shown."""
        rows: list[list[float]] | None = json.loads(self.page.evaluate(HEAT))
        return rows

    @property
    def picture(self) -> Image.Image:
        """What the classifier sees, as it is shown."""
        return Image.open(BytesIO(base64.b64decode(self.chart("map")[0]["source"].partition(",")[2]))).convert("RGB")

    @property
    def panels(self) -> list[dict[str, float]]:
        """Where the figure's panels are on the screen: x, y, width, height."""
        return self.boxes(".st-key-map .nsewdrag")

    def boxes(self, selector: str) -> list[dict[str, float]]:
        """Where all elements that a CSS selector names are on the screen, at one moment: x, y, width, height."""
        boxes: list[dict[str, float]] = self.page.evaluate(BOXES, selector)
        return boxes

    @property
    def fits_sideways(self) -> bool:
        """Whether nothing is wider than what scrolls, which in a narrow window is not the main part alone."""
        fits: bool = self.page.evaluate(FITS)
        return fits

    @property
    def proof(self) -> str:
        """The sentences beside the map."""
        return "\n".join(self.page.locator(".stMainBlockContainer li").all_inner_texts())

    @property
    def messages(self) -> str:
        """What the page says went wrong."""
        return "\n".join(self.page.get_by_test_id("stAlert").all_inner_texts())

    @property
    def address(self) -> dict[str, str]:
        """The settings in the address."""
        return dict(parse_qsl(urlsplit(self.page.url).query))


@pytest.fixture(scope="session")
def window(chromium: Any) -> Callable[..., Any]:
    """(**options) -> a browser context, by default of a wide window."""

    def make(**options: Any) -> Any:
        context = chromium.new_context(**{"viewport": WIDE} | options)
        context.set_default_timeout(PATIENCE * 1000)
        context.add_init_script(STILL)
        return context

    return make


@pytest.fixture(scope="session")
def context(window: Callable[..., Any]) -> Any:
    """What ordinary visits share: a wide window and a cache. Each has a session of its own all the same."""
    return window()


@pytest.fixture(scope="session")
def tab(context: Any) -> Any:
    """What visitors who come one after the other share: in a new tab, the browser compiles all code anew."""
    return context.new_page()


@pytest.fixture
def visitors(server: Server) -> Iterator[list[App]]:
    """All who visit in a test. Nothing may go wrong for them."""
    before, visitors = len(server.log), list[App]()
    yield visitors
    assert [fault for app in visitors for fault in app.faults] == []
    assert "Traceback" not in server.log[before:], server.log[before:]


@pytest.fixture
def visitor(
    server: Server, window: Callable[..., Any], context: Any, visitors: list[App]
) -> Iterator[Callable[..., App]]:
    """(**options of a browser context of its own) -> an App in a new tab.

    For those who come at the same time, or need what a tab can't be given later: in another context, the browser loads
    and compiles everything anew.
    """
    apps = []

    def come(**options: Any) -> App:
        apps.append(app := App((window(**options) if options else context).new_page(), server.url))
        visitors.append(app)
        return app

    yield come
    for app in apps:
        app.page.close()
        if app.page.context != context:
            app.page.context.close()


@pytest.fixture
def app(server: Server, tab: Any, visitors: list[App]) -> Iterator[App]:
    """One visitor, at first with a wide window."""
    visitors.append(app := App(tab, server.url))
    yield app
    app.leave()


@pytest.fixture(scope="session")
def barriers() -> Callable[..., list[tuple[str, ...]]]:
    """(app, *schemes) -> what axe-core finds on the page, in each colour scheme, that keeps somebody out.

    The checker comes with its package, so nothing is downloaded.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def find(app: App, *schemes: str) -> list[tuple[str, ...]]:
        found: list[tuple[str, ...]] = []
        options = {"resultTypes": ["violations"]}
        for scheme in schemes:
            for each in axe.run(app.coloured(scheme).page, options=options).response["violations"]:
                if each["impact"] in GRAVE:
                    found += [(scheme, each["id"], node["html"], node["failureSummary"]) for node in each["nodes"]]
            options |= {"runOnly": COLOUR_RULES}  # the same elements, in other colours
        return found

    return find


@pytest.fixture(scope="session")
def brief():
    """Settings of the Path page by which it draws its slowest part of few pictures."""
    return {"path_draws": 2, "path_pictures": 2}


@pytest.fixture
def rest(server: Server) -> Callable[[], None]:
    """() -> wait until the server computes nothing any more, where that can be seen."""
    threads = Path(f"/proc/{server.process.pid}/task")

    def runs(thread: Path) -> bool:
        try:
            state = (thread / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False  # it has ended
        return state == "R"  # also while it waits for a processor that others use

    def wait() -> None:
        end, quiet = time.monotonic() + PATIENCE, 0
        while threads.exists() and quiet < 10:
            quiet = 0 if any(map(runs, threads.iterdir())) else quiet + 1
            assert time.monotonic() < end, "it goes on"
            time.sleep(0.02)

    return wait
