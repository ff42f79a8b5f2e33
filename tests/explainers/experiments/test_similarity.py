"""Numbers about maps, by hand."""

import numpy as np
import pytest
from scipy import stats

from explainers import Explanation, Target
from explainers.experiments import aligned, dark, rank_correlation, rank_correlations, spread, ssim


@pytest.fixture
def ramp(facts):
    """(box, side) -> an explanation whose map is the photo's own x coordinate, on a square grid over that box."""

    def make(box, side):
        columns = box[0] + (np.arange(side) + 0.5) * (box[2] - box[0]) / side
        values = np.broadcast_to(columns, (1, side, side)).astype(np.float32)
        return Explanation(np.zeros((3, side, side), np.float32), box, values, Target(0), 0.0, facts(), "signed sum")

    return make


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


def test_rank_correlation_by_hand():
    assert rank_correlation(np.array([[-1.0, 1.0, 1.0]]), np.array([[0.0, 0.0, 2.0]])) == pytest.approx(0.5)


def test_only_the_order_counts():
    heat = np.array([[1.0, 2.0], [5.0, 7.0]])
    assert rank_correlation(heat, np.exp(heat)) == pytest.approx(1)
    assert rank_correlation(heat, -heat) == pytest.approx(-1)


def test_all_rank_correlations_are_scipys():
    maps = [np.random.default_rng(seed).integers(0, 9, (8, 8)).astype(np.float32) for seed in range(3)]
    expected = stats.spearmanr(np.stack([heat.ravel() for heat in maps], 1)).statistic
    np.testing.assert_allclose(rank_correlations(maps), expected, atol=1e-12)
    flat = rank_correlations([*maps, np.ones((8, 8))])
    assert np.isnan(flat[3]).all()
    np.testing.assert_allclose(flat[:3, :3], expected, atol=1e-12)


def test_a_flat_map_has_no_order():
    assert rank_correlation(np.ones((2, 2)), np.eye(2)) is None


def test_a_map_looks_like_itself_on_any_scale():
    heat = np.random.default_rng(0).normal(size=(16, 16))
    assert ssim(heat, heat) == pytest.approx(1)
    assert ssim(heat, 300 * heat) == pytest.approx(1)
    assert ssim(heat, -heat) < 0


def test_nothing_looks_like_nothing():
    assert ssim(np.zeros((8, 8)), np.ones((8, 8))) is None
    assert ssim(np.ones((2, 2)), np.ones((2, 2))) is None


def test_maps_of_one_view_are_compared_as_they_are(ramp):
    first, second = ramp((0.0, 0.0, 8.0, 8.0), 8), ramp((0.0, 0.0, 8.0, 8.0), 8)
    assert [heat is each.heat for heat, each in zip(aligned([first, second]), (first, second), strict=True)] == [
        True
    ] * 2


def test_maps_of_other_views_meet_where_both_see_the_photo(ramp):
    wide, near = aligned([ramp((0.0, 0.0, 80.0, 80.0), 40), ramp((20.0, 20.0, 60.0, 60.0), 10)])
    assert wide.shape == near.shape == (10, 10)
    np.testing.assert_allclose(wide[:, 1:-1], near[:, 1:-1], atol=1e-4)
    np.testing.assert_allclose(wide[0], 20 + 4 * (np.arange(10) + 0.5), atol=1e-4)


def test_views_without_a_common_part_are_refused(ramp):
    with pytest.raises(ValueError, match="no common part"):
        aligned([ramp((0.0, 0.0, 8.0, 8.0), 8), ramp((9.0, 0.0, 17.0, 8.0), 8)])
