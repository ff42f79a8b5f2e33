"""LIME and KernelSHAP against exact Shapley values, linear models and the normal equations."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
import torch

from explainers import LIME, KernelSHAP, Target
from explainers.images.segments import superpixels

GREY = 127 / 255


def of_regions(explanation, picture, segments):
    """(M,) what the pixels of each superpixel have together, and how many they are."""
    labels = superpixels(picture, segments).flatten()
    heat = explanation.values.astype(float).sum(0).ravel()
    return np.bincount(labels, heat), np.bincount(labels)


def logits(classifier, picture, shown, index=1):
    """(S,) of a picture whose superpixels are shown or not, (S, M)."""
    labels = superpixels(picture, shown.shape[1])
    masks = torch.from_numpy(shown)[:, labels][:, None] > 0
    with torch.no_grad():
        pictures = torch.where(masks, picture, torch.tensor(GREY, dtype=picture.dtype))
        return classifier.network(classifier.normalise(pictures))[:, index].double().numpy()


def shapley(classifier, picture, regions):
    """The exact Shapley values, by their definition."""
    every = np.array([[number >> bit & 1 for bit in range(regions)] for number in range(2**regions)])
    score = dict(zip(map(tuple, every), logits(classifier, picture, every), strict=True))
    values = np.zeros(regions)
    for region in range(regions):
        others = [other for other in range(regions) if other != region]
        for size in range(regions):
            weight = factorial(size) * factorial(regions - 1 - size) / factorial(regions)
            for chosen in combinations(others, size):
                without = tuple(int(other in chosen) for other in range(regions))
                values[region] += weight * (score[tuple(np.add(without, np.eye(regions, dtype=int)[region]))])
                values[region] -= weight * score[without]
    return values


@pytest.mark.parametrize("regions", [2, 3, 6, 8])
def test_kernel_shap_of_all_coalitions_is_the_shapley_value(conv64, noise, regions, apart):
    picture = noise(conv64.size, dtype=torch.float64)
    found = KernelSHAP(segments=regions, samples=256)(conv64, picture, Target(1))
    assert found.facts.passes == 2**regions
    assert apart(of_regions(found, picture, regions)[0], shapley(conv64, picture, regions)) < 1e-5


def test_kernel_shap_by_samples_comes_close_to_it(conv64, noise, apart):
    picture = noise(conv64.size, dtype=torch.float64)
    exact, *drawn = (
        of_regions(KernelSHAP(segments=10, samples=samples)(conv64, picture, Target(1)), picture, 10)[0]
        for samples in (1024, 100, 1000)
    )
    few, many = (apart(values, exact) for values in drawn)
    assert many < few < 0.3
    assert many < 0.05


@pytest.mark.parametrize("samples", [10, 40, 251, 500])
@pytest.mark.parametrize("scale", ["logit", "probability"])
def test_kernel_shap_is_complete_with_any_number_of_samples(conv, noise, samples, scale):
    found = KernelSHAP(samples=samples)(conv, noise(conv.size), Target(1, scale=scale))
    grey = {p.index: getattr(p, scale) for p in conv.predict(torch.full((3, *conv.size), GREY), 3)}[1]
    assert found.baseline_score == pytest.approx(grey, rel=1e-5)
    assert found.gap < 1e-4
    assert found.facts.passes == samples


@pytest.mark.parametrize("explainer", [LIME(segments=9, ridge=0.0), KernelSHAP(segments=9), KernelSHAP(segments=12)])
def test_a_linear_model_is_found_exactly(linear64, noise, explainer):
    picture = noise(linear64.size, dtype=torch.float64)
    weights = linear64.network[1].weight[1].view(3, *linear64.size) / torch.tensor(linear64.std).view(3, 1, 1)
    labels = superpixels(picture, explainer.segments).flatten()
    expected = np.bincount(labels, (weights * (picture - GREY)).sum(0).flatten())
    found, sizes = of_regions(explainer(linear64, picture, Target(1)), picture, explainer.segments)
    if isinstance(explainer, LIME):
        found = found / sizes  # each pixel has all of the coefficient
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("width", "ridge"), [(0.25, 1.0), (0.1, 0.0), (2.0, 10.0)])
def test_lime_solves_the_normal_equations(conv64, noise, apart, width, ridge):
    picture, regions = noise(conv64.size, dtype=torch.float64), 9
    explainer = LIME(segments=regions, samples=100, width=width, ridge=ridge, seed=3)
    shown = explainer.coalitions(regions).numpy()
    assert shown[0].all()
    assert 0.4 < shown[1:].mean() < 0.6
    cosine = shown.sum(1) / np.sqrt(regions * np.maximum(shown.sum(1), 1))
    weights = np.sqrt(np.exp(-((1 - cosine) ** 2) / width**2))
    design = np.hstack([np.ones((100, 1)), shown])  # the intercept bears no ridge
    gram = design.T * weights @ design + ridge * np.diag([0, *[1] * regions])
    expected = np.linalg.solve(gram, design.T * weights @ logits(conv64, picture, shown))[1:]
    totals, sizes = of_regions(explainer(conv64, picture, Target(1)), picture, regions)
    assert apart(totals / sizes, expected) < 1e-5


@pytest.mark.parametrize(
    "explainer", [KernelSHAP(samples=60), KernelSHAP(samples=61), LIME(samples=60, ridge=0.0, width=2.0)], ids=str
)
def test_the_standard_error_is_that_of_coefficients_fitted_to_noisy_scores(explainer):
    shown = explainer.coalitions(7).numpy().astype(float)
    weights = np.ones(len(shown))
    generator = np.random.default_rng(0)
    found = []
    for _ in range(2000):
        noise = generator.normal(size=len(shown))
        noise[: 1 + isinstance(explainer, KernelSHAP)] = 0  # of the coalitions that aren't random
        found.append(explainer.solve(shown, shown @ np.arange(7) + noise, weights))
    coefficients, errors = map(np.array, zip(*found, strict=True))
    assert np.sqrt((errors**2).mean(0)) == pytest.approx(coefficients.std(0), rel=0.05)


@pytest.mark.parametrize("kind", [LIME, KernelSHAP])
def test_automatic_samples_end_below_the_tolerance(conv, noise, kind):
    explainer = kind(segments=9, samples=None, tolerance=20.0)
    found = explainer(conv, noise(conv.size), Target(1))
    assert found.sampling.settled
    assert found.error <= 0.2
    assert found.facts.passes == found.sampling.count < explainer.passes(conv)


def test_what_is_exact_has_no_error_and_draws_nothing(conv, noise):
    for samples in (128, None):
        found = KernelSHAP(segments=7, samples=samples)(conv, noise(conv.size), Target(1))
        assert (found.error, found.sampling, found.facts.passes) == (0, None, 128)


def test_fewer_samples_than_superpixels_do_not_tell_their_error(conv, noise):
    found = KernelSHAP(segments=40, samples=40)(conv, noise(conv.size), Target(1))
    assert (found.error, found.standard_error) == (None, None)


def test_coalitions_come_with_their_opposites_as_often_as_the_kernel_weighs_their_size():
    shown = KernelSHAP(samples=5000).coalitions(14)
    assert shown[0].all()
    assert not shown[1].any()
    assert (shown[2::2] + shown[3::2] == 1).all()
    sizes = torch.bincount(shown[2:].sum(1), minlength=15)[1:14].double()
    kernel = 1 / (torch.arange(1.0, 14) * torch.arange(13.0, 0, -1))
    torch.testing.assert_close(sizes / sizes.sum(), (kernel / kernel.sum()).double(), rtol=0.2, atol=0)


@pytest.mark.parametrize("kind", [LIME, KernelSHAP])
def test_the_seed_matters_and_the_chunk_does_not(conv, noise, apart, monkeypatch, kind):
    whole, other = (kind(seed=seed)(conv, noise(conv.size), Target(1)) for seed in range(2))
    assert apart(other.values, whole.values) > 0.05
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", 3)
    assert apart(kind()(conv, noise(conv.size), Target(1)).values, whole.values) < 1e-3
