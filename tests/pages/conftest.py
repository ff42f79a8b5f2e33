"""What the tests of pages share: the dashboard without a browser."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.testing.v1.local_script_runner import LocalScriptRunner
from torch import Tensor

from explainers import Classifier, Explainer, Explanation, Target, load_classifier
from explainers.classifiers import BUNDLED
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.experiments import Experiment
from explainers.explanation import Scale
from explainers.images.photo import Photo
from explainers.images.samples import SAMPLES
from explainers.passes import Passes
from explainers.question import Question
from explainers.runtime.jobs import Jobs, Limits
from pages.shared import jobs, stopping, work

DASHBOARD = Path(__file__).parents[2] / "dashboard.py"


@pytest.fixture(scope="session", autouse=True)
def _components_found_once() -> Iterator[None]:
    """Every new AppTest reads the metadata of all installed packages, which takes longer than a run of the page."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(manifest_scanner, "scan_component_manifests", cache(manifest_scanner.scan_component_manifests))
        yield


@pytest.fixture(scope="session", autouse=True)
def _runs_awaited() -> Iterator[None]:
    """AppTest looks a thousand times a second whether a run has ended, which takes time from the run."""

    def wait(runner: LocalScriptRunner, timeout: float) -> None:
        assert runner._script_thread is not None
        runner._script_thread.join(timeout)
        if not runner.script_stopped():
            runner.request_stop()
            raise TimeoutError(f"The page still ran after {timeout} seconds.")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(local_script_runner, "require_widgets_deltas", wait)
        yield


@contextmanager
def _smaller() -> Iterator[None]:
    """The bundled classifier sees 32 x 32 pixels: it still knows the samples, and takes a third of the time."""
    usual = BUNDLED_CLASSIFIERS[BUNDLED]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(BUNDLED_CLASSIFIERS, BUNDLED, replace(usual, recipe=replace(usual.recipe, size=32, resize=32)))
        patch.setattr(work, "QUICK_PIXELS", work.QUICK_PIXELS // 4)  # so that the same takes long as usual
        yield


@pytest.fixture(scope="module", autouse=True)
def _seen_smaller() -> Iterator[None]:
    with _smaller():
        yield


@pytest.fixture(autouse=True)
def _nothing_stopped_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """All sessions of AppTest have one name, so the run after a stop would be that of another test."""
    monkeypatch.setattr(stopping, "_STOPPED", set())


@pytest.fixture(autouse=True)
def _no_weights_at_hand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("WHYPIXEL_WEIGHTS", raising=False)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture(scope="session")
def bundled() -> Classifier:
    """The bundled classifier, loaded as the dashboard loads it."""
    with _smaller():
        return load_classifier(BUNDLED)


@pytest.fixture(scope="session")
def coffee() -> Photo:
    """The first sample: 600 x 400, of which the middle 400 x 400 is seen, from 100 on."""
    return Photo.read("coffee", SAMPLES[0].data)


@pytest.fixture(scope="session")
def espresso(bundled: Classifier, coffee: Photo) -> Question:
    """Why the bundled classifier calls the first sample an espresso."""
    return Question(coffee, bundled, Target(bundled.labels.index("espresso")))


@pytest.fixture(scope="session")
def explained(espresso: Question) -> Callable[..., Explanation]:
    """(explainer, scale="logit") -> the engine's explanation of the first sample as an espresso."""

    @cache
    def make(explainer: Explainer, scale: Scale = "logit") -> Explanation:
        return explainer.explain(replace(espresso, target=replace(espresso.target, scale=scale)))

    return make


@pytest.fixture
def own_jobs(monkeypatch: pytest.MonkeyPatch) -> Jobs:
    """Jobs for this test alone, in place of those that the pages share."""
    kinds = (
        *("classifiers", "predictions", "layers", "explanations", "records", "strips", "grids", "outcomes"),
        *("reports", "lessons"),
    )
    own = Jobs({kind: Limits(64) for kind in kinds})
    monkeypatch.setattr(jobs, "shared", lambda: own)
    return own


@pytest.fixture
def passed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pictures went through a network so far, in a list of chunks."""
    chunks: list[int] = []
    forward = Passes.forward

    def counted(self: Passes, pictures: Tensor, rows: Tensor) -> Tensor:
        chunks.append(len(pictures))
        return forward(self, pictures, rows)

    monkeypatch.setattr(Passes, "forward", counted)
    return chunks


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """For pages made in a test, which have no others beside them to link to."""
    monkeypatch.setattr("pages.shared.heading.PAGES", {})


@pytest.fixture(scope="session")
def visit() -> Callable[..., AppTest]:
    """(address={}, page="") -> the dashboard, or another page, as a visitor finds it who comes with these settings."""

    def make(address: Mapping[str, Any] | None = None, page: str = "") -> AppTest:
        at = AppTest.from_file(str(DASHBOARD), default_timeout=300)
        for key, value in (address or {}).items():
            at.query_params[key] = str(value)
        if page:
            at.switch_page(page)
        return at.run()

    return make


@pytest.fixture
def trust(visit: Callable[..., AppTest], cheap: Callable[..., dict[str, Any]]) -> Callable[..., AppTest]:
    """(*experiments, **address) -> the Trust page, by default about the vanilla gradient.

    Other experiments than those are cheap, for they cost time.
    """

    def make(*whole: type[Experiment], **address: Any) -> AppTest:
        chosen = {"method": "vanilla-gradient"} | {key.replace("_", "-"): value for key, value in address.items()}
        page = visit(cheap(*whole) | chosen, "pages/trust.py")
        assert not page.exception
        return page

    return make


@pytest.fixture(scope="session")
def figure() -> Callable[[AppTest, str], dict[str, Any]]:
    """(page, key) -> the figure of that chart as the browser gets it, its arrays decoded."""

    def find(page: AppTest, key: str) -> dict[str, Any]:
        (spec,) = (chart.proto.spec for chart in page.get("plotly_chart") if chart.proto.id.endswith(f"-{key}"))
        found: dict[str, Any] = json.loads(spec, object_hook=_decoded)
        return found

    return find


def _decoded(part: dict[str, Any]) -> Any:
    if "bdata" not in part:
        return part
    values = np.frombuffer(base64.b64decode(part["bdata"]), part["dtype"])
    return values.reshape([int(side) for side in str(part.get("shape", len(values))).split(",")])
