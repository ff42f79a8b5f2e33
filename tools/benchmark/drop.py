"""How long it takes from dropping a file on the Models page to the first map, and what the server needs for it."""

from __future__ import annotations

import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torchvision import models

from tools.benchmark.report import report
from tools.benchmark.start import PATIENCE, WINDOW
from tools.chromium import FLAGS, STILL, installed
from tools.hostile_files.archives import ZIPS
from tools.hostile_files.numbers import HEADERS, PICKLES
from tools.load.server import Server, serve

TITLE = "From a dropped file to the first map"
CLASSES = 7  # another number than the published one, so that the head is an own one
MAKERS: Mapping[str, partial[torch.nn.Module]] = {
    "ResNet-50": partial(models.resnet50, num_classes=CLASSES),
    "ViT-B/16": partial(models.vit_b_16, num_classes=CLASSES),
}
MANY = 10  # files at once
DROP = '.st-key-own-area [data-testid="stFileUploader"] input[type=file]'
PREVIEW, KEEP = ".st-key-model-answer .main-svg", ".st-key-model-keep button"
REFUSAL = ".st-key-own-area [data-testid=stAlert]"
MAP = ".st-key-map .main-svg"
GONE_SECONDS = 45  # after a visit: its memory is given back within 30, and in some more it shows
PING_SECONDS = 0.2


@dataclass
class Watch:
    """What another visitor meets meanwhile.

    answers: the seconds that the server took for each of its short answers.
    memory:  the most resident memory of the server, in MiB.
    """

    answers: list[float] = field(default_factory=list)
    memory: float = 0.0


@contextmanager
def _watched(server: Server) -> Iterator[Watch]:
    """Ask the server for short answers, and look at its memory, in this block."""
    watch, ended = Watch(), threading.Event()
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def look() -> None:
        while not ended.wait(PING_SECONDS):
            started = time.perf_counter()
            with direct.open(f"{server.url}/_stcore/health", timeout=60) as answer:
                answer.read()
            watch.answers.append(time.perf_counter() - started)
            watch.memory = max(watch.memory, server.memory)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        ended.set()
        thread.join()


def drop() -> str | None:
    """Measure the way of two files, and of ten at once; None without a browser."""
    with suppress(ImportError):
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
            browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
            files = {
                name: _saved(make(), Path(folder, f"{name.partition('/')[0]}.pth")) for name, make in MAKERS.items()
            }
            rows = [_single(browser, Path(folder), name, file) for name, file in files.items()]
            rows.append(_together(browser, Path(folder), f"{MANY} ResNet-50 at once", [files["ResNet-50"]] * MANY))
            rows.append(_together(browser, Path(folder), f"{MANY} hostile files at once", _hostile(Path(folder))))
            browser.close()
            return report(TITLE, NOTE, HEAD, rows, ())
    return None


HEAD = (
    "",
    "MB",
    "preview, s",
    "map, s",
    "memory before",
    "at most",
    "after",
    "after another",
    "slowest answer to others, s",
)
NOTE = (
    f"Files of {CLASSES} classes with random weights, dropped in a browser on the server's own machine. Seconds until "
    "the preview after the drop, and until the map after Keep; the server's memory in MiB with one visitor at rest, at "
    f"most, {GONE_SECONDS} s after the visit ended while that visitor stayed, and so after another such visit; and the "
    "longest that the server took to tell that it is well."
)


def _saved(network: torch.nn.Module, path: Path) -> Path:
    torch.save(network.state_dict(), path := path.with_suffix(".pth"))
    return path


def _page(browser: Any, address: str) -> Any:
    page = browser.new_context(viewport=WINDOW).new_page()
    page.add_init_script(STILL)
    page.goto(address)
    return page


def _seconds(page: Any, selector: str) -> float:
    """Wait for something on a page; return how long it took."""
    started = time.perf_counter()
    page.locator(selector).first.wait_for(timeout=PATIENCE, state="attached")
    return time.perf_counter() - started


def _single(browser: Any, folder: Path, name: str, file: Path) -> list[object]:
    """Drop the file in one visit, and once more in another: the first brings modules, which stay."""
    with serve(folder) as server:
        _seconds(_page(browser, server.url), MAP)
        before, visits = server.memory, [_visit(browser, server, file) for _ in range(2)]
        preview, until_map, watch, after = visits[0]
        megabytes, slowest = file.stat().st_size / 10**6, max(watch.answers)
        return [name, megabytes, preview, until_map, before, watch.memory, after, visits[1][-1], slowest]


def _visit(browser: Any, server: Server, file: Path) -> tuple[float, float, Watch, float]:
    page = _page(browser, f"{server.url}/models?method=grad-cam")
    _seconds(page, DROP)
    with _watched(server) as watch:
        page.locator(DROP).set_input_files(file)
        preview = _seconds(page, PREVIEW)
        page.locator(KEEP).click()
        until_map = _seconds(page, MAP)
    page.context.close()
    time.sleep(GONE_SECONDS)
    return preview, until_map, watch, server.memory


def _together(browser: Any, folder: Path, name: str, files: Sequence[Path]) -> list[object]:
    """Drop each file in a visit of its own, all at once; the seconds are those until all are previewed or refused."""
    with serve(folder) as server:
        _seconds(_page(browser, server.url), MAP)
        pages = [_page(browser, f"{server.url}/models") for _ in files]
        for page in pages:
            _seconds(page, DROP)
        before = server.memory
        with _watched(server) as watch:
            started = time.perf_counter()
            for page, file in zip(pages, files, strict=True):
                page.locator(DROP).set_input_files(file)
            for page in pages:
                _seconds(page, f"{PREVIEW}, {REFUSAL}")
            answered = time.perf_counter() - started
        for page in pages:
            page.context.close()
        time.sleep(GONE_SECONDS)
        megabytes = max(file.stat().st_size for file in files) / 10**6
        return [name, megabytes, answered, "", before, watch.memory, server.memory, "", max(watch.answers)]


def _hostile(folder: Path) -> list[Path]:
    """Make some of the hostile files of `tools.hostile_files` that a browser can hand over."""
    every = [hostile for kind in (PICKLES, HEADERS, ZIPS) for hostile in kind]
    paths = []
    for number, hostile in enumerate(every[:: len(every) // MANY][:MANY]):
        (place := folder / f"hostile-{number}").mkdir()
        paths.append(hostile.make(place))
    return paths
