"""The work that all methods share: settings, refusals, the call, its facts."""

import re

import numpy as np
import pytest
import torch
from PIL import Image

from explainers import ExplanationError, GradCAM, IntegratedGradients, Occlusion, Saliency, Target
from explainers.paths.quadrature import RULES


def test_a_refusal_names_the_method_the_setting_and_what_it_wants():
    sentence = "Integrated Gradients: steps must be a whole number between 1 and 1000 (or None: automatic), not 3000."
    with pytest.raises(ExplanationError, match=f"^{re.escape(sentence)}$"):
        IntegratedGradients(steps=3000)


def test_settings_are_a_value():
    assert IntegratedGradients(steps=7) == IntegratedGradients(steps=7) != IntegratedGradients(steps=8)
    assert len({IntegratedGradients(), IntegratedGradients(), Saliency()}) == 2
    assert eval(repr(IntegratedGradients(steps=7, rule=RULES[1]))) == IntegratedGradients(steps=7, rule=RULES[1])


def test_settings_that_change_nothing_are_left_out():
    automatic = {"steps": None, "tolerance": 3.0, "baseline": "black"}  # they have their own rule
    assert IntegratedGradients().settings == automatic
    assert IntegratedGradients(steps=1).settings == {"steps": 1, "baseline": "black", "rule": "midpoint"}
    assert IntegratedGradients(steps=1000, baseline="random").settings == {
        "steps": 1000,
        "baseline": "random",
        "seed": 0,
        "draws": 4,
        "rule": "midpoint",
    }
    assert "colour" in IntegratedGradients(baseline="colour").settings
    assert Saliency().settings == {}


def test_knobs_come_in_the_order_of_their_declaration():
    assert list(IntegratedGradients.knobs()) == [
        "steps",
        "tolerance",
        "baseline",
        "seed",
        "draws",
        "blur",
        "colour",
        "rule",
    ]
    assert list(GradCAM.knobs()) == ["layer", "relu"]


def test_the_summary_is_the_first_paragraph():
    assert Saliency.summary() == "How strongly the score reacts when a pixel changes a little."


def test_a_photo_is_explained_as_the_classifier_sees_it(conv):
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8))
    explanation = Saliency()(conv, photo, Target(1))
    seen, box = conv.see(photo)
    assert (explanation.picture == seen.numpy()).all()
    assert explanation.box == box
    assert (Saliency()(conv, seen, Target(1)).values == explanation.values).all()


def test_a_tensor_passes_as_it_is(conv, noise):
    beyond = 3 * noise(conv.size) - 1  # not clamped to 0 and 1
    explanation = Saliency()(conv, beyond, Target(1))
    assert (explanation.picture == beyond.numpy()).all()
    assert explanation.box == (0, 0, conv.size[1], conv.size[0])
    assert explanation.score == pytest.approx({p.index: p.logit for p in conv.predict(beyond, 3)}[1], rel=1e-5)


def test_the_result_does_not_follow_the_tensor_it_was_made_of(conv, noise):
    given = noise(conv.size).clone()
    explanation = Saliency()(conv, given, Target(1))
    kept = explanation.picture.copy()
    given.zero_()
    assert (explanation.picture == kept).all()


@pytest.mark.parametrize("shape", [(3, 24, 29), (1, 29, 24), (1, 3, 29, 24), (29, 24)])
def test_a_tensor_of_another_shape_is_refused(conv, shape):
    with pytest.raises(ExplanationError, match=r"must be \(3, 29, 24\) \(C, H, W\), not "):
        Saliency()(conv, torch.zeros(shape), Target(1))


def test_a_picture_that_breaks_the_network_is_refused(conv, noise):
    with pytest.raises(ExplanationError, match="conv gives numbers that are not finite for this picture"):
        Saliency()(conv, noise(conv.size) * float("nan"), Target(1))


def test_labels_that_do_not_fit_the_network_are_refused(small, classify, noise):
    classifier = classify(small(), (24, 24), classes=5, name="it")
    with pytest.raises(ExplanationError, match=r"it gives \(3,\) numbers, but there are 5 labels"):
        Saliency()(classifier, noise((24, 24)), Target(1))


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("versus", [None, 2])
def test_the_score_is_the_targets(small, classify, noise, output, versus):
    classifier = classify(small(), (24, 24), output=output)
    answers = {p.index: p for p in classifier.predict(noise((24, 24)), 3)}
    for scale in ("logit", "probability"):
        expected = getattr(answers[1], scale) - (0 if versus is None else getattr(answers[versus], scale))
        found = Saliency()(classifier, noise((24, 24)), Target(1, versus, scale)).score
        assert found == pytest.approx(expected, rel=1e-4)


def test_the_facts_say_what_was_explained(conv, noise):
    explainer = IntegratedGradients(steps=3, baseline="random", seed=9)
    facts = explainer(conv, noise(conv.size), Target(1, versus=2, scale="probability")).facts
    assert facts.method == "Integrated Gradients"
    assert facts.settings == explainer.settings
    assert (facts.classifier, facts.weights) == ("conv", conv.identity)
    assert (facts.label, facts.versus, facts.scale) == ("class 1", "class 2", "probability")
    assert (facts.seed, facts.device) == (9, "cpu")
    assert (facts.passes, facts.chunk, facts.halvings) == (20, 16, 0)
    assert facts.seconds > 0
    assert {"torch", "captum"} <= facts.versions.keys()


def test_methods_without_a_baseline_have_no_gap(conv, noise):
    explanation = Occlusion()(conv, noise(conv.size), Target(1))
    assert (explanation.baselines, explanation.residual, explanation.gap, explanation.trace) == (None,) * 4
    assert (explanation.history, explanation.converged) == ((), None)


@pytest.mark.parametrize(
    ("kind", "versus", "signed"),
    [(Saliency, None, False), (Saliency, 1, True), (IntegratedGradients, None, True), (Occlusion, None, True)],
)
def test_contrasts_and_maps_that_add_up_keep_their_signs(conv, noise, kind, versus, signed):
    found = kind()(conv, noise((29, 24)), Target(0, versus))
    assert (found.signed, found.heat.min() < 0) == (signed, signed)
