"""Which class a map explains."""

from types import SimpleNamespace

import pytest
import torch

from explainers import ExplanationError, Target
from explainers.audit.engine.questions import Predictions, predict, predict_anew, resolved, target

LOGITS = torch.tensor([1.0, 4.0, 3.0, -2.0])


@pytest.fixture
def predictions():
    return Predictions(LOGITS, LOGITS.softmax(0))


def plan(asked, scale="logit"):
    return SimpleNamespace(asked=asked, scale=scale)


@pytest.mark.parametrize(
    ("asked", "label", "expected"),
    [
        ("likeliest", None, Target(1)),
        ("likeliest", 3, Target(1)),
        ("label", 3, Target(3)),
        ("label rather than likeliest", 3, Target(3, 1)),
        ("label rather than likeliest", 1, Target(1, 2)),
    ],
)
def test_what_is_asked(predictions, asked, label, expected):
    assert target(plan(asked), predictions, label) == expected


@pytest.mark.parametrize("asked", ["label", "label rather than likeliest"])
def test_a_picture_without_a_label_is_no_question_about_it(predictions, asked):
    with pytest.raises(ExplanationError, match="no label"):
        target(plan(asked), predictions, None)


def test_one_class_has_no_other():
    logits = torch.tensor([2.0])
    with pytest.raises(ExplanationError, match="one class"):
        target(plan("label rather than likeliest"), Predictions(logits, logits.sigmoid()), 0)


def test_the_scale_is_the_plans(predictions):
    assert target(plan("likeliest", "probability"), predictions, None) == Target(1, scale="probability")


@pytest.mark.parametrize(
    ("asked", "score"),
    [
        (Target(1), 4.0),
        (Target(1, 2), 1.0),
        (Target(1, scale="probability"), float(LOGITS.softmax(0)[1])),
        (Target(1, 2, "probability"), float(LOGITS.softmax(0)[1] - LOGITS.softmax(0)[2])),
    ],
)
def test_scores_agree_with_predictions_or_not(predictions, asked, score):
    assert predictions.agree(asked, score)
    assert predictions.agree(asked, score + 1e-6)
    assert not predictions.agree(asked, score + 0.01)


def test_predictions_are_those_of_pages(conv, noise):
    pictures = [noise((29, 24), seed=seed) for seed in range(3)]
    for picture, found in zip(pictures, predict(conv, pictures, differentiable=True), strict=True):
        top = conv.predict(picture, 1)[0]
        assert found.index == top.index
        assert float(found.probabilities[found.index]) == pytest.approx(top.probability)
        torch.testing.assert_close(found.logits, predict_anew(conv, picture).logits)
    assert predict(conv, [], differentiable=False) == []


def test_labels_are_found_by_what_they_name():
    assert resolved(["dog", None, "unheard of"], {"dog": 2}) == [2, None, None]
