"""The Trust page as a whole: its cards, its verdict, which adds up no numbers, and its table of methods."""

import csv
import io
import re

import pytest

from explainers import EXPLAINERS, GradCAM
from explainers.experiments import Randomisation, Removal, Sensitivity, Stability
from pages.sections.trust.removal import RemovalCard
from pages.shared import work


@pytest.fixture
def come(trust):
    """(**address) -> the Trust page."""
    return trust


def run(at):
    assert not at.exception
    return at


def said(at):
    return "\n".join(markdown.value for markdown in at.main.markdown).replace("\\", "")


def test_long_experiments_run_after_one_click_for_all(come, own_jobs, passed, monkeypatch):
    monkeypatch.setattr(work, "QUICK_PIXELS", 0)
    at = come()
    assert "No test has been run yet. 3 wait for a click." in said(at)
    assert sum(passed) == 1  # the map itself
    waiting = [button for button in at.button if button.key.startswith("run-")]
    assert len(waiting) == 4
    assert all(re.search(r"\(about \d+ (s|min)\)$", button.label) for button in waiting)
    assert RemovalCard.plan in said(at)
    at = run(at.button(key="run-all").click().run())
    assert "click" not in said(at)
    assert RemovalCard.plan not in said(at)
    assert not [button for button in at.button if button.key.startswith("run-")]


def test_cards_show_a_figure_and_a_line_and_their_details_only_when_open(come, espresso, explained):
    at = come(method="grad-cam", stability_details=True)
    drawn = {chart.proto.id.partition("-")[2].split("-", 1)[-1] for chart in at.get("plotly_chart")}
    ids = [chart.proto.id for chart in at.get("plotly_chart")]
    for name in ("removal", "randomisation", "stability", "pointing"):
        assert any(each.endswith(f"-{name}-small") for each in ids), drawn
    assert any(each.endswith("-trial-1") for each in ids)
    assert not any(each.endswith(("-removal", "-survival", "-pointing")) for each in ids)
    assert Removal(steps=4)(GradCAM(), espresso, explained(GradCAM())).finding.line in said(at)
    assert all(chart.proto.alt for chart in at.get("plotly_chart"))


def test_a_method_that_refuses_says_so_and_leaves_the_page(come):
    at = come(method="attention-rollout")
    assert len(at.error) == 1
    assert "needs a vision transformer" in at.error[0].value
    assert at.multiselect(key="trust-methods").options == [kind.title for kind in EXPLAINERS]


def test_the_table_has_every_measure_of_every_method_and_comes_as_a_file(come, espresso, explained):
    at = come(Randomisation, Stability, method="grad-cam", trust_methods="grad-cam~attention-rollout")
    button = at.button(key="run-table")
    assert button.label.startswith("Compute: up to ")
    at = run(button.click().run())
    expected = {}
    for experiment in (Removal(steps=4), Randomisation(), Stability(), Sensitivity()):
        expected |= experiment(GradCAM(), espresso, explained(GradCAM())).numbers
    *_, table = at.dataframe
    assert list(table.value.columns) == ["method", "remarks", *expected]
    first, second = table.value.to_dict("records")
    assert (first["method"], second["method"]) == ("Grad-CAM", "Attention rollout")
    assert {name: first[name] for name in expected} == pytest.approx(expected, nan_ok=True)
    assert first["remarks"] == ""
    assert "needs a vision transformer" in second["remarks"]


def test_the_file_says_what_it_is_about(come, monkeypatch):
    files = []
    monkeypatch.setattr("streamlit.download_button", lambda label, data, *rest, **more: files.append((data, *rest)))
    run(come(method="grad-cam", trust_methods="cam", rather_than="teapot").button(key="run-table").click().run())
    text, name, kind = files[-1]  # the first are those of the menu
    (row,) = csv.DictReader(io.StringIO(text))
    assert (name, kind) == ("trust.csv", "text/csv")
    assert row["method"] == "CAM"
    assert "remarks" not in row  # there are none
    assert (row["picture"], row["class"], row["rather than"], row["scale"]) == (
        "Cup of coffee",
        "espresso",
        "teapot",
        "logit",
    )
    assert float(row["Deletion area"])
    assert len(row["weights"]) == 64
