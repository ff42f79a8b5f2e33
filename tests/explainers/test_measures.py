"""Numbers about maps, by hand."""

import numpy as np
import pytest

from explainers.measures import dark, spread


def test_dark_pixels_and_what_they_get():
    picture = np.array([[[0.0, 0.05], [0.05, 0.9]], [[0.0, 0.05], [0.5, 0.0]]])  # two of four are dark in both channels
    values = np.array([[[1.0, -2.0], [3.0, 4.0]], [[0.0, 1.0], [-4.0, 1.0]]])
    assert dark(picture, values) == (0.5, pytest.approx(4 / 16))


def test_nothing_is_shared_out_of_a_map_of_nothing():
    assert dark(np.zeros((3, 2, 2)), np.zeros((3, 2, 2))) == (1.0, 0.0)


def test_draws_that_agree_have_no_spread():
    assert spread([np.ones((1, 2, 2))] * 3) == 0


def test_spread_is_the_mean_distance_from_the_mean():
    assert spread([np.array([3.0, 1.0]), np.array([1.0, 1.0])]) == pytest.approx(1 / 3)  # each 1 away from a mean of 3
