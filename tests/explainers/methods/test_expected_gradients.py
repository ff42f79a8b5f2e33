"""Expected Gradients against closed forms and against Integrated Gradients from the same random pictures."""

import captum.attr
import numpy as np
import pytest
import torch
from torch import nn

from explainers import ExpectedGradients, Target
from explainers.methods.expected_gradients import _stratified
from explainers.methods.sampling import seeds

TARGET = Target(1)
every_background = pytest.mark.parametrize("background", ["plain colours", "noise"])


@every_background
@pytest.mark.parametrize("target", [Target(1), Target(0, versus=2)])
def test_of_a_linear_model_the_values_are_its_weights_times_the_mean_difference(linear64, noise, background, target):
    picture = noise(linear64.size, dtype=torch.float64)
    found = ExpectedGradients(background=background, draws=7, points=2)(linear64, picture, target)
    weights = linear64.network[1].weight
    weights = weights[target.index] - (0 if target.versus is None else weights[target.versus])
    weights = (weights.view(3, *linear64.size) / torch.tensor(linear64.std).view(3, 1, 1)).numpy()
    np.testing.assert_allclose(
        found.values, weights * (picture.numpy() - found.baselines.mean(0)), rtol=1e-4, atol=1e-7
    )
    assert abs(found.residual) < 1e-6 * abs(found.score)


class Squares(nn.Module):
    def forward(self, pictures):
        return pictures.square().sum((1, 2, 3))[:, None]


def test_of_a_sum_of_squares_they_are_the_difference_of_the_squares(classify, noise):
    picture = noise((4, 5), dtype=torch.float64)
    classifier = classify(nn.Sequential(nn.Identity(), Squares()).double(), (4, 5), classes=1)
    found = ExpectedGradients(draws=50, points=50)(classifier, picture.float(), Target(0))
    expected = picture.square() - torch.from_numpy(found.baselines).square().mean(0)
    assert np.abs(found.values - expected.numpy()).max() < 0.02
    assert found.gap < 0.005


@every_background
def test_it_is_the_mean_of_integrated_gradients_from_the_same_pictures(conv64, noise, apart, background):
    picture = noise(conv64.size, dtype=torch.float64)
    found = ExpectedGradients(background=background, draws=4, points=50)(conv64, picture, TARGET)
    method = captum.attr.IntegratedGradients(lambda pictures: conv64.network(conv64.normalise(pictures)))
    maps = [
        method.attribute(
            picture[None], torch.from_numpy(start)[None].double(), target=1, n_steps=500, method="riemann_middle"
        )[0]
        for start in found.baselines
    ]
    assert apart(found.values, torch.stack(maps).mean(0)) < 0.05


def test_the_proof_speaks_of_the_pictures_that_were_drawn(conv64, noise):
    found = ExpectedGradients(draws=5, points=2)(conv64, noise(conv64.size, dtype=torch.float64), TARGET)
    scores = [
        next(p.logit for p in conv64.predict(torch.from_numpy(start), 3) if p.index == 1) for start in found.baselines
    ]
    assert found.baselines.shape == (5, 3, *conv64.size)
    assert found.baseline_score == pytest.approx(np.mean(scores), rel=1e-5)
    assert found.residual == pytest.approx(
        found.values.sum(dtype=np.float64) - (found.score - found.baseline_score), abs=1e-6
    )


def test_plain_colours_are_plain_and_noise_is_not(conv, noise):
    plain, rough = (
        ExpectedGradients(background=background, points=1)(conv, noise(conv.size), TARGET).baselines
        for background in ("plain colours", "noise")
    )
    assert (plain == plain[:, :, :1, :1]).all()
    assert len({tuple(colour) for colour in plain[:, :, 0, 0].tolist()}) == 20
    assert (rough.std((2, 3)) > 0.2).all()
    for drawn in (plain, rough):
        assert 0 <= drawn.min() < 0.2 < 0.8 < drawn.max() <= 1


def test_points_are_stratified_over_each_way_and_over_all_together():
    drawn = _stratified(3, 20, 5)
    assert sorted((drawn * 100).int().tolist()) == list(range(100))
    assert all(sorted((drawn[first::20] * 5).int().tolist()) == list(range(5)) for first in range(20))
    assert drawn[:20].sort().values.ne(drawn[:20]).any()
    assert drawn.equal(_stratified(3, 20, 5))
    assert not drawn.equal(_stratified(4, 20, 5))


def test_another_seed_is_another_map(conv, noise, apart):
    first, second = (ExpectedGradients(seed=seed)(conv, noise(conv.size), TARGET).values for seed in (0, 1))
    assert apart(first, second) > 0.01


def test_the_standard_error_is_that_of_the_mean_over_the_pictures(conv64, noise, apart):
    picture = noise(conv64.size, dtype=torch.float64)
    explainer = ExpectedGradients(draws=7, points=3, seed=1)
    found = explainer(conv64, picture, TARGET)
    alphas = _stratified(seeds(1, 8)[0], 7, 3).view(3, 7)
    maps = []
    for draw, start in enumerate(torch.from_numpy(found.baselines).double()):
        at = (start + alphas[:, draw, None, None, None] * (picture - start)).requires_grad_()
        (gradients,) = torch.autograd.grad(conv64.network(conv64.normalise(at))[:, 1].sum(), at)
        maps.append(((picture - start) * gradients).mean(0).numpy())
    assert apart(found.values, np.mean(maps, 0)) < 1e-5
    assert apart(found.standard_error, np.std(maps, 0, ddof=1) / 7**0.5) < 1e-5


def test_automatic_draws_end_below_the_tolerance(conv, noise):
    explainer = ExpectedGradients(draws=None, tolerance=50.0, points=2)
    found = explainer(conv, noise(conv.size), TARGET)
    assert found.sampling.settled
    assert found.error <= 0.5
    assert len(found.baselines) == found.sampling.count
    assert found.facts.passes == 1 + 3 * found.sampling.count < explainer.passes(conv)


def test_it_passes_each_drawn_picture_once_and_each_point_once(conv, noise):
    explainer = ExpectedGradients(draws=3, points=4)
    found = explainer(conv, noise(conv.size), TARGET)
    assert explainer.passes(conv) == found.facts.passes == 1 + 3 + 12
