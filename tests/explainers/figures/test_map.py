"""The four panels show the numbers of an explanation, and nothing else."""

import base64
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explainers.figures import COLOURS, HEIGHT, OVERLAYS, Look, panels

SIZE = (6, 8)  # of `explanation` and `ramp`

every_colour = pytest.mark.parametrize("colours", COLOURS)


def shown(trace) -> Image.Image:
    """The picture in an image trace."""
    return Image.open(BytesIO(base64.b64decode(trace.source.partition(",")[2])))


def alphas(trace) -> list[float]:
    """How opaque a heatmap is, from its lowest to its highest value."""
    return [float(colour.strip("rgba()").split(",")[3]) for _, colour in trace.colorscale]


def test_there_are_two_pictures_the_map_and_the_overlay(explanation, ramp):
    figure = panels(explanation(ramp), Look())
    assert [trace.type for trace in figure.data] == ["image", "image", "heatmap", "image", "heatmap"]
    assert [trace.xaxis for trace in figure.data] == ["x", "x2", "x3", "x4", "x4"]


def test_map_and_overlay_hold_the_heat_itself(explanation):
    given = explanation(np.random.default_rng(0).normal(size=(3, *SIZE)))
    figure = panels(given, Look())
    assert np.array_equal(figure.data[2].z, given.heat)
    assert np.array_equal(figure.data[4].z, given.heat)


def test_a_signed_map_is_symmetric_about_zero(explanation, ramp):
    trace = panels(explanation(ramp + 10, reduction="signed sum"), Look(clip=100)).data[2]
    assert (trace.zmin, trace.zmax) == (-33, 33)


@pytest.mark.parametrize("more", [{}, {"reduction": "largest"}, {"reduction": "signed sum", "rectified": True}])
def test_a_map_without_signs_starts_at_zero(explanation, ramp, more):
    trace = panels(explanation(np.abs(ramp), **more), Look(clip=100)).data[2]
    assert (trace.zmin, trace.zmax) == (0, 24)


def test_the_strongest_colour_lies_at_the_percentile(explanation):
    values = np.arange(1.0, 101.0).reshape(1, 10, 10)
    trace = panels(explanation(values, size=(10, 10)), Look(clip=90)).data[2]
    assert trace.zmax == pytest.approx(90.1)  # between the 90th of 100 values and the next
    assert trace.z.max() == 100  # clipped in colour only


def test_a_map_that_is_almost_all_zero_keeps_its_few_pixels(explanation):
    values = np.zeros((1, *SIZE))
    values[0, 0, 0] = 7
    assert panels(explanation(values), Look(clip=90)).data[2].zmax == 7


@pytest.mark.parametrize("reduction", ["sum of magnitudes", "signed sum"])
def test_a_map_of_zeros_is_drawn(explanation, reduction):
    trace = panels(explanation(np.zeros((3, *SIZE)), reduction=reduction), Look()).data[2]
    assert trace.zmin < trace.zmax
    assert not trace.z.any()


def test_a_coarse_grid_as_computed_covers_the_picture_exactly(explanation):
    given = explanation(np.arange(8.0).reshape(1, 2, 4))
    for trace in (panels(given, Look()).data[i] for i in (2, 4)):
        assert np.array_equal(trace.z, given.values[0])
        assert [trace.x0 - trace.dx / 2, trace.x0 + 3.5 * trace.dx] == [-0.5, 7.5]
        assert [trace.y0 - trace.dy / 2, trace.y0 + 1.5 * trace.dy] == [-0.5, 5.5]


def test_a_coarse_grid_scaled_up_has_a_value_per_pixel(explanation):
    given = explanation(np.arange(8.0).reshape(1, 2, 4))
    trace = panels(given, Look(smooth=True)).data[2]
    assert np.array_equal(trace.z, given.heat)
    assert (trace.z.shape, trace.x0, trace.dx, trace.y0, trace.dy) == (SIZE, 0, 1, 0, 1)


@every_colour
def test_the_overlay_is_transparent_at_zero_and_opaque_at_the_ends(explanation, ramp, colours):
    unsigned = alphas(panels(explanation(ramp), Look(colours)).data[4])
    signed = alphas(panels(explanation(ramp, reduction="signed sum"), Look(colours)).data[4])
    assert (unsigned[0], unsigned[-1]) == (0, 1)
    assert (signed[0], signed[len(signed) // 2], signed[-1]) == (1, 0, 1)


@every_colour
def test_the_map_itself_is_opaque(explanation, ramp, colours):
    assert all(colour.startswith("rgb(") for _, colour in panels(explanation(ramp), Look(colours)).data[2].colorscale)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_opacity_slider_stands_where_the_overlay_is(explanation, ramp, overlay):
    figure = panels(explanation(ramp), Look(overlay=overlay))
    slider = figure.layout.sliders[0]
    change, traces = slider.steps[slider.active].args
    assert list(traces) == [4]
    assert change["opacity"] == pytest.approx(figure.data[4].opacity)


def test_the_picture_over_the_map_shows_at_four_tenths(explanation, ramp):
    trace = panels(explanation(ramp), Look(overlay="picture on map")).data[4]
    assert trace.opacity == 0.6
    assert all(colour.startswith("rgb(") for _, colour in trace.colorscale)


def test_a_small_picture_is_shown_pixel_by_pixel(explanation, ramp):
    levels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    figure = panels(explanation(ramp, picture=levels.transpose(2, 0, 1).astype(np.float32) / 255), Look())
    for trace in (figure.data[0], figure.data[3]):
        assert np.array_equal(np.asarray(shown(trace)), levels)


def test_a_large_picture_is_shown_as_a_jpeg(explanation):
    figure = panels(explanation(np.zeros((1, 200, 200)), size=(200, 200)), Look())
    assert shown(figure.data[0]).format == "JPEG"
    assert shown(figure.data[0]).size == (200, 200)


def test_a_picture_of_one_channel_is_shown_in_grey(explanation, ramp):
    picture = np.linspace(0, 1, 48, dtype=np.float32).reshape(1, *SIZE)
    pixels = np.asarray(shown(panels(explanation(ramp, picture=picture), Look()).data[0]))
    assert pixels.shape == (*SIZE, 3)
    assert np.array_equal(pixels[..., 0], (picture[0] * 255).round())
    assert (pixels == pixels[..., :1]).all()


def test_values_beyond_black_and_white_do_not_wrap_around(explanation, ramp):
    picture = np.full((3, *SIZE), 1.5, np.float32)
    picture[:, 0] = -0.5
    pixels = np.asarray(shown(panels(explanation(ramp, picture=picture), Look()).data[0]))
    assert (pixels[0] == 0).all()
    assert (pixels[1:] == 255).all()


def test_a_baseline_is_shown_beside_the_picture(explanation, ramp):
    baselines = np.zeros((1, 3, *SIZE), np.float32)
    baselines[0, 0] = 1
    figure = panels(explanation(ramp, baselines=baselines), Look())
    assert figure.layout.annotations[1].text == "Baseline"
    assert shown(figure.data[1]).getpixel((0, 0)) == (255, 0, 0)


def test_without_a_baseline_the_picture_is_seen_through_the_map(explanation):
    values = np.zeros((1, *SIZE))
    values[0, 0, :4] = [10, 5, -10, 99]
    pixels = shown(panels(explanation(values, reduction="signed sum"), Look(clip=98)).data[1])
    peak = np.percentile(np.abs(values), 98)
    expected = [round(127.5 * min(1, abs(value) / peak)) for value in (10, 5, -10, 99, 0)]
    assert [pixels.getpixel((x, 0))[0] for x in range(5)] == pytest.approx(expected, abs=1)
    assert 10 < peak < 99


def test_the_panels_share_one_zoom(explanation, ramp):
    layout = panels(explanation(ramp), Look()).layout
    assert [layout[f"xaxis{n}"].matches for n in (2, 3, 4)] == ["x"] * 3
    assert [layout[f"yaxis{n}"].matches for n in (2, 3, 4)] == ["y"] * 3
    assert all(layout[f"xaxis{n}"].range == (-0.5, 7.5) for n in ("", 2, 3, 4))
    assert all(layout[f"yaxis{n}"].range == (5.5, -0.5) for n in ("", 2, 3, 4))  # row 0 on top


def test_borders_are_drawn_on_request_where_there_are_superpixels(explanation, ramp):
    segments = np.arange(48).reshape(SIZE)
    assert len(panels(explanation(ramp, segments=segments), Look()).data) == 5
    assert len(panels(explanation(ramp), Look(borders=True)).data) == 5
    drawn = panels(explanation(ramp, segments=segments), Look(borders=True)).data[5:]
    assert [trace.xaxis for trace in drawn] == ["x", "x4"]


def test_the_overlay_is_the_largest_panel_and_the_others_stand_beneath(explanation, ramp):
    layout = panels(explanation(ramp), Look()).to_dict()["layout"]
    spans = [(layout[f"xaxis{number}"]["domain"], layout[f"yaxis{number}"]["domain"]) for number in ("", 2, 3, 4)]
    *others, (across, down) = spans
    assert (*across, down[1]) == (0, 1, 1)
    for (left, right), (foot, top) in spans:
        assert (top - foot) * HEIGHT == pytest.approx(right - left)  # as high as wide
    assert all(foot == 0 and top < down[0] for _, (foot, top) in others)


ALL = Look(clip=100)


def words(figure):
    return [note.text for note in figure.layout.annotations]


def test_the_ends_of_the_bar_say_what_they_speak_for(explanation, ramp, facts):
    shares = replace(explanation(ramp, reduction="signed sum"), facts=facts(label="espresso"))
    assert {"-24.0 <b>against espresso</b>", "<b>for espresso</b> 24.0", "score"} <= {*words(panels(shares, ALL))}
    slopes = words(panels(explanation(ramp, reduction="signed sum"), ALL))  # which speak of brightness, not of a class
    assert {"-24.0", "24.0", "change per unit"} <= {*slopes}
    unsigned = words(panels(explanation(ramp), ALL))
    assert {"0", "24.0", "change per unit"} <= {*unsigned}
    assert not any("espresso" in word for word in (*slopes, *unsigned))


def test_the_other_end_of_one_logit_speaks_for_the_other_answer(explanation, ramp, facts):
    given = replace(explanation(ramp, reduction="signed sum"), facts=facts(label="not cat", opposite="cat"))
    assert {"-24.0 <b>for cat</b>", "<b>for not cat</b> 24.0"} <= {*words(panels(given, ALL))}


def test_a_long_or_strange_label_has_room_at_the_bar(explanation, ramp, facts):
    given = replace(explanation(ramp, reduction="signed sum"), facts=facts(label="a <very> long label of a class"))
    assert any("against a &lt;very&gt; long lab…</b>" in word for word in words(panels(given, Look())))


def test_a_map_of_pixels_can_be_drawn_smoothed(explanation):
    values = np.zeros((1, 75, 75))
    values[0, 37, 37] = 1
    given = explanation(values, size=(75, 75))
    plain, smooth = (panels(given, Look(clip=100, smooth=smooth)).data[2] for smooth in (False, True))
    assert (plain.z.max(), plain.zmax) == (1, 1)
    assert smooth.z.sum() == pytest.approx(1, rel=1e-3)
    assert smooth.z.max() == smooth.z[37, 37] == pytest.approx(smooth.zmax) == pytest.approx(1 / (2 * np.pi), rel=0.01)
    assert given.heat[37, 37] == 1  # what was computed stays


def test_a_map_is_drawn_by_its_nature_at_first(explanation, ramp):
    assert Look.first(explanation(ramp)) == Look("inferno", smooth=False)
    assert Look.first(explanation(ramp, reduction="signed sum")) == Look("blue to red", smooth=False)
    assert Look.first(explanation(np.ones((1, 2, 4)))) == Look("inferno", smooth=True)


def test_of_several_baselines_the_first_is_shown_and_called_that(explanation, ramp):
    figure = panels(explanation(ramp, baselines=np.zeros((5, 3, *SIZE), np.float32)), Look())
    assert figure.layout.annotations[1].text == "First of 5 baselines"
