"""How long a start takes: from the command to the server's answer, a heading, a first look and a map in a browser."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tools.benchmark.report import Limit, report
from tools.chromium import FLAGS, STILL, installed
from tools.load.server import ROOT, serve

TITLE = "From the command to the first map"
WINDOW = {"width": 1280, "height": 720}
PATIENCE = 120_000  # milliseconds
ONE_LINE = "import streamlit as st\n\nst.title('One line')\n"
LONG = {"method": "integrated-gradients"}  # it takes long enough to show a first look, after 17 passes
HEADING, FIRST_LOOK, MAP = "heading", "first look", "map"
SELECTORS = {HEADING: "h1, h2", FIRST_LOOK: ".st-key-preview .main-svg", MAP: ".st-key-map .main-svg"}
MAX_LATER, MAX_FIRST_LOOK = 1.0, 5.0  # seconds: the heading after a one-line page's, and a first look after the command
Measured = Mapping[str, float]


def measure(
    browser: Any, folder: Path, script: Path, root: Path, address: Mapping[str, Any], awaited: Sequence[str]
) -> Measured:
    """Start a server and visit it: the seconds until each thing is there, and what the server has needed by then."""
    started = time.perf_counter()
    with serve(folder, script, root) as server:
        measured = {"answer": time.perf_counter() - started}
        page = browser.new_page(viewport=WINDOW)
        page.add_init_script(STILL)
        page.goto(f"{server.url}/?{urlencode(address)}", wait_until="commit")
        for name in awaited:
            page.locator(SELECTORS[name]).first.wait_for(timeout=PATIENCE, state="attached")
            measured[name] = time.perf_counter() - started
            measured[f"processor, {name}"], measured[f"memory, {name}"] = server.worked, server.memory
        page.close()
    return measured


def start(rounds: int, other: Path | None = None) -> str | None:
    """Measure starts in turns; None without a browser.

    other: a folder with another commit's checkout, which is measured in turns with this one.
    """
    with suppress(ImportError):
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
            browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
            (one_line := Path(folder, "page.py")).write_text(ONE_LINE)

            def dashboard(root: Path) -> Measured:
                start = partial(measure, browser, Path(folder), root / "dashboard.py", root)
                return {**start(LONG, (HEADING, FIRST_LOOK)), **start({}, (HEADING, MAP))}

            contenders: dict[str, Callable[[], Measured]] = {
                "a one-line page": partial(measure, browser, Path(folder), one_line, ROOT, {}, (HEADING,))
            }
            contenders |= {"the other commit": partial(dashboard, other)} if other else {}
            contenders |= {"the dashboard": partial(dashboard, ROOT)}
            measured = defaultdict[str, list[Measured]](list)
            for _ in range(rounds):
                for name, contender in contenders.items():
                    measured[name].append(contender())
            browser.close()
            return _report(measured, rounds)
    return None


def _report(measured: Mapping[str, Sequence[Measured]], rounds: int) -> str:
    columns = ("answer", HEADING, FIRST_LOOK, MAP, f"processor, {MAP}", f"memory, {HEADING}", f"memory, {MAP}")
    medians = {
        name: {column: statistics.median(run[column] for run in runs) for column in columns if column in runs[0]}
        for name, runs in measured.items()
    }
    later = statistics.median(
        run[HEADING] - other[HEADING]
        for run, other in zip(measured["the dashboard"], measured["a one-line page"], strict=True)
    )
    note = (
        f"Medians of {rounds} starts each, in turns, in a new browser tab with files that are warm; seconds from the "
        "command, and the server's processor seconds and memory in MiB by then. The first look is one of Integrated "
        "Gradients, after 17 passes; the map is the default method's."
    )
    rows = [[name, *(found.get(column, "") for column in columns)] for name, found in medians.items()]
    limits = (
        Limit("The heading, later than a one-line page's, in seconds", later, most=MAX_LATER),
        Limit("The first look, in seconds", medians["the dashboard"][FIRST_LOOK], most=MAX_FIRST_LOOK),
    )
    return report(TITLE, note, ("", *columns), rows, limits)
