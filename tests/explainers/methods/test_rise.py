"""RISE against its formula written out, and the exact expectation for a linear model."""

import numpy as np
import pytest
import torch

from explainers import RISE, Target
from explainers.methods.rise import masks


def enlarged(cells, sides):
    """Cells (g, g), each as large as `sides`, interpolated linearly one axis after the other."""
    for axis, side in enumerate(sides):
        places = (np.arange(cells.shape[axis] * side) + 0.5) / side - 0.5
        lines = [np.interp(places, np.arange(len(line)), line) for line in np.moveaxis(cells, axis, -1)]
        cells = np.moveaxis(np.array(lines), -1, axis)
    return cells


def drawn(explainer, size):
    return masks(*(each.double() for each in explainer._draws()), size).numpy()


def test_masks_are_enlarged_grids_shifted_by_less_than_a_cell():
    explainer, size = RISE(masks=20, grid=3), (10, 7)  # cells of 4 x 3
    cells, shifts = (each.double().numpy() for each in explainer._draws())
    for mask, grid, shift in zip(drawn(explainer, size), cells, shifts, strict=True):
        top, left = int(shift[0] * 4), int(shift[1] * 3)
        expected = enlarged(grid, (4, 3))[top : top + 10, left : left + 7]
        np.testing.assert_allclose(mask, expected, atol=1e-12)


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9])
def test_every_pixel_is_shown_as_often_as_asked(probability):
    shown = drawn(RISE(masks=8000, grid=4, probability=probability), (13, 9))
    assert shown.mean(0) == pytest.approx(np.full((13, 9), probability), abs=0.03)
    assert 0 <= shown.min() < shown.max() <= 1


@pytest.mark.parametrize("probability", [0.3, 0.5])
def test_with_the_mean_score_put_back_it_is_the_published_sum(conv64, noise, apart, probability):
    # Petsiuk et al. 2018, equation 6: the sum of score * mask, divided by masks * probability
    picture = noise(conv64.size, dtype=torch.float64)
    explainer = RISE(masks=50, probability=probability, seed=4)
    shown = torch.from_numpy(drawn(explainer, conv64.size))
    pictures = shown[:, None] * picture + (1 - shown[:, None]) * (127 / 255)
    with torch.no_grad():
        scores = conv64.network(conv64.normalise(pictures))[:, 1]
    published = sum(score * mask for score, mask in zip(scores, shown, strict=True)) / (50 * probability)
    centred = published - scores.mean() * shown.sum(0) / (50 * probability)
    found = explainer(conv64, picture, Target(1))
    assert apart(found.heat, centred) < 1e-5
    assert found.signed


def test_of_a_linear_model_it_tends_to_what_pixels_add_while_others_are_random(linear64, noise, apart):
    # Cells of one pixel are independent: the mean score rises by (1 - p) * weight * change where a pixel is shown.
    picture = noise(linear64.size, dtype=torch.float64)
    weights = linear64.network[1].weight[1].view(3, *linear64.size) / torch.tensor(linear64.std).view(3, 1, 1)
    adds = (weights * (picture - 127 / 255)).sum(0)
    few, many = (
        apart(RISE(masks=count, grid=7, probability=0.4)(linear64, picture, Target(1)).heat, 0.6 * adds)
        for count in (500, 8000)
    )
    assert many < 0.1 < few < 0.5  # sixteen times the masks, a fourth of the noise


def test_the_standard_error_is_that_of_the_samples_own_covariances(conv64, noise):
    picture, explainer = noise(conv64.size, dtype=torch.float64), RISE(masks=60, seed=2)
    shown = drawn(explainer, conv64.size)
    pictures = torch.from_numpy(shown)[:, None] * picture + (1 - torch.from_numpy(shown)[:, None]) * (127 / 255)
    with torch.no_grad():
        scores = conv64.network(conv64.normalise(pictures))[:, 1].numpy()
    products = (scores - scores.mean())[:, None, None] * (shown - shown.mean(0)) / explainer.probability
    expected = products.std(0) / 59**0.5 / 3  # shared among three channels
    found = explainer(conv64, picture, Target(1))
    np.testing.assert_allclose(found.standard_error, np.broadcast_to(expected, (3, *conv64.size)), rtol=1e-4)


def test_automatic_masks_end_below_the_tolerance(conv, noise):
    explainer = RISE(masks=None, tolerance=20.0, grid=3)
    found = explainer(conv, noise(conv.size), Target(1))
    assert found.sampling.settled
    assert found.error <= 0.2
    assert found.facts.passes == 1 + found.sampling.count < explainer.passes(conv)


def test_the_chunk_makes_no_difference(conv, noise, apart, monkeypatch):
    whole = RISE()(conv, noise(conv.size), Target(1))
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", 3)
    assert apart(RISE()(conv, noise(conv.size), Target(1)).values, whole.values) < 1e-3
