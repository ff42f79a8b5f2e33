"""Orders of pixels."""

import numpy as np
import pytest

from explainers.experiments.removal.orders import QUARTER_SHIFTS, centred, moved, order, scattered


@pytest.fixture
def blob():
    """(down, right, size) -> a map whose one peak is there, on a picture without edges, longer than high."""

    def make(down, right, size):
        rows, columns = (np.arange(side) for side in size)
        far = [
            np.minimum(abs(places - at), side - abs(places - at))
            for places, at, side in ((rows, down, size[0]), (columns, right, size[1]))
        ]
        return -np.hypot(1.5 * far[0][:, None], far[1][None])

    return make


def test_the_hottest_pixel_comes_first():
    heat = np.array([[0.1, -3.0], [7.0, 0.2]])
    assert order(heat, 0).tolist() == [[2, 3], [0, 1]]


def test_pixels_of_the_same_heat_come_in_a_random_order_that_a_seed_repeats():
    heat = np.zeros((8, 8))
    heat[2, 3] = 1
    first, again, other = order(heat, 0), order(heat, 0), order(heat, 1)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert first[2, 3] == other[2, 3] == 0
    assert sorted(first.ravel()) == list(range(64))
    rows = np.arange(64).reshape(8, 8)
    assert abs(np.corrcoef(first.ravel(), rows.ravel())[0, 1]) < 0.4


def test_a_moved_map_keeps_its_pixels():
    ranks = order(np.random.default_rng(0).normal(size=(12, 10)), 0)
    found = moved(ranks)
    assert found.shape == (16, 12, 10)
    assert all(sorted(each.ravel()) == list(range(120)) for each in found)
    assert len({each.tobytes() for each in (ranks, *found)}) == 17


def test_the_places_are_spread_evenly():
    shifts = [(rows, columns) for rows, columns, *_ in QUARTER_SHIFTS]
    assert {*shifts} == {(rows, columns) for rows in range(4) for columns in range(4)} - {(0, 0)}
    turns = [(upside, mirrored) for *_, upside, mirrored in QUARTER_SHIFTS]
    assert {turn: turns.count(turn) for turn in turns} == dict.fromkeys(
        [(False, False), (True, False), (False, True), (True, True)], 4
    )


@pytest.mark.parametrize("place", [(0, 0), (5, 30), (23, 16), (12, 20)], ids=str)
def test_wherever_a_map_is_it_is_moved_by_whole_quarters(blob, place):
    size = (24, 40)
    for ranks, (rows, columns, *_) in zip(moved(order(blob(*place, size), 0)), QUARTER_SHIFTS, strict=True):
        peak = np.argwhere(ranks == 0)[0]
        expected = place[0] + 6 * rows, place[1] + 10 * columns
        for at, wanted, side in zip(peak, expected, size, strict=True):
            assert min((at - wanted) % side, (wanted - at) % side) <= 1  # of pixels


def test_a_shape_is_mirrored_in_its_place():
    heat = np.zeros((16, 16))
    heat[4:8, 4:6], heat[7, 4:8] = 1, 1  # an L
    shapes = {
        np.roll(each < heat.sum(), (-4 * row, -4 * column), (0, 1)).tobytes()
        for each, (row, column, *_) in zip(moved(order(heat, 0)), QUARTER_SHIFTS, strict=True)
    }
    assert len(shapes) == 4


def test_random_orders_are_drawn_from_the_seed():
    first, again, other = (scattered((6, 5), 3, seed) for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert all(sorted(each.ravel()) == list(range(30)) for each in first)


def test_a_centre_blob_grows_from_the_middle():
    assert centred((3, 3)).tolist() == [[5, 1, 6], [2, 0, 3], [7, 4, 8]]
    wide = centred((10, 20)) < 50  # a quarter of the pixels: as much of the height as of the width
    assert wide.any(1).sum() / 10 == pytest.approx(wide.any(0).sum() / 20, abs=0.1)
