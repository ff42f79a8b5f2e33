"""SmoothGrad and its kin: closed forms, the noise written out by hand, and identities with the methods they repeat."""

import numpy as np
import pytest
import torch
from torch import nn

from explainers import (
    Deconvolution,
    ExplanationError,
    GuidedBackprop,
    InputXGradient,
    Saliency,
    SmoothGrad,
    SmoothGradSquared,
    Target,
    VarGrad,
)
from explainers.methods.sampling import gaussian, seeds
from explainers.methods.smoothgrad import GRADIENT_METHODS

TARGET = Target(1)
KINDS = (SmoothGrad, SmoothGradSquared, VarGrad)
every_kind = pytest.mark.parametrize("kind", KINDS)
every_method = pytest.mark.parametrize("method", GRADIENT_METHODS)


class Squares(nn.Module):
    """Scores whose gradient is 2 w x and therefore has the variance (2 w sigma) ** 2 under noise."""

    def __init__(self, size):
        super().__init__()
        self.weights = nn.Parameter(torch.linspace(-1, 1, size[0] * size[1], dtype=torch.float64).view(1, *size))

    def forward(self, pictures):
        return (self.weights * pictures.square()).sum((1, 2, 3))[:, None]


@pytest.fixture
def squares(classify):
    return classify(Squares((6, 5)), (6, 5), classes=1, channels=1)


def test_methods_are_those_of_one_gradient():
    assert tuple(GRADIENT_METHODS.values()) == (Saliency, GuidedBackprop, Deconvolution, InputXGradient)


@every_method
def test_without_noise_smoothgrad_is_the_method_itself(conv64, noise, apart, method):
    picture = noise(conv64.size, dtype=torch.float64)
    plain = GRADIENT_METHODS[method]()(conv64, picture, TARGET)
    smooth = SmoothGrad(gradient=method, noise=0.0, samples=5)(conv64, picture, TARGET)
    squared = SmoothGradSquared(gradient=method, noise=0.0, samples=5)(conv64, picture, TARGET)
    assert apart(smooth.values, plain.values) < 1e-6
    assert apart(squared.values, plain.values**2) < 1e-6
    assert VarGrad(gradient=method, noise=0.0, samples=5)(conv64, picture, TARGET).values.max() < 1e-20
    assert smooth.score == pytest.approx(plain.score, rel=1e-12)


@every_method
def test_they_are_the_moments_of_maps_that_are_made_one_by_one(conv64, noise, apart, method):
    picture = noise(conv64.size, dtype=torch.float64)
    maps = np.stack(
        [
            GRADIENT_METHODS[method]()(conv64, picture + 0.2 * gaussian(seed, picture), TARGET).values.astype(float)
            for seed in seeds(5, 11)
        ]
    )
    settings = {"gradient": method, "noise": 0.2, "samples": 11, "seed": 5}
    assert apart(SmoothGrad(**settings)(conv64, picture, TARGET).values, maps.mean(0)) < 1e-6
    assert apart(SmoothGradSquared(**settings)(conv64, picture, TARGET).values, (maps**2).mean(0)) < 1e-6
    assert apart(VarGrad(**settings)(conv64, picture, TARGET).values, maps.var(0)) < 1e-6


def test_of_a_linear_model_the_gradients_mean_is_its_weights_and_their_variance_is_zero(linear, noise, apart):
    picture = noise(linear.size)
    weights = linear.network[1].weight[1].view(3, *linear.size) / torch.tensor(linear.std).view(3, 1, 1)
    assert apart(SmoothGrad()(linear, picture, TARGET).values, weights) < 1e-6
    assert apart(SmoothGradSquared()(linear, picture, TARGET).values, weights**2) < 1e-6
    assert VarGrad()(linear, picture, TARGET).values.max() < 1e-12


def test_of_a_sum_of_squares_they_have_closed_forms(squares, noise):
    picture, sigma, samples = noise((6, 5), 1, dtype=torch.float64), 0.25, 1000
    slope = 2 * squares.network.weights.detach().numpy()
    settings = {"noise": sigma, "samples": samples}
    smooth, squared, variance = (kind(**settings)(squares, picture, Target(0)).values for kind in KINDS)
    error = np.abs(slope) * sigma / samples**0.5  # the standard error of the mean
    assert (np.abs(smooth - slope * picture.numpy()) <= 5 * error).all()
    assert variance.sum() == pytest.approx((slope**2).sum() * sigma**2, rel=0.03)
    assert squared == pytest.approx(smooth**2 + variance, rel=1e-5, abs=1e-7)


def test_the_noise_is_not_clipped_to_what_pictures_can_hold(small, classify, watched):
    seen = []
    classifier = classify(watched(small(), seen.append), (24, 24))
    seen.clear()
    SmoothGrad(noise=0.3)(classifier, torch.zeros(3, 24, 24), TARGET)
    noisy = torch.cat(seen)[1:].detach()
    assert float(noisy.std()) == pytest.approx(0.3, rel=0.01)
    assert float((noisy < 0).float().mean()) == pytest.approx(0.5, abs=0.01)


@every_kind
def test_automatic_samples_end_below_the_tolerance_with_the_map_of_so_many(conv, noise, kind):
    told = []
    found = kind(samples=None, tolerance=12.0)(conv, noise(conv.size), TARGET, on_progress=told.append)
    sampling = found.sampling
    assert sampling.settled
    assert found.error <= 0.12
    assert found.facts.passes == 1 + sampling.count < kind(samples=None).passes(conv)
    (first,) = [progress.preview for progress in told if progress.preview]
    assert first.sampling.count == 32
    assert first.error > found.error
    chosen = kind(samples=sampling.count)(conv, noise(conv.size), TARGET)
    assert (chosen.values == found.values).all()
    assert chosen.error == found.error


@every_kind
def test_one_sample_says_nothing_of_its_error(conv, noise, kind):
    found = kind(samples=1)(conv, noise(conv.size), TARGET)
    assert (found.error, found.standard_error, found.sampling.count) == (None, None, 1)


@every_kind
def test_another_seed_is_another_map(conv, noise, apart, kind):
    first, second = (kind(seed=seed, samples=10)(conv, noise(conv.size), TARGET).values for seed in (0, 1))
    assert apart(first, second) > 0.01


@every_kind
def test_halved_chunks_draw_the_same_noise(conv64, noise, apart, kind, monkeypatch):
    whole = kind(samples=10)(conv64, noise(conv64.size, dtype=torch.float64), TARGET).values
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", 3)
    assert apart(kind(samples=10)(conv64, noise(conv64.size, dtype=torch.float64), TARGET).values, whole) < 1e-6


@every_kind
def test_no_more_pictures_pass_at_once_than_fit_a_chunk(small, classify, watched, noise, kind):
    counts = []
    classifier = classify(watched(small(), lambda x: counts.append(len(x))), (24, 24))
    counts.clear()
    explanation = kind(samples=100)(classifier, noise((24, 24)), TARGET)
    assert max(counts) <= 16
    assert sum(counts) == 101 + explanation.facts.checks


@every_kind
def test_squares_have_no_sign(conv, noise, kind):
    found = kind(samples=5)(conv, noise(conv.size), TARGET).reduced("signed sum")
    assert found.signed == (kind is SmoothGrad)
    assert (found.values < 0).any() == (kind is SmoothGrad)


@every_kind
@pytest.mark.parametrize("method", [GuidedBackprop, Deconvolution])
def test_they_refuse_what_the_method_refuses_and_cover_what_it_covers(classify, noise, kind, method):
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.SiLU(), nn.Flatten(), nn.Linear(4 * 6 * 6, 3))
    classifier = classify(network, (8, 8), name="smooth")
    explainer = kind(gradient=method.title)
    with pytest.raises(ExplanationError, match="is defined for ReLU, and smooth has none"):
        explainer(classifier, noise((8, 8)), TARGET)
    assert explainer.inner.coverage(classifier) == method.coverage(classifier)
    assert kind()(classifier, noise((8, 8)), TARGET).values.any()


@every_kind
def test_the_unit_speaks_of_the_chosen_method(conv, noise, kind):
    found = kind(gradient=InputXGradient.title, samples=2)(conv, noise(conv.size), TARGET)
    assert "contribution to the logit, by its slope" in found.facts.unit.text
    assert "noise" in found.facts.unit.text
