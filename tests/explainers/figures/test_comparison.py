"""Many maps in one figure: their places and their colours."""

from itertools import pairwise

import numpy as np
import pytest

from explainers.figures import Tile, Tints, comparison


@pytest.fixture
def tiles(explained):
    """A map, none, one with signs, and one of another classifier that sees a part of the photo."""
    return [
        Tile("1. a", "line", explained(np.full((8, 8), 2.0))),
        Tile("2. b", "It can't be done."),
        Tile("3. c", "line", explained(np.full((8, 8), -5.0), signed=True)),
        Tile("4. d", "line", explained(np.full((4, 4), 1.0), (2.0, 2.0, 6.0, 6.0))),
    ]


def ranges(figure):
    return [(trace.zmin, trace.zmax) for trace in figure.data]


def test_each_map_has_its_own_colours_and_bar(tiles):
    figure = comparison(tiles, 2, Tints())
    assert ranges(figure) == [(0, 2), (-5, 5), (0, 1)]
    assert [trace.showscale for trace in figure.data] == [True] * 3
    assert [trace.colorbar.title.text for trace in figure.data] == ["score"] * 3


def test_on_one_scale_all_have_the_same_colours_and_one_bar(tiles):
    figure = comparison(tiles, 2, Tints(shared=True))
    assert ranges(figure) == [(-5, 5)] * 3
    assert [trace.showscale for trace in figure.data] == [True, False, False]
    assert len({trace.colorscale for trace in figure.data}) == 1


def test_a_map_of_nothing_does_not_stretch_the_scale(explained):
    maps = explained(np.zeros((8, 8))), explained(np.full((8, 8), 0.01))
    figure = comparison([Tile("", "", each) for each in maps], 2, Tints(shared=True))
    assert ranges(figure) == [(0, pytest.approx(0.01))] * 2


def test_maps_of_several_units_share_no_name_for_them(explained):
    maps = explained(np.ones((8, 8))), explained(np.ones((8, 8)), unit="other")
    figure = comparison([Tile("", "", each) for each in maps], 2, Tints(shared=True))
    assert figure.data[0].colorbar.title.text == "each in its own unit"


def test_all_lie_in_the_photos_pixels_under_one_zoom(tiles):
    figure = comparison(tiles, 2, Tints())
    whole, part = figure.data[0], figure.data[2]
    assert (whole.x0, whole.dx, part.x0, part.dx) == (0.5, 1, 2.5, 1)
    layout = figure.layout
    for number in ("", 2, 3):
        assert layout[f"xaxis{number}"].range == (0, 8)
        assert layout[f"yaxis{number}"].range == (8, 0)
    assert [layout[f"{side}axis{number}"].matches for side in "xy" for number in (2, 3)] == ["x", "x", "y", "y"]


def test_a_tile_without_a_map_says_why_in_its_place(tiles):
    figure = comparison(tiles, 2, Tints())
    (frame,) = figure.layout.shapes
    (note,) = [note for note in figure.layout.annotations if note.text == "It can't be done."]
    assert note.x == pytest.approx((frame.x0 + frame.x1) / 2)
    assert note.y == pytest.approx((frame.y0 + frame.y1) / 2)


def test_nothing_at_all_is_a_figure_of_reasons():
    figure = comparison([Tile("1. a", "no"), Tile("2. b", "neither")], 2, Tints())
    assert len(figure.layout.shapes) == 2
    assert not figure.data


@pytest.mark.parametrize("columns", range(1, 6))
def test_tiles_are_square_and_do_not_overlap(explained, columns):
    figure = comparison([Tile("", "", explained(np.ones((8, 8)))) for _ in range(columns + 1)], columns, Tints())
    layout = figure.layout
    high = layout.height - layout.margin.b
    sides = []
    for number in ["", *range(2, columns + 2)]:
        (left, right), (bottom, top) = layout[f"xaxis{number}"].domain, layout[f"yaxis{number}"].domain
        assert (right - left) * layout.width == pytest.approx((top - bottom) * high)
        sides.append((left, right, bottom, top))
    assert all(one[1] < other[0] for one, other in pairwise(sides[:columns]))
    assert sides[0][2] > sides[columns][3]


def test_labels_are_plain_text(explained):
    figure = comparison([Tile("1. <b>a</b>", "a & b", explained(np.ones((8, 8))))], 1, Tints())
    assert [note.text for note in figure.layout.annotations] == ["<b>1. &lt;b&gt;a&lt;/b&gt;</b>", "a &amp; b"]
