"""The plane of an audit's maps, the spread of a measure, and small maps as pictures."""

import io

import numpy as np
import plotly.graph_objects as go
import pytest
from PIL import Image

from explainers.figures.audit import GROUP_COLOURS, MAX_DRAWN, drawn_of, plane, spread
from explainers.figures.audit_pictures import map_picture, overlay_file
from explainers.figures.colours import GREY, rgb
from explainers.images.encoding import encode

LINE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0))


def checked(figure):
    """The figure after Plotly has checked it."""
    return go.Figure([dict(trace) for trace in figure._data], figure._layout)


def places(count):
    return np.stack([np.arange(count, dtype=float), np.arange(count, dtype=float) ** 2], 1)


def test_every_point_is_in_its_group_and_those_not_looked_at_are_pale():
    groups = {"a <b>": np.array([0, 2]), "others": np.array([1, 3])}
    figure = checked(plane(places(4), groups, np.array([True, False, False, True])))
    first, second = figure.data
    assert (first.name, list(first.x), list(first.y)) == ("a &lt;b&gt;", [0, 2], [0, 4])
    assert list(first.marker.opacity) == [0.85, 0.15]
    assert list(second.marker.opacity) == [0.15, 0.85]
    assert first.marker.color != second.marker.color
    assert first.marker.symbol != second.marker.symbol
    assert figure.layout.showlegend
    assert not figure.layout.shapes


def test_what_has_no_colour_of_its_own_is_grey_and_below_all_others():
    count = len(GROUP_COLOURS) + 1
    groups = {str(number): np.array([number]) for number in range(count)}
    figure = checked(plane(places(count), groups, np.ones(count, bool), others=str(count - 1)))
    assert [trace.marker.color for trace in figure.data] == [GREY, *GROUP_COLOURS]
    assert max(figure.data, key=lambda trace: trace.legendrank) is figure.data[0]
    assert figure.layout.showlegend


def test_values_colour_the_points_and_the_line_stays():
    figure = checked(plane(places(3), {"Gap": np.arange(3)}, np.ones(3, bool), LINE, np.array([1.0, np.nan, 3.0])))
    assert figure.data[0].marker.color[2] == 3
    assert not figure.layout.showlegend
    assert figure.layout.shapes[0].path == "M 0,0 L 1,0 L 1,1 Z"


def test_of_many_points_some_are_drawn_from_all_over():
    count = 3 * MAX_DRAWN
    drawn = drawn_of(count)
    assert len({*drawn}) == MAX_DRAWN
    assert (drawn[0], drawn[-1]) == (0, count - 1)
    assert drawn_of(0).tolist() == []
    figure = plane(places(count), {"all": np.arange(count)}, np.ones(count, bool))
    assert len(figure.data[0]["x"]) == MAX_DRAWN


def test_the_spread_counts_every_value_that_there_is():
    values = np.array([0.0, 0.1, 0.1, 1.0, np.nan])
    figure = checked(spread(values, 0.5, 1.0))
    (bars,) = figure.data
    assert sum(bars.y) == 4
    assert len({*bars.marker.color}) == 2
    assert bars.marker.color[-1] != bars.marker.color[0]
    assert len({*checked(spread(values)).data[0].marker.color}) == 1


@pytest.fixture
def heat():
    """A map whose only strong cell is below, to the left."""
    heat = np.zeros((32, 32), np.float16)
    heat[24:, :8] = 1
    return heat


def test_a_small_map_is_drawn_in_its_colours(heat):
    pixels = np.asarray(map_picture(heat, 64))
    assert pixels.shape == (64, 64, 3)
    assert pixels[60, 4].tolist() == rgb("inferno", 256)[-1].tolist()
    assert pixels[4, 60].tolist() == rgb("inferno", 256)[0].tolist()


def test_a_map_lies_over_its_thumbnail_and_leaves_the_rest_as_it_was(heat):
    thumbnail = encode(Image.new("RGB", (100, 50), (0, 200, 0)), "jpeg")
    picture = Image.open(io.BytesIO(overlay_file(thumbnail, heat)))
    assert picture.size == (100, 50)
    assert picture.getpixel((95, 4))[1] > 180
    assert picture.getpixel((4, 46))[0] > 200
    plain = Image.open(io.BytesIO(overlay_file(thumbnail, None)))
    assert np.ptp(np.asarray(plain), axis=(0, 1)).max() < 10


@pytest.mark.parametrize("data", [None, b"", b"no picture", encode(Image.new("RGB", (40, 40)), "jpeg")[:200]])
def test_a_thumbnail_that_is_missing_or_damaged_is_grey(heat, data):
    picture = Image.open(io.BytesIO(overlay_file(data, heat)))
    assert picture.getpixel((picture.width - 3, 3)) == pytest.approx((128,) * 3, abs=3)


def test_a_map_of_zeros_is_drawn_as_nothing():
    pixels = np.asarray(map_picture(np.zeros((32, 32)), 32))
    assert np.ptp(pixels, axis=(0, 1)).max() == 0
