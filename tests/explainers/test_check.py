"""What a map adds up to, by hand-computed cases."""

import numpy as np
import pytest

from explainers import Explanation, Target
from explainers.check import NEARLY_SAME_SCORE, SAME_SCORE, Check, no_sum
from explainers.explanation import Unit
from explainers.paths.trace import Level


@pytest.fixture
def explanation(facts):
    """(score, baseline_score, residual, scale="logit", **more) -> an explanation that adds up to that."""

    def make(score=3.0, baseline_score=None, residual=None, scale="logit", versus=None, unit=None, **more):
        picture, values = np.full((3, 2, 2), 0.5, np.float32), np.ones((3, 2, 2), np.float32)
        known = facts(**({"unit": unit} if unit else {}))
        scores = {"baseline_score": baseline_score, "residual": residual}
        return Explanation(picture, (0, 0, 2, 2), values, Target(0, versus, scale), score, known, **scores, **more)

    return make


@pytest.mark.parametrize(
    ("given", "total", "verdict"),
    [
        ((8.69, -0.16, 0.07), "baseline -0.16 + pixels 8.92 = **8.76**", "says **8.69** (0.8% off)."),
        ((-1.0, 1.0, 0.1), "baseline 1.00 - pixels 1.90 = **-0.90**", "says **-1.00** (5.0% off)."),
        ((0.0123, 0.001, 0.0), "baseline 0.0010 + pixels 0.0113 = **0.0123**", "says **0.0123** (0.0% off)."),
        ((1234.5, 0.0, 1.0), "baseline 0.00 + pixels 1235.50 = **1235.50**", "says **1234.50** (0.1% off)."),
    ],
)
def test_a_sum_of_logits(explanation, given, total, verdict):
    found = Check.of(explanation(*given))
    assert (found.sum, found.verdict) == (total, f"The classifier {verdict}")
    assert found.total == pytest.approx(given[0] + given[2])


def test_probabilities_are_told_in_per_cent(explanation):
    found = Check.of(explanation(0.9649, 0.0012, 0.0008, "probability"))
    assert found.sum == "baseline 0.1% + pixels 96.5% = **96.6%**"
    assert found.verdict == "The classifier says **96.5%** (0.1% off)."


def test_the_numbers_that_are_shown_add_up(explanation):
    found = Check.of(explanation(8.694, -0.164, -0.02))  # each rounded by itself: -0.16 + 8.84 = 8.67
    first, second, total = -0.16, 8.83, 8.67
    assert found.sum == f"baseline {first} + pixels {second} = **{total}**"
    assert first + second == pytest.approx(total)


def test_several_baselines_are_told_by_their_mean(explanation):
    found = Check.of(explanation(3.0, 1.0, 0.0, baselines=np.zeros((5, 3, 2, 2), np.float32)))
    assert found.sum == "mean of 5 baselines 1.00 + pixels 2.00 = **3.00**"


def test_a_baseline_that_scores_like_the_picture_leaves_no_share(explanation):
    found = Check.of(explanation(3.0, 3.0, 0.25))
    assert (found.gap, found.why_unjudged) == (None, SAME_SCORE)
    assert found.verdict == "The classifier says **3.00**."


def test_ends_of_a_path_that_score_nearly_alike_are_not_judged(explanation):
    unjudged = Check.of(explanation(3.0, 2.9, 0.1, history=(Level(17, 0.01, None, True),)))
    assert (unjudged.gap, unjudged.why_unjudged) == (None, NEARLY_SAME_SCORE)
    judged = Check.of(explanation(3.0, 2.9, 0.1, history=(Level(17, 0.01, 0.9, False),)))
    assert (judged.gap, judged.why_unjudged) == (pytest.approx(1), "")


@pytest.mark.parametrize(("baseline_score", "residual"), [(None, None), (1.0, None)])
def test_a_map_that_does_not_add_up_says_what_its_numbers_are(explanation, baseline_score, residual):
    given = explanation(3.0, baseline_score, residual, unit=Unit("slope", "gradient", "change of the logit"))
    assert Check.of(given) is None
    assert no_sum(given).startswith(
        "Each value of this map is the change of the logit. No value is a share of the score"
    )
