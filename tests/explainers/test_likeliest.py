"""A map and a prediction from one pass are those of two."""

import pytest

from explainers import EXPLAINERS, ExplanationError, GradCAM, Occlusion, Target
from explainers.likeliest import TargetChoice, explain_chosen

LATE = [kind() for kind in EXPLAINERS if kind.asks_late]


@pytest.fixture
def picture(noise):
    return noise((29, 24))


@pytest.mark.parametrize("explainer", [*LATE, Occlusion()], ids=lambda each: each.title)
def test_the_map_and_the_prediction_are_those_of_two_calls(conv, picture, explainer):
    likely = conv.predict(picture)
    first, last = likely[0].index, likely[-1].index
    asked = [(TargetChoice(), Target(first)), (TargetChoice(versus=last), Target(first, last))]
    if "probability" in explainer.scales:
        asked.append((TargetChoice(last, first, "probability"), Target(last, first, "probability")))
    for choice, target in asked:
        found, predicted = explain_chosen(explainer, conv, picture, choice)
        expected = explainer(conv, picture, target)
        assert found.values.tobytes() == expected.values.tobytes()
        assert (found.target, found.score, predicted) == (target, expected.score, likely)
        assert (found.facts.passes, found.facts.label) == (expected.facts.passes, expected.facts.label)


def test_a_method_that_asks_late_passes_the_picture_once(conv):
    assert {explainer.passes(conv) for explainer in LATE} == {1}


def test_a_class_that_is_not_there_is_not_explained(conv, picture):
    explainer = GradCAM()
    with pytest.raises(ExplanationError, match="classes 0 to 2, not 7"):
        explainer.explain_by(explainer.attribute, conv, picture, Target(0), None, choose=lambda _: Target(7))


def test_the_likeliest_class_cannot_be_compared_with_itself(conv, picture):
    index = conv.predict(picture)[0].index
    with pytest.raises(ExplanationError, match="two different classes"):
        explain_chosen(GradCAM(), conv, picture, TargetChoice(versus=index))


def test_a_target_to_be_checked_is_never_compared_with_itself():
    assert TargetChoice(versus=0).example() == Target(1, 0)
    assert TargetChoice(versus=1, scale="probability").example() == Target(0, 1, "probability")
