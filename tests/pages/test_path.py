"""The Path page shows the engine's own numbers, and passes no picture for nothing."""

import base64
import re
from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explainers import ExplanationError, IntegratedGradients
from explainers.figures.colours import peak, whole
from explainers.methods.path_record import record_path
from explainers.methods.path_strip import path_strip
from explainers.numbers import percent, significant

STOPS = 17  # of automatic steps: their first points
CURVES = 2 + 2 * STOPS  # the first trace that is a curve


@pytest.fixture(scope="module")
def come(visit):
    """(**address) -> the Path page."""

    def make(**address):
        at = visit({key.replace("_", "-"): value for key, value in address.items()}, "pages/path.py")
        assert not at.exception
        assert not at.error
        return at

    return make


@pytest.fixture(scope="module")
def usual(come):
    """The Path page as it comes, for tests that only read it."""
    return come()


@pytest.fixture(scope="module")
def recorded(espresso):
    """The engine's record of the path to the first sample as an espresso."""
    return record_path(IntegratedGradients(), espresso, stops_kept=STOPS, steps=128)


def run(given):
    """The page after a run that a widget started."""
    at = given.run()
    assert not at.exception
    assert not at.error
    return at


def picture(address):
    """(C, H, W) of a picture in the page, as whole numbers."""
    return np.asarray(Image.open(BytesIO(base64.b64decode(address.partition(",")[2])))).transpose(2, 0, 1)


def levels(pixels):
    """(C, H, W) in pixel units as whole numbers."""
    return (pixels * 255).round().astype(np.uint8)


def stated(at):
    """How many passes the page says it took."""
    (said,) = (caption.value for caption in at.caption if "passes through PocketNet" in caption.value)
    return int(re.match(r"(?:At most )?([\d,]+) passes", said)[1].replace(",", ""))


def test_the_strip_goes_from_the_baseline_to_the_picture_to_the_last_bit(come, bundled, explained):
    at = come(integrated_gradients_baseline="white", integrated_gradients_steps=8)
    shown = [picture(image.proto.imgs[0].url) for image in at.main.get("image")]
    assert len(shown) == 11
    assert np.array_equal(shown[0], np.full((3, *bundled.size), 255))
    assert np.array_equal(shown[-1] / np.float32(255), explained(IntegratedGradients(steps=1)).picture)


def test_the_strip_says_the_classifiers_scores(come, espresso):
    at = come(path_pictures=5)
    expected = path_strip(IntegratedGradients(), espresso, 5)
    said = [caption.value for caption in at.main.caption if caption.value.startswith("**")]
    rows = zip(expected.alphas, expected.logits, expected.probabilities, strict=True)
    assert said == [
        f"**{alpha:.2f}**  \n{significant(logit)}  \n{percent(probability)}" for alpha, logit, probability in rows
    ]


@pytest.mark.parametrize("settings", [{}, {"steps": 8}], ids=str)
def test_it_shows_the_explanation_of_the_other_page(come, visit, figure, explained, settings):
    address = {f"integrated-gradients-{key}": value for key, value in settings.items()}
    journey = figure(come(**address), "journey")
    explain = figure(visit({"method": "integrated-gradients", **address}), "map")
    heat, found = explain["data"][2]["z"], explained(IntegratedGradients(**settings))
    assert np.array_equal(heat, found.heat)
    stops = (len(journey["data"]) - 9) // 2
    assert np.array_equal(journey["data"][1 + stops]["z"], whole(heat, peak(heat, 99.0)))
    assert journey["data"][1 + stops]["visible"]
    assert np.array_equal(picture(journey["data"][0]["source"]), levels(found.baselines[0]))
    assert np.array_equal(picture(journey["data"][1]["source"]), levels(found.picture))


def test_the_record_of_random_baselines_is_their_explanation(espresso, explained):
    method = IntegratedGradients(baseline="random", draws=2, steps=16)
    record, found = record_path(method, espresso, stops_kept=STOPS, steps=8).explanation, explained(method)
    assert np.array_equal(record.heat, found.heat)
    assert np.array_equal(record.baselines, found.baselines)
    assert np.array_equal(record.picture, found.picture)


def test_the_curves_are_the_trace_and_end_where_the_pixels_add_up(usual, figure, explained):
    found = explained(IntegratedGradients())
    score, added, other, slope, mean, size, rug = figure(usual, "journey")["data"][CURVES:]
    np.testing.assert_array_equal(rug["x"], found.trace.alphas)
    for curve, expected in (
        (score, found.trace.logits),
        (added, found.baseline_score + found.trace.cumulative),
        (other, found.trace.probabilities),
        (slope, found.trace.slopes),
        (mean, found.trace.gradient_mean),
        (size, found.trace.gradient_size),
    ):
        np.testing.assert_array_equal(curve["x"], found.trace.alphas)
        np.testing.assert_allclose(curve["y"], expected, rtol=1e-12)
    gap = abs(added["y"][-1] - found.score) / abs(found.score - found.baseline_score)
    assert gap == pytest.approx(found.gap, abs=1e-6)


def test_each_stop_shows_its_own_gradient_and_map(usual, figure, recorded):
    journey = figure(usual, "journey")
    drawn, kept = journey["data"], recorded.snapshots
    assert journey["layout"]["coloraxis"]["cmin"] == -127  # with signs
    so_far, gradients = (each.sum(1) for each in (kept.cumulative, kept.gradients))
    for stop in range(STOPS):
        assert np.array_equal(drawn[2 + stop]["z"], whole(so_far[stop], peak(so_far[-1], 99.0)))
        assert np.array_equal(drawn[2 + STOPS + stop]["z"], whole(gradients[stop], peak(gradients, 99.0)))


def test_the_slider_moves_all_to_points_that_were_passed(usual, figure, recorded):
    trace, layout = recorded.explanation.trace, figure(usual, "journey")["layout"]
    steps = layout["sliders"][0]["steps"]
    assert not layout["sliders"][0]["visible"]  # the page's own moves it: stops.js
    assert len(steps) == STOPS
    for stop, (step, alpha) in enumerate(zip(steps, recorded.snapshots.alphas, strict=True)):
        traces, moved, which = step["args"]
        assert traces["opacity"][0] == alpha
        assert [number for number, seen in zip(which, traces["visible"], strict=True) if seen] == [
            1,
            2 + stop,
            2 + STOPS + stop,
        ]
        assert {moved[f"shapes[{line}].{end}"] for line in range(3) for end in ("x0", "x1")} == {alpha}
        at = np.searchsorted(trace.alphas, alpha)
        assert f"logit {significant(trace.logits[at])}" in moved["annotations[3].text"]
        assert f"adds up to {significant(trace.cumulative[at])}" in moved["annotations[2].text"]


def test_magnitudes_are_shown_where_chosen(come, figure, explained):
    at = run(come().selectbox(key="channels-integrated-gradients").select("sum of magnitudes"))
    heat = explained(IntegratedGradients()).reduced("sum of magnitudes").heat
    drawn = figure(at, "journey")
    assert np.array_equal(drawn["data"][1 + STOPS]["z"], whole(heat, peak(heat, 99.0)))
    assert drawn["layout"]["coloraxis"]["cmin"] == 0


def test_the_page_costs_what_it_says_and_passes_nothing_twice(visit, own_jobs, passed, figure, explained):
    at = visit()
    passed.clear()
    at = run(at.switch_page("pages/path.py"))
    assert sum(passed) == stated(at)
    assert stated(at) <= 400

    passed.clear()
    before = stated(at)
    at = run(at.select_slider(key="path-steps").set_value(256))  # only the new points are passed
    assert sum(passed) == 128 == stated(at) - before
    chosen = explained(IntegratedGradients(steps=256, rule="trapezoid")).values.sum(0)
    maps = figure(at, "by-steps")["data"]
    assert len(maps) == 6 + 1
    strongest = peak(explained(IntegratedGradients()).heat, 99.0)
    assert np.abs(maps[5]["z"] - whole(chosen, strongest).astype(int)).max() <= 1

    passed.clear()
    for steps in (128, 256, 64):  # all is there
        at = run(at.select_slider(key="path-steps").set_value(steps))
    at = run(at.selectbox(key="channels-integrated-gradients").select("largest"))
    at = run(at.selectbox(key="colours-unsigned").select("viridis"))
    assert not passed

    before, toggle = stated(at), at.toggle(key="path-gauss")
    at = run(toggle.set_value(True))
    cost = int(re.search(r"(\d+) more passes", toggle.label)[1])
    assert cost == sum(passed) == stated(at) - before == 8 + 16 + 32 + 64 + 4 * 2
    curves = {curve["name"]: curve for curve in figure(at, "convergence")["data"]}
    found = explained(IntegratedGradients(steps=64, rule="gauss-legendre"))
    assert curves["gauss-legendre: gap"]["y"][-1] == pytest.approx(100 * found.gap, rel=0.01)


def test_every_level_is_the_trapezoid_rules_map_and_the_last_that_of_adaptive_points(usual, figure, explained):
    *maps, last = figure(usual, "by-steps")["data"]
    finest = explained(IntegratedGradients()).heat
    assert np.array_equal(last["z"], whole(finest, peak(finest, 99.0)))
    for steps, drawn in zip((8, 16, 32, 64, 128), maps, strict=True):
        heat = explained(IntegratedGradients(steps=steps, rule="trapezoid")).values.sum(0)
        assert np.abs(drawn["z"] - whole(heat, peak(finest, 99.0)).astype(int)).max() <= 1


def test_the_curves_of_the_rules_are_the_grids(usual, figure, explained, recorded):
    grid = recorded.grid
    curves = {curve["name"]: curve for curve in figure(usual, "convergence")["data"]}
    assert len(curves) == 10
    history = explained(IntegratedGradients()).history
    for kind, name in (("error", "expected error"), ("gap", "gap")):
        assert list(curves[f"adaptive: {name}"]["x"]) == [level.points for level in history]
        assert list(curves[f"adaptive: {name}"]["y"]) == pytest.approx([100 * getattr(each, kind) for each in history])
    for rule in ("left", "right", "midpoint", "trapezoid"):
        levels = grid.levels(rule)
        for kind in ("distance", "gap"):
            expected = [100 * getattr(level, kind) for level in levels]
            assert list(curves[f"{rule}: {kind}"]["x"]) == [level.points for level in levels]
            assert list(curves[f"{rule}: {kind}"]["y"]) == pytest.approx(expected)


def test_the_answer_names_the_points_that_are_enough(usual, explained):
    history = explained(IntegratedGradients()).history
    said = "\n".join(markdown.value for markdown in usual.main.markdown)
    assert f"{history[-1].points} adaptive points are enough" in said
    assert f"expected error is about {history[-1].error:.1%}, with a gap of {history[-1].gap:.1%}" in said
    assert re.search(r"Uniform steps come within 3.0% of it with (33|65|129) points", said)


def test_baselines_share_one_scale_and_are_the_engines_maps(come, figure, explained):
    at = come()
    method = IntegratedGradients(steps=32, rule="trapezoid")
    draws = [replace(method, baseline="random", seed=seed, draws=1) for seed in range(4)]
    mean = np.mean([explained(draw).values for draw in draws], 0)
    expected = {
        **{
            f"{name.replace(' ', '-')}-final": explained(replace(method, baseline=name)).values
            for name in ("black", "white", "blurred picture", "dataset mean")
        },
        "random-draw-1-final": explained(draws[0]).values,
        "random-mean-of-4-final": mean,
    }
    ranges = set()
    for key, values in expected.items():
        (trace,) = figure(at, f"tile-{key}")["data"]
        np.testing.assert_allclose(trace["z"], values.sum(0), atol=1e-5)
        ranges.add((trace["zmin"], trace["zmax"]))
    assert len(ranges) == 1
    (trace,) = figure(at, "tile-spread")["data"]
    np.testing.assert_allclose(trace["z"], np.std([explained(draw).values.sum(0) for draw in draws], 0), atol=1e-5)


def test_expected_gradients_of_as_many_draws_are_the_same_integration(explained):
    method = IntegratedGradients(steps=32, rule="trapezoid", baseline="random", draws=4)
    found = explained(method)
    starts = found.baselines
    assert len({start.tobytes() for start in starts}) == 4
    assert found.gap < 0.05


def test_what_black_can_not_see_is_shown_on_request(come, figure):
    at = come(path_blind=True)
    said = [caption.value for caption in at.main.caption if "dark pixels" in caption.value]
    black, white = (float(re.search(r"get ([\d.]+)%", text)[1]) for text in said)
    assert black < white / 3
    assert figure(at, "blind-black")["data"][0]["zmax"] == figure(at, "blind-white")["data"][0]["zmax"]


def test_a_picture_equal_to_its_baseline_breaks_nothing(come):
    at = come()
    black = BytesIO()
    Image.new("RGB", (80, 80)).save(black, "PNG")
    at = run(at.pills(key="sample").set_value("own"))
    at = run(at.file_uploader[0].upload("black.png", black.getvalue(), "image/png"))
    assert "isn't judged" in "\n".join(markdown.value for markdown in at.main.markdown)


def test_what_is_refused_is_a_sentence_and_the_page_stays(visit, own_jobs, monkeypatch):
    def refuse(self, classifier, target):
        raise ExplanationError("It can't be done.")

    monkeypatch.setattr(IntegratedGradients, "check", refuse)
    at = visit({}, "pages/path.py")
    assert not at.exception
    assert {error.value.replace("\\", "") for error in at.error} == {"It can't be done."}
    assert at.slider(key="path-draws")
