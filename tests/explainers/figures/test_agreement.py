"""How far maps agree: as numbers, as a difference, and on the same spot."""

import numpy as np

from explainers.figures import Tile, Tints, blink, difference, matrix


def test_a_matrix_names_its_tiles_by_their_numbers():
    heat = matrix(np.array([[1.0, np.nan], [-0.5, 1.0]]), {1: "1. a", 3: "3. c"}).data[0]
    assert list(heat.x) == list(heat.y) == ["1", "3"]
    assert [list(row) for row in heat.text] == [["1.00", "–"], ["-.50", "1.00"]]


def test_the_difference_of_alike_maps_is_in_their_unit(explained):
    one, other = (explained(np.full((8, 8), value)) for value in (5.0, 3.0))
    figure = difference(Tile("a", "", one), Tile("b", "", other), (one.heat, other.heat), Tints())
    assert (figure.data[2].z == 2).all()
    assert figure.data[2].colorbar.title.text == "score"
    assert (figure.data[2].zmin, figure.data[2].zmax) == (-2, 2)


def test_the_difference_of_other_units_is_one_of_shares(explained):
    one, other = explained(np.full((8, 8), 5.0)), explained(np.full((8, 8), 0.5), unit="other")
    figure = difference(Tile("a", "", one), Tile("b", "", other), (one.heat, other.heat), Tints())
    assert (figure.data[2].z == 0).all()
    assert "share" in figure.data[2].colorbar.title.text


def test_a_blink_swaps_two_maps_on_the_same_spot(explained):
    one, other = explained(np.ones((8, 8))), explained(np.full((8, 8), 2.0))
    figure = blink(Tile("1. a", "", one), Tile("2. b", "", other), Tints(shared=True))
    assert [trace.visible for trace in figure.data] == [True, False]
    assert [(trace.zmin, trace.zmax) for trace in figure.data] == [(0, 2)] * 2
    first, second = (button.args for button in figure.layout.updatemenus[0].buttons if button.method == "update")
    assert [list(args[0]["visible"]) for args in (first, second)] == [[True, False], [False, True]]
    assert [args[1]["annotations[0].text"] for args in (first, second)] == ["<b>1. a</b>", "<b>2. b</b>"]
