"""Guided Integrated Gradients: others' numbers, and Integrated Gradients where the path is straight."""

import pytest
import torch
from torch import nn

from explainers import GuidedIntegratedGradients, IntegratedGradients, Target
from explainers.methods.guided_ig import advance


def square(a, b):
    return (2 * a + b) ** 2


class OfTwo(nn.Module):
    """A function of the two numbers in a picture of one pixel and two channels."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(*x.flatten(1).T)[:, None]


def attributions(classify, function, start, end, **settings):
    """The two attributions on the way from `start`, which is black as the network is given it, to `end`."""
    mean = tuple(-number for number in start)
    classifier = classify(OfTwo(function), (1, 1), classes=1, channels=2, mean=mean)
    picture = (torch.tensor(end) + torch.tensor(mean)).view(2, 1, 1)
    return GuidedIntegratedGradients(**settings)(classifier, picture, Target(0)).values.ravel()


@pytest.mark.parametrize(
    ("function", "start", "end", "expected"),
    [
        (lambda a, b: 2 * a + b, (-1.0, -3.0), (10.0, 5.0), (22, 8)),
        (lambda a, b: 2 * a + b, (0.0, 0.0), (10.0, 5.0), (20, 5)),
        (lambda a, b: 2 * a**2 + b**2, (0.0, 0.0), (3.0, 3.0), (18, 9)),
        (lambda a, b: 2 * a**2 + b**2, (3.0, 3.0), (0.0, 0.0), (-18, -9)),
    ],
)
def test_pairs_numbers_come_out(classify, function, start, end, expected):
    # PAIR-code/saliency, saliency/core/guided_ig_test.py, as those below
    found = attributions(classify, function, start, end, steps=200, max_dist=1.0)
    assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [({"max_dist": 0.0}, (54, 27)), ({"fraction": 1.0}, (54, 27)), ({"max_dist": 1.0}, (72, 9))],
)
def test_of_the_square_of_a_sum_the_path_matters(classify, settings, expected):
    found = attributions(
        classify, lambda a, b: (2 * a + b) ** 2, (0.0, 0.0), (3.0, 3.0), steps=200, points=1, **settings
    )
    assert found == pytest.approx(expected, abs=0.2)  # the last is met with an error of 36 / steps


def test_a_path_that_may_leave_the_straight_one_a_little_lies_between(classify):
    a, b = attributions(
        classify, lambda a, b: (2 * a + b) ** 2, (0.0, 0.0), (3.0, 3.0), steps=200, points=1, max_dist=0.2
    )
    assert a + b == pytest.approx(81, abs=0.1)
    assert 55 < a < 71
    assert 10 < b < 26


@pytest.mark.parametrize("settings", [{"max_dist": 0.0}, {"fraction": 1.0, "max_dist": 1.0}])
@pytest.mark.parametrize("start", ["black", "white"])
def test_the_straight_path_is_that_of_integrated_gradients(conv64, noise, apart, settings, start):
    picture = noise(conv64.size, dtype=torch.float64)
    guided = GuidedIntegratedGradients(steps=10, points=3, baseline=start, **settings)(conv64, picture, Target(1))
    straight = IntegratedGradients(steps=30, baseline=start)(conv64, picture, Target(1))
    assert apart(guided.values, straight.values) < 1e-6
    assert guided.baseline_score == pytest.approx(straight.baseline_score)
    assert (guided.baselines == straight.baselines).all()


@pytest.mark.parametrize("steps", [1, 3, 50])
def test_a_linear_model_is_complete_on_any_path(linear, noise, apart, steps):
    guided = GuidedIntegratedGradients(steps=steps, max_dist=0.3)(linear, noise(linear.size), Target(1))
    assert guided.gap < 1e-4
    straight = IntegratedGradients(steps=steps)(linear, noise(linear.size), Target(1))
    assert apart(guided.values, straight.values) < 1e-5


@pytest.mark.parametrize("seed", range(3))
def test_more_points_close_the_gap(conv, noise, seed):
    # which more steps don't: the path runs along the kinks of the ReLUs, where the gradient jumps at every step
    few, many = (
        GuidedIntegratedGradients(steps=20, points=points)(conv, noise(conv.size, seed=seed), Target(1)).gap
        for points in (1, 50)
    )
    assert many < 0.02
    assert many < few


def test_the_path_goes_as_far_as_it_should_and_keeps_to_its_bounds():
    generator = torch.Generator().manual_seed(0)
    weights = torch.rand(500, generator=generator, dtype=torch.float64)
    weights[:50] = 0  # as in the baseline
    along = torch.zeros(500, dtype=torch.float64)
    for step in range(1, 11):
        sizes = torch.rand(500, generator=generator, dtype=torch.float64)
        before, along = along, advance(along, weights, sizes, step / 10, fraction=0.25, max_dist=0.15)
        assert (along[50:] >= before[50:]).all()
        assert float((weights * along).sum() / weights.sum()) == pytest.approx(step / 10)
        assert float((along - step / 10)[50:].abs().max()) < 0.15 + 1e-9
    assert along.tolist() == pytest.approx([1.0] * 500)


def test_the_smallest_gradients_go_first_and_equals_go_together():
    along, sizes = torch.zeros(8, dtype=torch.float64), torch.tensor([5.0, 1, 1, 1, 1, 7, 7, 9])
    moved = advance(along, torch.ones(8, dtype=torch.float64), sizes, 0.25, fraction=0.05, max_dist=1.0)
    assert moved.tolist() == [0, 0.5, 0.5, 0.5, 0.5, 0, 0, 0]
