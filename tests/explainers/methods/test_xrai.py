"""XRAI against its definition, taken pixel by pixel."""

import numpy as np
import pytest
import torch

from explainers import XRAI, IntegratedGradients, Target
from explainers.images.segments import segmentations
from explainers.methods.xrai import ranked_regions


@pytest.fixture
def picture(noise):
    """Smooth, so that its segments differ in size."""
    small = noise((6, 5))[None]
    return torch.nn.functional.interpolate(small, size=(29, 24), mode="bicubic")[0].clamp(0, 1)


def test_segments_cover_the_picture_at_every_scale_the_finer_the_more(picture):
    segments = segmentations(picture)
    assert segments.shape == (6, 29, 24)
    counts = [len(np.unique(labels)) for labels in segments]
    assert counts == sorted(counts, reverse=True)
    assert np.unique(segments).tolist() == list(range(sum(counts)))  # no number stands for two


def by_definition(attributions, segments, fewest):
    """The regions' pixels in their order, found by going through all segments each time."""
    masks = [set(zip(*np.nonzero((segments == number).any(0)), strict=True)) for number in np.unique(segments)]
    found = []
    while masks := [mask for mask in masks if mask]:
        large = [mask for mask in masks if len(mask) >= min(fewest, max(map(len, masks)))]
        best = max(large, key=lambda mask: np.mean([attributions[pixel] for pixel in mask]))
        found.append(best)
        masks = [mask - best for mask in masks]
    return found


def test_the_densest_of_what_is_left_comes_first(picture):
    attributions = torch.randn(29, 24, generator=torch.Generator().manual_seed(0), dtype=torch.float64).numpy()
    segments = segmentations(picture)
    heat, ranks = ranked_regions(attributions, segments)
    regions = by_definition(attributions, segments, 50 * 29 * 24 / 224**2)
    assert len(regions) > 3
    assert ranks.max() == len(regions) - 1
    for rank, region in enumerate(regions):
        assert set(zip(*np.nonzero(ranks == rank), strict=True)) == region
        inside = tuple(np.array(sorted(region)).T)
        np.testing.assert_allclose(heat[inside], attributions[inside].mean(), rtol=1e-12)


def test_segments_that_do_not_overlap_are_sorted():
    segments = np.repeat(np.arange(6), 4).reshape(1, 6, 4)
    attributions = np.repeat([0.3, -1.0, 0.7, 0.0, 2.0, 0.5], 4).reshape(6, 4)
    heat, ranks = ranked_regions(attributions, segments)
    assert ranks[:, 0].tolist() == [3, 5, 1, 4, 0, 2]
    np.testing.assert_allclose(heat, attributions)


def test_a_region_has_what_its_pixels_have_on_the_mean_of_two_paths(conv, picture):
    # as PAIR-code/saliency, saliency/core/xrai_test.py: constant inside a region, and its sum is that of its pixels
    found = XRAI(steps=10)(conv, picture, Target(1))
    paths = [IntegratedGradients(steps=10, baseline=name)(conv, picture, Target(1)) for name in ("black", "white")]
    mean = np.mean([path.values.astype(float).sum(0) for path in paths], 0)
    heat, ranks = ranked_regions(mean, segmentations(picture))
    np.testing.assert_allclose(found.heat, heat, rtol=1e-3, atol=1e-6)
    for rank in range(ranks.max() + 1):
        assert np.ptp(found.heat[ranks == rank]) == 0
        assert found.heat[ranks == rank].sum() == pytest.approx(mean[ranks == rank].sum(), rel=1e-3, abs=1e-6)
    assert found.baseline_score == pytest.approx(np.mean([path.baseline_score for path in paths]))
    assert found.signed


def test_automatic_steps_are_those_that_the_mean_of_both_paths_needs(conv64, picture, apart):
    found, exact = (XRAI(steps=steps)(conv64, picture.double(), Target(1)) for steps in (None, 300))
    assert found.converged
    assert 2 * 17 < found.facts.passes == found.history[-1].points < 200
    assert apart(found.heat, exact.heat) < 0.1
    assert found.error is None


def test_it_is_complete(linear, conv, picture, noise):
    assert XRAI(steps=1)(linear, noise(linear.size), Target(1)).gap < 1e-4
    assert XRAI(steps=300)(conv, picture, Target(1)).gap < 0.02


def test_the_chunk_makes_no_difference(conv, picture, apart, monkeypatch):
    whole = XRAI(steps=50)(conv, picture, Target(1))
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", 3)
    assert apart(XRAI(steps=50)(conv, picture, Target(1)).values, whole.values) < 1e-3
