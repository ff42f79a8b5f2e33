"""Curves along the path are those of its trace."""

from dataclasses import replace

import pytest

from explainers import Target
from explainers.figures import saturation


@pytest.fixture
def traced(explanation, ramp, trace):
    """(scale="logit", **more) -> one with a path of three points: probabilities 0.1, 0.4, 0.5, logits 10 times that."""

    def make(scale="logit", **more):
        start = {"logit": 1.0, "probability": 0.1}[scale]
        plain = explanation(ramp, trace=trace, baseline_score=start)
        return replace(plain, target=Target(0, scale=scale), **more)

    return make


@pytest.mark.parametrize(("scale", "scores"), [("logit", (1, 4, 5)), ("probability", (0.1, 0.4, 0.5))])
def test_the_scores_along_the_path_are_of_the_explained_scale(traced, scale, scores):
    (title, figure), *_ = saturation(traced(scale)).items()
    assert scale in title
    assert tuple(figure.data[0].x) == (0, 0.5, 1)
    assert tuple(figure.data[0].y) == scores


def test_the_integral_of_the_slope_starts_at_the_baselines_score(traced):
    figure = next(iter(saturation(traced()).values()))
    assert tuple(figure.data[1].y) == (1, 3, 4.5)


def test_slope_and_gradient_have_curves_of_their_own(traced):
    _, slope, gradient = saturation(traced()).values()
    assert tuple(slope.data[0].y) == (6, 4, 2)
    assert [tuple(line.y) for line in gradient.data[:2]] == [(-1, 0, 1), (2, 2, 3)]


def test_a_rug_shows_where_points_passed(traced):
    for figure in saturation(traced()).values():
        rug = figure.data[-1]
        assert (rug.mode, tuple(rug.x), rug.yaxis) == ("markers", (0, 0.5, 1), "y2")


@pytest.mark.parametrize("more", [{"trace": None}, {"baseline_score": None}])
def test_without_a_path_there_are_no_curves(traced, more):
    assert saturation(traced(**more)) == {}
