"""Small maps and descriptions, against areas that can be added by hand."""

import numpy as np
import pytest

from explainers.audit.engine.small_maps import area_means, border_share, compactness, description, small_map


@pytest.fixture
def magnitudes():
    """(H, W) -> positive noise."""
    return lambda *size: np.random.default_rng(0).random(size).astype(np.float32)


def test_a_multiple_of_the_side_is_averaged_in_blocks(magnitudes):
    values = magnitudes(64, 96)
    blocks = values.reshape(32, 2, 32, 3).mean((1, 3))
    np.testing.assert_allclose(area_means(values, 32), blocks, rtol=1e-6)


@pytest.mark.parametrize("size", [(50, 33), (20, 24), (7, 300), (1, 1)])
def test_cells_that_cut_through_pixels_keep_the_mean(magnitudes, size):
    values = magnitudes(*size)
    assert area_means(values, 32).mean() == pytest.approx(values.mean(), rel=1e-6)


def test_a_pixel_is_shared_by_the_cells_it_lies_in():
    values = np.array([[1.0, 0.0, 0.0]])
    np.testing.assert_allclose(area_means(values, 2)[0], [2 / 3, 0])


def test_what_is_small_is_repeated(magnitudes):
    values = magnitudes(16, 16)
    np.testing.assert_allclose(area_means(values, 32), values.repeat(2, 0).repeat(2, 1), rtol=1e-6)


def test_small_maps_and_descriptions_do_not_hang_on_the_size_of_values(magnitudes):
    values = magnitudes(60, 60)
    assert small_map(values).mean() == pytest.approx(1)
    assert np.linalg.norm(description(values)) == pytest.approx(1)
    np.testing.assert_allclose(small_map(1e-20 * values.astype(np.float64)), small_map(values), rtol=1e-6)
    np.testing.assert_allclose(description(1e9 * values), description(values), rtol=1e-5)


def test_a_spot_is_where_it_is():
    values = np.zeros((64, 64))
    values[5, 60] = 3
    assert np.unravel_index(small_map(values).argmax(), (32, 32)) == (2, 30)
    assert np.unravel_index(description(values).argmax(), (8, 8)) == (0, 7)


def test_zeros_have_no_description():
    zeros = np.zeros((40, 40), np.float32)
    assert small_map(zeros).sum() == 0
    assert description(zeros) is None
    assert border_share(zeros) is None
    assert compactness(zeros) is None


def test_the_border_is_a_tenth_on_each_side():
    assert border_share(np.ones((20, 40))) == pytest.approx(0.36)
    inner = np.zeros((20, 40))
    inner[2:-2, 4:-4] = 1
    assert border_share(inner) == 0
    assert border_share(1 - inner) == 1


def test_compact_is_what_few_pixels_hold():
    values = np.zeros((10, 10))
    values[3, 3] = 5
    assert compactness(values) == 0.01
    assert compactness(np.ones((10, 10))) == 0.5
    values[0, :4] = 1  # five of nine in one pixel
    assert compactness(values) == 0.01
