"""The Trust page's maps of pictures that hardly differ are the engine's."""

import math
from functools import partial

import numpy as np
import pytest

from explainers import GradCAM, Saliency
from explainers.experiments import Sensitivity, Stability
from pages.sections.trust.stability import StabilityCard
from pages.shared import work


@pytest.fixture
def come(trust):
    """(**address) -> the Trust page with the details of this experiment open."""
    return partial(trust, Stability, stability_details=True)


@pytest.fixture
def tried(espresso, explained):
    """(experiment, explainer) -> the engine's outcome for the first sample as an espresso."""
    return lambda experiment, explainer: experiment(explainer, espresso, explained(explainer))


def said(at):
    return "\n".join(markdown.value for markdown in at.main.markdown).replace("\\", "")


def test_tiles_and_numbers_are_the_engines(come, figure, tried):
    at, outcome = come(), tried(Stability(), Saliency())
    assert len(outcome.trials) == 8
    for number, heat in enumerate([outcome.heat, *(trial.heat for trial in outcome.trials)]):
        (drawn,) = figure(at, f"trial-{number}")["data"]
        np.testing.assert_array_equal(drawn["z"], heat)
    captions = [caption.value for caption in at.main.caption]
    for trial in outcome.trials:
        assert any(text.startswith(f"{trial.correlation:.2f}, score ") for text in captions)
    assert outcome.finding.line in said(at)
    assert outcome.finding.sentence in said(at)
    assert outcome.finding.caveat in captions


def test_its_settings_are_the_experiments(come, tried):
    at = come(stability_noise=0.1, stability_draws=1, stability_shift=4, stability_seed=7, method="grad-cam")
    expected = tried(Stability(noise=0.1, draws=1, shift=4, seed=7), GradCAM())
    assert expected.finding.sentence in said(at)
    assert "**4 px left**" in said(at)


def test_metrics_for_experts_come_on_request(come, tried):
    at = come()
    assert "max-sensitivity)" not in said(at)
    at = at.toggle(key="stability-captum").set_value(True).run()
    assert tried(Sensitivity(), Saliency()).finding.sentence in said(at)


def test_a_long_one_waits_for_a_click(come, bundled, monkeypatch):
    monkeypatch.setattr(work, "QUICK_PIXELS", 5 * math.prod(bundled.size))
    at = come()
    button = at.button(key="run-stability")
    assert StabilityCard.plan in said(at)
    assert "3 wait for a click" in said(at)  # all that need no box
    at = button.click().run()
    assert not at.exception
    assert "Rank correlation with the original map" in said(at)
