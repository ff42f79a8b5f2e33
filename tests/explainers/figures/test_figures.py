"""Figures show the numbers of an explanation, and nothing else."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explainers import Explanation, IntegratedGradients, Prediction, Target, Trace
from explainers.figures import COLOURS, OVERLAYS, Look, answer, convergence, panels, path, saturation, tile
from explainers.figures.colours import scale, whole
from explainers.figures.parts import borders
from explainers.paths.trace import Level

SIZE = (6, 8)  # unlike sides, so that a swapped axis shows

every_colour = pytest.mark.parametrize("colours", COLOURS)


def explanation(values, *, picture=None, size=SIZE, **more) -> Explanation:
    """One of a grey picture, with these values."""
    picture = np.full((3, *size), 0.5, np.float32) if picture is None else picture
    facts = {"unit": "change per unit", "method": "A method"}
    values = np.asarray(values, np.float32)
    return Explanation(picture, (0, 0, size[1], size[0]), values, Target(0), 1.0, facts, **more)


def ramp() -> np.ndarray:
    """One channel of values from -24 to 23."""
    return np.arange(-24.0, 24.0).reshape(1, *SIZE)


def shown(trace) -> Image.Image:
    """The picture in an image trace."""
    return Image.open(BytesIO(base64.b64decode(trace.source.partition(",")[2])))


def alphas(trace) -> list[float]:
    """How opaque a heatmap is, from its lowest to its highest value."""
    return [float(colour.strip("rgba()").split(",")[3]) for _, colour in trace.colorscale]


def test_there_are_two_pictures_the_map_and_the_overlay():
    figure = panels(explanation(ramp()), Look())
    assert [trace.type for trace in figure.data] == ["image", "image", "heatmap", "image", "heatmap"]
    assert [trace.xaxis for trace in figure.data] == ["x", "x2", "x3", "x4", "x4"]


def test_map_and_overlay_hold_the_heat_itself():
    given = explanation(np.random.default_rng(0).normal(size=(3, *SIZE)))
    figure = panels(given, Look())
    assert np.array_equal(figure.data[2].z, given.heat)
    assert np.array_equal(figure.data[4].z, given.heat)


def test_a_signed_map_is_symmetric_about_zero():
    trace = panels(explanation(ramp() + 10, reduction="signed sum"), Look(clip=100)).data[2]
    assert (trace.zmin, trace.zmax) == (-33, 33)


@pytest.mark.parametrize("more", [{}, {"reduction": "largest"}, {"reduction": "signed sum", "rectified": True}])
def test_a_map_without_signs_starts_at_zero(more):
    trace = panels(explanation(np.abs(ramp()), **more), Look(clip=100)).data[2]
    assert (trace.zmin, trace.zmax) == (0, 24)


def test_the_strongest_colour_lies_at_the_percentile():
    values = np.arange(1.0, 101.0).reshape(1, 10, 10)
    trace = panels(explanation(values, size=(10, 10)), Look(clip=90)).data[2]
    assert trace.zmax == pytest.approx(90.1)  # between the 90th of 100 values and the next
    assert trace.z.max() == 100  # clipped in colour only


def test_a_map_that_is_almost_all_zero_keeps_its_few_pixels():
    values = np.zeros((1, *SIZE))
    values[0, 0, 0] = 7
    assert panels(explanation(values), Look(clip=90)).data[2].zmax == 7


@pytest.mark.parametrize("reduction", ["sum of magnitudes", "signed sum"])
def test_a_map_of_zeros_is_drawn(reduction):
    trace = panels(explanation(np.zeros((3, *SIZE)), reduction=reduction), Look()).data[2]
    assert trace.zmin < trace.zmax
    assert not trace.z.any()


def test_a_coarse_grid_as_computed_covers_the_picture_exactly():
    given = explanation(np.arange(8.0).reshape(1, 2, 4))
    for trace in (panels(given, Look(grid="as computed")).data[i] for i in (2, 4)):
        assert np.array_equal(trace.z, given.values[0])
        assert [trace.x0 - trace.dx / 2, trace.x0 + 3.5 * trace.dx] == [-0.5, 7.5]
        assert [trace.y0 - trace.dy / 2, trace.y0 + 1.5 * trace.dy] == [-0.5, 5.5]


def test_a_coarse_grid_scaled_up_has_a_value_per_pixel():
    given = explanation(np.arange(8.0).reshape(1, 2, 4))
    trace = panels(given, Look(grid="bilinear")).data[2]
    assert np.array_equal(trace.z, given.heat)
    assert (trace.z.shape, trace.x0, trace.dx, trace.y0, trace.dy) == (SIZE, 0, 1, 0, 1)


@every_colour
def test_the_overlay_is_transparent_at_zero_and_opaque_at_the_ends(colours):
    unsigned = alphas(panels(explanation(ramp()), Look(colours)).data[4])
    signed = alphas(panels(explanation(ramp(), reduction="signed sum"), Look(colours)).data[4])
    assert (unsigned[0], unsigned[-1]) == (0, 1)
    assert (signed[0], signed[len(signed) // 2], signed[-1]) == (1, 0, 1)


@every_colour
def test_the_map_itself_is_opaque(colours):
    assert all(colour.startswith("rgb(") for _, colour in panels(explanation(ramp()), Look(colours)).data[2].colorscale)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_opacity_slider_stands_where_the_overlay_is(overlay):
    figure = panels(explanation(ramp()), Look(overlay=overlay))
    slider = figure.layout.sliders[0]
    change, traces = slider.steps[slider.active].args
    assert list(traces) == [4]
    assert change["opacity"] == pytest.approx(figure.data[4].opacity)


def test_the_picture_over_the_map_shows_at_four_tenths():
    trace = panels(explanation(ramp()), Look(overlay="picture on map")).data[4]
    assert trace.opacity == 0.6
    assert all(colour.startswith("rgb(") for _, colour in trace.colorscale)


def test_a_small_picture_is_shown_pixel_by_pixel():
    levels = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    figure = panels(explanation(ramp(), picture=levels.transpose(2, 0, 1).astype(np.float32) / 255), Look())
    for trace in (figure.data[0], figure.data[3]):
        assert np.array_equal(np.asarray(shown(trace)), levels)


def test_a_large_picture_is_shown_as_a_jpeg():
    figure = panels(explanation(np.zeros((1, 200, 200)), size=(200, 200)), Look())
    assert shown(figure.data[0]).format == "JPEG"
    assert shown(figure.data[0]).size == (200, 200)


def test_a_picture_of_one_channel_is_shown_in_grey():
    picture = np.linspace(0, 1, 48, dtype=np.float32).reshape(1, *SIZE)
    pixels = np.asarray(shown(panels(explanation(ramp(), picture=picture), Look()).data[0]))
    assert pixels.shape == (*SIZE, 3)
    assert np.array_equal(pixels[..., 0], (picture[0] * 255).round())
    assert (pixels == pixels[..., :1]).all()


def test_values_beyond_black_and_white_do_not_wrap_around():
    picture = np.full((3, *SIZE), 1.5, np.float32)
    picture[:, 0] = -0.5
    pixels = np.asarray(shown(panels(explanation(ramp(), picture=picture), Look()).data[0]))
    assert (pixels[0] == 0).all()
    assert (pixels[1:] == 255).all()


def test_a_baseline_is_shown_beside_the_picture():
    baselines = np.zeros((2, 3, *SIZE), np.float32)
    baselines[0, 0] = 1
    figure = panels(explanation(ramp(), baselines=baselines), Look())
    assert figure.layout.annotations[1].text == "Baseline"
    assert shown(figure.data[1]).getpixel((0, 0)) == (255, 0, 0)


def test_without_a_baseline_the_picture_is_seen_through_the_map():
    values = np.zeros((1, *SIZE))
    values[0, 0, :4] = [10, 5, -10, 99]
    pixels = shown(panels(explanation(values, reduction="signed sum"), Look(clip=98)).data[1])
    peak = np.percentile(np.abs(values), 98)
    expected = [round(127.5 * min(1, abs(value) / peak)) for value in (10, 5, -10, 99, 0)]
    assert [pixels.getpixel((x, 0))[0] for x in range(5)] == pytest.approx(expected, abs=1)
    assert 10 < peak < 99


def test_the_panels_share_one_zoom():
    layout = panels(explanation(ramp()), Look()).layout
    assert [layout[f"xaxis{n}"].matches for n in (2, 3, 4)] == ["x"] * 3
    assert [layout[f"yaxis{n}"].matches for n in (2, 3, 4)] == ["y"] * 3
    assert all(layout[f"xaxis{n}"].range == (-0.5, 7.5) for n in ("", 2, 3, 4))
    assert all(layout[f"yaxis{n}"].range == (5.5, -0.5) for n in ("", 2, 3, 4))  # row 0 on top


LIKELY = [Prediction(7, "cat", 0.625, 3.5), Prediction(3, "dog", 0.25, 2.5), Prediction(9, "cow", 0.125, 1.5)]


def test_the_likeliest_class_is_on_top():
    figure = answer(LIKELY, 7, "#000000")
    track, bars, words = figure.data
    assert track.y == bars.y == words.y == ("cow", "dog", "cat")  # drawn upwards
    assert bars.x == (0.125, 0.25, 0.625)
    assert words.text == ("cow  12.5%", "dog  25.0%", "cat  62.5%")


def test_only_the_chosen_class_is_in_colour():
    for chosen, row in ((9, 0), (3, 1), (7, 2)):
        colours = answer(LIKELY, chosen, "#000000").data[1].marker.color
        assert [colours.count(colour) == 1 for colour in colours] == [place == row for place in range(3)]
    assert len(set(answer(LIKELY, 0, "#000000").data[1].marker.color)) == 1


def test_every_row_can_be_clicked_on_its_whole_length():
    figure = answer(LIKELY, 7, "#000000")
    assert figure.data[0].x == (1, 1, 1)
    assert tuple(figure.layout.xaxis.range) == (0, 1)
    assert figure.data[0].hoverinfo == "none"  # "skip" would not hear clicks


def test_words_have_the_colour_of_the_page():
    assert answer(LIKELY, 7, "#fafafa").data[2].textfont.color == "#fafafa"


def traced(scale="logit", **more) -> Explanation:
    """An explanation with a path of three points: probabilities 0.1, 0.4, 0.5 and logits 10 times that."""
    chances = np.array([0.1, 0.4, 0.5])
    trace = Trace(
        alphas=np.array([0, 0.5, 1]),
        logits=10 * chances,
        probabilities=chances,
        slopes=np.array([6.0, 4.0, 2.0]),
        cumulative=np.array([0.0, 2.0, 3.5]),
        gradient_mean=np.array([-1.0, 0.0, 1.0]),
        gradient_size=np.array([2.0, 2.0, 3.0]),
    )
    start = {"logit": 1.0, "probability": 0.1}[scale]
    given = {"trace": trace, "baseline_score": start} | more
    return Explanation(np.zeros((3, *SIZE)), (0, 0, 8, 6), ramp(), Target(0, scale=scale), 1.0, {}, **given)


@pytest.mark.parametrize(("scale", "scores"), [("logit", (1, 4, 5)), ("probability", (0.1, 0.4, 0.5))])
def test_the_scores_along_the_path_are_of_the_explained_scale(scale, scores):
    (title, figure), *_ = saturation(traced(scale)).items()
    assert scale in title
    assert tuple(figure.data[0].x) == (0, 0.5, 1)
    assert tuple(figure.data[0].y) == scores


def test_the_integral_of_the_slope_starts_at_the_baselines_score():
    figure = next(iter(saturation(traced()).values()))
    assert tuple(figure.data[1].y) == (1, 3, 4.5)


def test_slope_and_gradient_have_curves_of_their_own():
    _, slope, gradient = saturation(traced()).values()
    assert tuple(slope.data[0].y) == (6, 4, 2)
    assert [tuple(line.y) for line in gradient.data] == [(-1, 0, 1), (2, 2, 3)]


@pytest.mark.parametrize("more", [{"trace": None}, {"baseline_score": None}])
def test_without_a_path_there_are_no_curves(more):
    assert saturation(traced(**more)) == {}


def test_a_map_as_whole_numbers_keeps_its_order_and_its_sign():
    heat = np.array([-3.0, -0.5, 0.0, 0.25, 1.0, 9.0])
    found = whole(heat, 1.0)
    assert found.dtype == np.int8
    assert found.tolist() == [-127, -64, 0, 32, 127, 127]


@pytest.mark.parametrize(("signed", "texts"), [(False, ["0", "0.1", "0.2"]), (True, ["-0.2", "0", "0.2"])])
def test_the_bar_of_whole_numbers_tells_true_ones(signed, texts):
    axis = scale("viridis", 0.2, signed=signed)
    assert axis["colorbar"]["ticktext"] == texts
    assert (axis["cmin"], axis["cmax"]) == (-127 if signed else 0, 127)
    assert axis["colorbar"]["tickvals"] == [axis["cmin"], (axis["cmin"] + 127) / 2, 127]


def test_nothing_was_kept_of_most_paths():
    with pytest.raises(ValueError, match="keep"):
        path(explanation(ramp()), Look())


def test_the_journey_of_a_probability_has_its_ticks_in_per_cent(conv, noise):
    found = IntegratedGradients(steps=8, keep=5)(conv, noise((29, 24)), Target(0, scale="probability"))
    layout = path(found, Look()).layout
    assert (layout.yaxis4.tickformat, layout.yaxis7.tickformat) == (".0%", "")
    assert [step.label for step in layout.sliders[0].steps] == ["0.00", "0.19", "0.44", "0.69", "1.00"]


def test_a_gap_that_is_not_judged_is_left_out_of_the_curves():
    levels = [Level(9, None, 0.5), Level(17, 0.25, None)]
    change, gap = convergence({"left": levels}, {"left": (8, 16)}).data
    assert (change.name, change.y) == ("left: change", (None, 25))
    assert (gap.name, gap.y) == ("left: gap", (50, None))


@pytest.mark.parametrize("signed", [False, True])
def test_tiles_share_the_scale_they_are_given(signed):
    (trace,) = tile(ramp()[0], "viridis", 7.0, signed=signed).data
    assert (trace.zmin, trace.zmax) == (-7.0 if signed else 0.0, 7.0)
    assert np.array_equal(trace.z, ramp()[0])


def test_borders_run_between_superpixels():
    segments = np.array([[0, 0, 1], [0, 2, 1]])
    line = borders(segments, 3)
    assert (line.xaxis, line.yaxis) == ("x4", "y4")
    points = np.stack([line.x, line.y], 1).reshape(-1, 3, 2)
    assert np.isnan(points[:, 2]).all()
    drawn = {tuple(map(tuple, piece[:2])) for piece in points.tolist()}
    assert drawn == {
        ((0.5, 0.5), (1.5, 0.5)),  # above 2
        ((1.5, -0.5), (1.5, 0.5)),  # between 0 and 1
        ((0.5, 0.5), (0.5, 1.5)),  # left of 2
        ((1.5, 0.5), (1.5, 1.5)),  # right of it
    }


def test_borders_are_drawn_on_request_where_there_are_superpixels():
    segments = np.arange(48).reshape(SIZE)
    assert len(panels(explanation(ramp(), segments=segments), Look()).data) == 5
    assert len(panels(explanation(ramp()), Look(borders=True)).data) == 5
    drawn = panels(explanation(ramp(), segments=segments), Look(borders=True)).data[5:]
    assert [trace.xaxis for trace in drawn] == ["x", "x4"]
