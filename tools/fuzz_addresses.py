"""Opens the pages at addresses that a stranger could have written, and reports every error that isn't a sentence.

    python -m tools.fuzz_addresses --count 1000 --seed 0

An address names settings, widgets, bookkeeping of the session, names that Streamlit reserves, and names of nothing;
its values are texts that widgets offer and texts that none could. A small network of random weights stands in for every
classifier, because only the addresses are being tried.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

import torch
from streamlit.testing.v1 import AppTest
from torch import nn

from explainers import EXPLAINERS, Classifier
from explainers.classifiers import Source
from explainers.classifiers.weights_source import WeightsSource
from explainers.comparison.axes import AXES
from explainers.experiments import Pointing, Randomisation, Removal, Sensitivity, Stability
from explainers.settings import Configurable
from pages.shared import state
from pages.shared.heading import PAGES

ROOT = Path(__file__).parents[1]
# It reads all installed packages for each visit:
DISCOVERY = "streamlit.components.v2.component_manager.BidiComponentManager.discover_and_register_components"
TIMEOUT = 120  # seconds for one run of a page
MOST_NAMES = 6  # in an address
WIDGETS = ("selectbox", "slider", "number_input", "toggle", "color_picker", "multiselect", "button_group", "button")
EXPERIMENTS: tuple[type[Configurable], ...] = (Pointing, Randomisation, Removal, Sensitivity, Stability)
RESERVED = (
    *(text for name, text in vars(state).items() if name.endswith("_KEY")),
    *(
        "remembered.refusal",
        "remembered.given",
        "remembered.other",
        "remembered.failure",
        "remembered.offers",
        "remembered.wanted",
        "remembered.boxed",
    ),
    *("$$ID-a-b", "$$ID-a-None", "$$WIDGET_ID-x", "$$STREAMLIT_INTERNAL_KEY_SCRIPT_RUN_WITHOUT_ERRORS", "None", ""),
    *("embed", "embed_options", "__class__", "get", "upload-0", "camera-0", "navigation", "page link", "naïve", "\x00"),
)
NONSENSE = (
    *("", " ", "nan", "-nan", "inf", "-inf", "1e999", "1e-999", "-1", "0", "1", "2.5", "9" * 5000, "1_000", "٣", "²"),
    *("True", "False", "true", "None", "null", "[]", "{}", "~", "~~", "a~a", "1~2~3~4", "0~0~5~5", "4~3~2~1"),
    *("foo", "Foo", "#12345", "#GGGGGG", "#ffffff", "<b>", "**", "$x$", ":red[x]", "../../etc/passwd", "%00", "\x00"),
    *("\ud7ff", "𝟙", "a" * 20000, "~".join("ab" * 500), "$$ID-a-b", "{0}", "%s", "\n", "conv1", "method"),
)


def stand_in(source: Source, **_: Any) -> Classifier:
    """Make a classifier of random weights that takes next to no time."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 6, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 4))
    labels = ("espresso", "tabby", "suit", "a label with $signs$")
    mean, std = (0.5,) * 3, (0.25,) * 3
    return Classifier(network.eval(), labels, size=(16, 16), mean=mean, std=std, name=source.title, device="cpu")


class Stranger:
    """Writes addresses, and learns names and values from the sessions that it opened."""

    def __init__(self, seed: int) -> None:
        self._rng = Random(seed)
        kinds: tuple[type[Configurable], ...] = (*EXPLAINERS, *EXPERIMENTS)
        knobs = [f"{kind.slug()}-{name}" for kind in kinds for name in kind.knobs()]
        self._names = dict.fromkeys([*RESERVED, *knobs, *(f"compare-{axis}" for axis in AXES)])
        self._values = dict.fromkeys([*(kind.slug() for kind in EXPLAINERS), *AXES])

    def address(self) -> dict[str, str]:
        """Return the names and values of another address."""
        names = self._rng.choices(list(self._names), k=self._rng.randint(1, MOST_NAMES))
        return {name: self._rng.choice(list(self._rng.choice((NONSENSE, self._values)))) for name in names}

    def page(self) -> str:
        """Choose the page that is opened."""
        return self._rng.choice([file for _, file in PAGES.values()])

    def learn(self, at: AppTest) -> None:
        """Take up the names, options and values of the widgets on a page."""
        for kind in WIDGETS:
            for widget in at.get(kind):
                value = getattr(widget, "value", None)
                values = (*getattr(widget, "options", [])[:5], *(value if isinstance(value, list) else [value]))
                self._names[getattr(widget, "key", None) or ""] = None
                self._values |= dict.fromkeys(map(str, values))


def troubles(address: Mapping[str, str], page: str, stranger: Stranger) -> Iterator[str]:
    """Open a page at an address and then go to the next one; yield the errors that aren't sentences for a visitor."""
    with patch("pages.shared.heading.PAGES", {}):  # a page opened by itself has no others to link to
        at = AppTest.from_file(str(ROOT / page), default_timeout=TIMEOUT)
        at.query_params |= dict(address)
        yield from _errors(at.run(), page)
        yield from _errors(at.run(), f"{page}, run again")
    stranger.learn(at)
    if page == "dashboard.py":
        at = AppTest.from_file(str(ROOT / page), default_timeout=TIMEOUT)
        at.query_params |= dict(address)
        elsewhere = stranger.page()
        yield from _errors(at.run().switch_page(elsewhere).run(), f"{page}, then {elsewhere}")


def _errors(at: AppTest, where: str) -> Iterator[str]:
    yield from (f"{where}: {error.message}" for error in at.exception)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="how many addresses (1000)")
    parser.add_argument("--seed", type=int, default=0, help="start of the random numbers (0)")
    options = parser.parse_args()
    stranger, failed, start = Stranger(options.seed), 0, time.perf_counter()
    with patch.object(WeightsSource, "load", stand_in), patch(DISCOVERY):
        for number in range(options.count):
            address, page = stranger.address(), stranger.page()
            found = list(troubles(address, page, stranger))
            failed += bool(found)
            for trouble in found:
                print(f"{number}: {trouble} at {address!r}"[:2000], flush=True)
    print(f"{failed} of {options.count} addresses broke a page ({time.perf_counter() - start:.0f} s)")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
