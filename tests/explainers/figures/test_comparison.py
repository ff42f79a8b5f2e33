"""The maps of a comparison: their places in the photo, and their colours."""

import numpy as np
import plotly.graph_objects as go
import pytest

from explainers.figures import Tints, common_view, gradient, map_in_photo, spans


@pytest.fixture
def maps(explained):
    """A map, one with signs, and one of another classifier that sees a part of the photo."""
    return [
        explained(np.full((8, 8), 2.0)),
        explained(np.full((8, 8), -5.0), signed=True),
        explained(np.full((4, 4), 1.0), (2.0, 2.0, 6.0, 6.0)),
    ]


def test_each_map_has_its_own_colours(maps):
    limits = spans(maps, Tints())
    assert limits == [(0, 2), (-5, 5), (0, 1)]
    assert [Tints("viridis", "jet").colours(span) for span in limits] == ["viridis", "jet", "viridis"]


def test_on_one_scale_all_have_the_same_colours(maps):
    limits = spans(maps, Tints(shared=True))
    assert limits == [(-5, 5)] * 3
    assert {Tints("viridis", "jet", shared=True).colours(span) for span in limits} == {"jet"}


def test_a_map_of_nothing_does_not_stretch_the_scale(explained):
    maps = [explained(np.zeros((8, 8))), explained(np.full((8, 8), 0.01))]
    assert spans(maps, Tints(shared=True)) == [(0, pytest.approx(0.01))] * 2


def test_all_lie_in_the_photos_pixels_and_show_the_same_part_of_it(maps):
    view = common_view(maps)
    assert view == (0, 0, 8, 8)
    assert common_view(maps[2:]) == (2, 2, 6, 6)
    figures = [go.Figure(map_in_photo(each, view, (-5, 5), "jet").to_dict()) for each in maps]  # as Plotly checks it
    whole, part = figures[0].data[0], figures[2].data[0]
    assert (whole.x0, whole.dx, part.x0, part.dx) == (0.5, 1, 2.5, 1)
    assert (whole.zmin, whole.zmax) == (-5, 5)
    for figure in figures:
        assert (figure.layout.xaxis.range, figure.layout.yaxis.range) == ((0, 8), (8, 0))
    (underlay,) = figures[2].layout.images
    assert (underlay.x, underlay.y, underlay.sizex, underlay.sizey) == (2, 2, 4, 4)


def test_a_bar_goes_through_the_colours_of_the_scale():
    css = gradient("0 white, 1 black")
    assert css.startswith("linear-gradient(to right, rgb(255, 255, 255), ")
    assert css.endswith(", rgb(0, 0, 0))")
