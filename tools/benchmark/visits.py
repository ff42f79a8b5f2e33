"""How long a visitor waits for each page, and for a method of each family, on both bundled classifiers."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from explainers import ExplanationError, Target, load_classifier
from explainers.classifiers import BUNDLED
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.images.samples import SAMPLES
from explainers.methods.families import FAMILIES
from pages.shared.heading import PAGES
from tools.benchmark.report import report
from tools.benchmark.start import WINDOW
from tools.chromium import FLAGS, STILL, installed
from tools.load.server import serve
from tools.screenshots import IDLE, address

TITLE = "What a visitor waits for"
PATIENCE = 600_000  # milliseconds
CLASSIFIERS = BUNDLED, next(iter(BUNDLED_CLASSIFIERS))  # the instant one, and the default
ANYTHING = ".main-svg, .st-key-use-bundled, .st-key-reviews, .st-key-learn"  # or what a page without a figure has
Seconds = tuple[float, float]  # until something of the result is seen, and until all is there


def visits(rounds: int) -> str | None:
    """Measure visits in turns; None without a browser."""
    with suppress(ImportError):
        from playwright.sync_api import sync_playwright

        with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as server:
            browser = playwright.chromium.launch(executable_path=installed(), args=FLAGS)
            measured = defaultdict[tuple[str, str], list[Seconds]](list)
            for sample in [sample.name for sample in SAMPLES][: rounds + 1]:
                for name, classifier, page, settings in _questions():
                    asked = {"sample": sample, "classifier": classifier, **settings}
                    seconds = _visit(browser, f"{server.url}/{address(page)}?{urlencode(asked)}")
                    measured[name, classifier].append(seconds)
            browser.close()
            return _report(measured, rounds)
    return None


def _questions() -> Iterator[tuple[str, str, str, Mapping[str, str]]]:
    """What is measured: its name, the classifier, the page and its settings."""
    for classifier in CLASSIFIERS:
        for page, (title, _) in PAGES.items():
            yield title, classifier, page, {}
        for family in FAMILIES.values():
            for kind in family.methods():
                with suppress(ExplanationError):  # the family's first method that the classifier has the parts for
                    kind().check(load_classifier(classifier), Target(0))
                    yield f"Explain: {kind.title}", classifier, "explain", {"method": kind.slug()}
                    break


def _visit(browser: Any, url: str) -> Seconds:
    context = browser.new_context(viewport=WINDOW)
    page = context.new_page()
    page.add_init_script(STILL)
    started = time.perf_counter()
    page.goto(url, wait_until="commit")
    page.locator(ANYTHING).first.wait_for(timeout=PATIENCE, state="attached")
    seen = time.perf_counter() - started
    page.wait_for_selector(IDLE, timeout=PATIENCE)
    whole = time.perf_counter() - started
    context.close()
    return seen, whole


def _report(measured: Mapping[tuple[str, str], list[Seconds]], rounds: int) -> str:
    names = list(dict.fromkeys(name for name, _ in measured))

    def median(name: str, classifier: str, place: int) -> float | str:
        found = measured.get((name, classifier), [])[1:]  # the first visit also loads what the others find
        return statistics.median(seconds[place] for seconds in found) if found else ""

    columns = [(classifier, place) for classifier in CLASSIFIERS for place in (0, 1)]
    rows = [[name, *(median(name, *column) for column in columns)] for name in names]
    titles = [BUNDLED_CLASSIFIERS[classifier].title for classifier in CLASSIFIERS]
    head = ("", *(f"{title}, {what}" for title in titles for what in ("first", "all")))
    note = (
        f"Medians of {rounds} visits in seconds, each with another sample and in a new tab: until the first figure of "
        "the result is drawn, and until nothing runs any more. The server has loaded all it needs. Pages as they open; "
        "then the first method of each family that the classifier has the parts for."
    )
    return report(TITLE, note, head, rows, ())
