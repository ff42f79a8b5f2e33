"""The Trust page's maps of random weights are the engine's."""

from functools import partial

import numpy as np
import pytest

from explainers import ExplanationError, GradCAM, Saliency
from explainers.classifiers.weights_source import WeightsSource
from explainers.experiments import Randomisation
from explainers.experiments.randomisation.weights import RandomisedClassifier
from pages.sections.trust.randomisation import RandomisationCard


@pytest.fixture
def come(trust):
    """(**address) -> the Trust page with the details of this experiment open."""
    return partial(trust, Randomisation, randomisation_details=True)


@pytest.fixture(scope="session")
def found(espresso, explained):
    """(explainer, **settings) -> the engine's outcome for the first sample as an espresso."""

    def make(explainer, **settings):
        return Randomisation(**settings)(explainer, espresso, explained(explainer))

    return make


def said(at):
    return "\n".join(each.value for kind in (at.main.markdown, at.main.caption) for each in kind).replace("\\", "")


def test_maps_and_figures_are_the_engines(come, figure, found):
    at, expected = come(), found(Saliency())
    steps = (*expected.steps, *expected.again)
    assert len(steps) == 1 + 6 + 2
    for number, step in enumerate(steps):
        (trace,) = figure(at, f"map-stage-{number}")["data"]
        np.testing.assert_allclose(trace["z"], step.heat, rtol=1e-4, atol=1e-6)
        assert f"ρ {step.correlation:.2f}, SSIM {step.similarity:.2f}" in said(at)
    rho, _, ssim, _ = figure(at, "survival")["data"]
    assert list(rho["y"]) == pytest.approx([step.correlation for step in expected.steps], abs=1e-4)
    assert list(ssim["y"]) == pytest.approx([step.similarity for step in expected.steps], abs=1e-4)
    (other,) = figure(at, "map-other")["data"]
    np.testing.assert_allclose(other["z"], expected.other.heat, rtol=1e-4, atol=1e-6)
    assert f"*{expected.other.name}*" in said(at)


def test_what_was_found_stands_on_the_card_and_with_its_caveat_in_the_details(come, found):
    at, finding = come(), found(Saliency()).finding
    assert finding.speaks == "for"
    assert f"### :green[:material/thumb_up:] {RandomisationCard.title}" in said(at)
    assert finding.line in said(at)
    assert f"**{finding.sentence}** {finding.caveat}" in said(at)


def test_all_numbers_stand_in_a_table(come, found):
    at, expected = come(), found(Saliency())
    every = (*expected.steps, *expected.again)
    (table,) = (each.value for each in at.dataframe if "Random weights" in each.value)
    assert list(table["Random weights"]) == [step.name for step in every]
    for column, field in {
        "ρ": "correlation",
        "ρ with signs": "by_sign",
        "SSIM": "similarity",
        "Spread of logits": "spread",
        "Explained logit": "score",
    }.items():
        assert list(table[column]) == pytest.approx([getattr(step, field) for step in every], abs=1e-4)
    assert f"vary by {every[0].spread:.2f} (standard deviation)" in said(at)
    assert f"by {expected.steps[-1].spread:.2f} with all weights random" in said(at)


def test_guided_backpropagation_is_said_not_to_depend_on_the_decision(come):
    at = come(method="guided-backpropagation")
    assert f"### :red[:material/thumb_down:] {RandomisationCard.title}" in said(at)
    assert "It hardly depends on the decision" in said(at)


def test_settings_stand_in_the_address_and_change_the_experiment(come, figure, found):
    settings = {"stages": 2, "draws": 1, "seed": 3}
    at = come(**{f"cascading_randomisation_{name}": value for name, value in settings.items()})
    expected = found(Saliency(), **settings)
    np.testing.assert_allclose(figure(at, "map-stage-2")["data"][0]["z"], expected.steps[2].heat, rtol=1e-4, atol=1e-6)
    assert not any(chart.proto.id.endswith("-map-stage-3") for chart in at.get("plotly_chart"))
    assert "seed 3" in said(at)


def test_a_stage_without_a_map_shows_a_sentence_in_its_place(come, own_jobs, monkeypatch):
    real, asked = GradCAM.on, []

    def refuse(self, layer, passes, pictures):
        asked.append(isinstance(passes.classifier, RandomisedClassifier))
        if asked[-1] and sum(asked) == 3:  # the map as it is, and two stages
            raise ExplanationError("It can't be done here.")
        return real(self, layer, passes, pictures)

    monkeypatch.setattr(GradCAM, "on", refuse)
    at = come(method="grad-cam")
    assert not at.error
    assert "It can't be done here." in said(at)
    assert sum("map-stage" in chart.proto.id for chart in at.get("plotly_chart")) == 8


def test_the_weights_that_all_visitors_share_are_not_touched(come, own_jobs, bundled, state, monkeypatch):
    monkeypatch.setattr(WeightsSource, "load", lambda source, **_: bundled)
    before = state(bundled.network), state(bundled.prepared)
    come(method="grad-cam")
    assert (state(bundled.network), state(bundled.prepared)) == before
