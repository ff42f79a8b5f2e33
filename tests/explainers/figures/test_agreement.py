"""How far maps agree: as numbers, and as a difference."""

import numpy as np
import pytest

from explainers.figures import Tile, Tints, difference, matrix


def test_a_matrix_names_its_maps():
    figure = matrix(np.array([[1.0, np.nan], [-0.5, 1.0]]), ["a", "a really <long> title of one map"])
    (heat,) = figure.data
    assert list(heat.x) == list(heat.y) == ["1", "2"]
    assert list(figure.layout.yaxis.ticktext) == ["1. a", "2. a really &lt;long&gt; title of…"]
    assert [list(row) for row in heat.text] == [["1.00", "–"], ["-0.50", "1.00"]]


def test_titles_that_have_no_room_keep_the_parts_in_which_they_differ():
    titles = [
        f"Integrated Gradients · {label}" for label in ("boxer", "bull mastiff", "boxer compared with bull mastiff")
    ]
    names = matrix(np.eye(3), titles).layout.yaxis.ticktext
    assert list(names) == [
        "1. Integrated Gradi… · boxer",
        "2. Integrate… · bull mastiff",
        "3. Integrat… · boxer compar…",
    ]


def test_the_difference_of_alike_maps_is_in_their_unit(explained):
    one, other = (explained(np.full((8, 8), value)) for value in (5.0, 3.0))
    *_, tile = difference(Tile("a", "", one), Tile("b", "", other), (one.heat, other.heat), Tints())
    assert (tile.explanation.heat == 2).all()
    assert (tile.explanation.signed, tile.explanation.facts.unit.text) == (True, "score")
    assert (tile.title, tile.line) == ("First minus second", "on average 2.00 apart")


def test_the_difference_of_other_units_is_one_of_shares(explained):
    one, other = explained(np.full((8, 8), 5.0)), explained(np.full((8, 8), 0.25), unit="other")
    *_, tile = difference(Tile("a", "", one), Tile("b", "", other), (one.heat, 0.5 * other.heat), Tints())
    assert (tile.explanation.heat == 0).all()
    assert tile.explanation.facts.unit.text == "share of each map's strongest colour"
    assert tile.line == "on average 0.0% of the strongest colour apart"


def test_a_difference_needs_two_maps(explained):
    one = explained(np.ones((8, 8)))
    with pytest.raises(ValueError, match="both must have a map"):
        difference(Tile("a", "", one), Tile("b", "no"), (one.heat, one.heat), Tints())
