"""Maps drawn smoother than they were computed."""

import numpy as np
import pytest

from explainers.figures.smoothing import radius, smoothed


def test_a_map_that_is_the_same_everywhere_stays_so():
    assert smoothed(np.full((20, 30), -2.5, np.float32)) == pytest.approx(-2.5)


def test_the_same_happens_along_both_sides():
    heat = np.random.default_rng(0).normal(size=(40, 25)).astype(np.float32)
    assert smoothed(heat.T) == pytest.approx(smoothed(heat).T, abs=1e-6)
    assert smoothed(heat).shape == (40, 25)
    assert smoothed(heat).std() < heat.std()


def test_the_blur_grows_with_the_picture():
    assert radius(np.zeros((224, 200))) == pytest.approx(3, rel=0.01)
