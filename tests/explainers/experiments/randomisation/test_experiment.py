"""Cascading randomisation: what the experiment compares, what it says when it can't, and that it leaves no trace."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from explainers import (
    CAM,
    AttentionRelevance,
    AttentionRollout,
    ExplanationError,
    GradCAM,
    GuidedBackprop,
    IntegratedGradients,
    Saliency,
    SmoothGradSquared,
    Target,
)
from explainers.experiments import Randomisation, rank_correlation, ssim
from explainers.experiments.randomisation.stages import stages
from explainers.experiments.randomisation.weights import RandomisedClassifier, cascade

TARGET = Target(1)


@pytest.fixture
def tried(question):
    """(experiment, explainer, classifier, picture, target=TARGET, ...) -> what comes out for the map."""

    def make(experiment, explainer, classifier, picture, target=TARGET, reduction=None, **more):
        asked = question(classifier, picture, target)
        explanation = explainer.explain(asked)
        return experiment(explainer, asked, explanation.reduced(reduction or explanation.reduction), **more)

    return make


class Roots(nn.Module):
    """Answers with a linear layer times square roots of positive weights, of which random ones aren't positive."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(48, 3)
        self.scale = nn.Parameter(torch.tensor([0.01, 9.0]).repeat(32))  # mean and deviation 4.5: a sixth below zero

    def forward(self, x):
        return self.head(x.flatten(1) * self.scale.sqrt().mean())


def test_every_map_is_that_of_the_network_with_those_weights(tried, conv, noise):
    picture, experiment = noise(conv.size), Randomisation(stages=4, draws=2, seed=5)
    found = tried(experiment, Saliency(), conv, picture)
    parts = stages(conv.network, conv.probe(), 4)
    original = Saliency()(RandomisedClassifier(conv, conv.network), picture, TARGET)
    np.testing.assert_array_equal(found.steps[0].heat, original.heat)
    for step, redrawn in zip(found.steps[1:], cascade(conv, parts, 5), strict=True):
        expected = Saliency()(redrawn, picture, TARGET)
        np.testing.assert_array_equal(step.heat, expected.heat)
        assert step.correlation == rank_correlation(original.heat, expected.heat)
        assert step.similarity == ssim(original.heat, expected.heat)
        signed = (each.reduced("signed sum").heat for each in (original, expected))
        assert step.by_sign == rank_correlation(*signed)
        assert step.score == expected.score
        logits = [prediction.logit for prediction in redrawn.predict(picture, 3)]
        assert step.spread == pytest.approx(np.std(logits))
    assert [step.name for step in found.steps] == ["as it is", *(part.name for part in parts[:-1]), "all weights"]
    *_, redrawn = cascade(conv, parts, 6)  # the second draw of all weights is the next seed's
    (again,) = found.again
    np.testing.assert_array_equal(again.heat, Saliency()(redrawn, picture, TARGET).heat)


def test_the_map_as_it_is_agrees_with_itself_exactly(tried, conv, noise):
    for explainer in (Saliency(), GuidedBackprop(), IntegratedGradients()):
        first = tried(Randomisation(stages=2, draws=1), explainer, conv, noise(conv.size)).steps[0]
        assert (first.correlation, first.by_sign) == pytest.approx((1, 1), abs=1e-12)
        assert first.similarity == pytest.approx(1, abs=1e-12)


def test_the_same_settings_give_the_same_to_the_last_bit(tried, conv, noise):
    one, other = (tried(Randomisation(), Saliency(), conv, noise(conv.size)) for _ in range(2))
    assert one.numbers == other.numbers
    for first, second in zip((*one.steps, *one.again), (*other.steps, *other.again), strict=True):
        np.testing.assert_array_equal(first.heat, second.heat)
    assert tried(Randomisation(seed=9), Saliency(), conv, noise(conv.size)).numbers != one.numbers


def test_maps_are_compared_as_the_visitor_reduces_them(tried, conv, noise):
    picture = noise(conv.size)
    unsigned, signed = (
        tried(Randomisation(), Saliency(), conv, picture, reduction=name)
        for name in ("sum of magnitudes", "signed sum")
    )
    assert (unsigned.signed, signed.signed) == (False, True)
    assert unsigned.steps[2].by_sign == signed.steps[2].correlation != unsigned.steps[2].correlation
    assert tried(Randomisation(), SmoothGradSquared(samples=2), conv, picture).steps[1].by_sign is None  # it has none


def test_the_other_class_is_the_likeliest_beside_those_of_the_question(tried, conv, noise):
    picture = noise(conv.size)
    first, second, third = (prediction.index for prediction in conv.predict(picture, 3))
    cases = {Target(first): second, Target(third): first, Target(first, versus=second): third}
    for target, expected in cases.items():
        found = tried(Randomisation(stages=1, draws=1), Saliency(), conv, picture, target).other
        assert found.name == conv.labels[expected]
        heat = Saliency()(RandomisedClassifier(conv, conv.network), picture, replace(target, index=expected)).heat
        np.testing.assert_array_equal(found.heat, heat)


def test_two_classes_asked_against_each_other_leave_no_other(tried, small, classify, noise):
    classifier = classify(small(classes=2), (24, 24), classes=2)
    assert tried(Randomisation(), Saliency(), classifier, noise((24, 24)), Target(0, versus=1)).other is None


def test_guided_backpropagation_hardly_notices_a_random_last_layer_and_the_gradient_does(tried, conv, noise):
    picture = noise(conv.size)
    last = {
        kind: [tried(Randomisation(seed=seed, draws=1), kind(), conv, picture).last_layer for seed in range(5)]
        for kind in (Saliency, GuidedBackprop)
    }
    assert np.mean(last[GuidedBackprop]) > np.mean(last[Saliency]) + 0.15


def test_automatic_steps_are_replaced_for_the_original_too(tried, linear, noise):
    found = tried(Randomisation(stages=1, draws=1), IntegratedGradients(), linear, noise((5, 7)))
    method = IntegratedGradients().repeatable
    assert method.steps
    np.testing.assert_array_equal(
        found.steps[0].heat, method(RandomisedClassifier(linear, linear.network), noise((5, 7)), TARGET).heat
    )


def test_a_stage_whose_answers_are_not_finite_says_so_and_the_others_go_on(tried, classify, noise):
    classifier = classify(Roots(), (4, 4))
    found = tried(Randomisation(draws=3), Saliency(), classifier, noise((4, 4)))
    kept, lost = found.steps[1], found.steps[-1]
    assert kept.heat is not None
    assert kept.correlation is not None
    assert lost.heat is None
    assert "not finite" in lost.why
    assert len(found.again) == 2
    assert found.correlation is None
    assert found.finding.speaks == "neither"
    assert "not finite" in found.finding.sentence


def test_a_method_that_refuses_a_stage_says_so_there(tried, conv, noise, monkeypatch):
    real, asked = Saliency.attribute, []

    def refuse(self, passes, pictures):
        asked.append(passes)
        if len(asked) == 4:  # the map on the page, the one as it is, two stages
            raise ExplanationError("It can't be done.")
        return real(self, passes, pictures)

    monkeypatch.setattr(Saliency, "attribute", refuse)
    found = tried(Randomisation(stages=3, draws=1), Saliency(), conv, noise(conv.size))
    assert [step.why for step in found.steps] == ["", "", "It can't be done.", ""]
    assert found.steps[2].heat is None
    assert found.steps[2].spread is not None
    assert found.steps[3].correlation is not None


def test_a_map_of_zeros_is_compared_with_nothing(tried, branched, classify, noise):
    classifier = classify(branched, (8, 8), classes=2)
    picture = torch.zeros(3, 8, 8)
    found = tried(Randomisation(draws=1), IntegratedGradients(), classifier, picture)  # the picture is its baseline
    assert found.correlation is None
    assert "same everywhere" in found.finding.sentence
    assert set(found.numbers.values()) == {None}
    assert found.finding.speaks == "neither"


def test_a_chosen_layer_is_found_in_every_stage(tried, conv, noise):
    found = tried(Randomisation(), GradCAM(layer="conv2", relu=False), conv, noise(conv.size))
    assert all(step.heat is not None for step in (*found.steps, *found.again))
    assert found.cells == 15 * 12


@pytest.mark.parametrize("kind", [Saliency, AttentionRollout, AttentionRelevance])
def test_a_transformers_tokens_are_drawn_anew_like_all_the_rest(tried, attentive, classify, noise, kind):
    classifier = classify(attentive(), (24, 24))
    found = tried(Randomisation(), kind(), classifier, noise((24, 24)))
    assert all(np.isfinite(step.heat).all() for step in (*found.steps, *found.again))
    assert found.steps[-1].correlation < 0.9


def test_a_method_that_refuses_the_classifier_refuses_the_experiment(linear, noise, question):
    asked = question(linear, noise((5, 7)), TARGET)
    explanation = Saliency().explain(asked)
    with pytest.raises(ExplanationError, match="CAM needs a network that ends in"):
        Randomisation()(CAM(), asked, explanation)


def test_a_network_without_weights_is_refused_in_a_sentence(tried, classify, noise):
    classifier = classify(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), (4, 4), name="means")
    with pytest.raises(ExplanationError, match="means has no weights"):
        tried(Randomisation(), Saliency(), classifier, noise((4, 4)))


def test_it_passes_as_many_pictures_as_it_says(tried, conv, noise):
    for explainer in (Saliency(), IntegratedGradients(steps=4)):
        seen = []
        experiment = Randomisation(stages=3, draws=2)
        tried(experiment, explainer, conv, noise(conv.size), on_progress=seen.append)
        total = experiment.passes(explainer, conv)
        assert {progress.total for progress in seen} == {total}
        done = [progress.done for progress in seen]
        assert done == sorted(done)
        last = explainer.passes(conv)  # the other class's map: its last chunk begins before it is done
        assert total - last <= done[-1] < total


class Stop(Exception):
    pass


@pytest.mark.parametrize("after", [0, 1, 2, 7, 12, 18])  # of 19 reports
def test_cancelled_anywhere_it_leaves_the_classifier_as_it_was(conv, noise, state, question, after):
    picture = noise(conv.size)
    explanation = Saliency()(conv, picture, TARGET)
    before, count = (state(conv.network), state(conv.prepared)), 0

    def cancel(progress):
        nonlocal count
        count += 1
        if count > after:
            raise Stop

    with pytest.raises(Stop):
        Randomisation()(Saliency(), question(conv, picture, TARGET), explanation, on_progress=cancel)
    assert (state(conv.network), state(conv.prepared)) == before
    assert Saliency()(conv, picture, TARGET).values.tobytes() == explanation.values.tobytes()


def test_it_leaves_the_classifier_as_it_was_to_the_last_bit(tried, conv, noise, state):
    before, draws = (state(conv.network), state(conv.prepared)), torch.random.get_rng_state()
    for explainer in (Saliency(), GuidedBackprop(), GradCAM()):
        tried(Randomisation(), explainer, conv, noise(conv.size))
    assert (state(conv.network), state(conv.prepared)) == before
    assert torch.equal(torch.random.get_rng_state(), draws)  # nor did it draw from everybody's numbers


def test_so_does_a_refusal(tried, classify, noise, state):
    classifier = classify(Roots(), (4, 4))
    before = state(classifier.network), state(classifier.prepared)
    tried(Randomisation(), Saliency(), classifier, noise((4, 4)))
    assert (state(classifier.network), state(classifier.prepared)) == before
