"""The figure of deletion and insertion shows the experiment's own numbers, and its slider all of them."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from explainers import GradCAM, Saliency, Target
from explainers.experiments import Removal
from explainers.figures import removal

STEPS = 4
STOPS = STEPS + 1
CURVES = 2 * STOPS  # the first trace that is a curve
LINES = 7  # of either side


@pytest.fixture(scope="module")
def found(conv, noise, question):
    """(method=Saliency(), **settings) -> what comes out for a small network."""

    def make(method=Saliency(), scale="logit", **settings):  # noqa: B008  a frozen value
        asked = question(conv, noise(conv.size), Target(1, scale=scale))
        return Removal(steps=STEPS, **settings)(method, asked, method.explain(asked))

    return make


def levels(trace):
    """(C, H, W) of an image trace, as whole numbers."""
    data = base64.b64decode(trace.source.partition(",")[2])
    return np.asarray(Image.open(BytesIO(data))).transpose(2, 0, 1)


def test_each_stop_has_the_pictures_that_were_passed(found):
    outcome = found()
    figure = removal(outcome, {})
    for side, start in ((outcome.deletion, 0), (outcome.insertion, STOPS)):
        for trace, expected in zip(figure.data[start : start + STOPS], side.pictures, strict=True):
            assert np.array_equal(levels(trace), expected)


def test_the_map_is_drawn_over_the_band_of_itself_in_wrong_places(found):
    outcome = found()
    figure = removal(outcome, {})
    for side, start in ((outcome.deletion, CURVES), (outcome.insertion, CURVES + LINES)):
        lines = figure.data[start : start + LINES]
        bounds = [np.quantile(side.moved, share, axis=0) for share in (1, 0, 0.75, 0.25)]
        for line, expected in zip(lines, [*bounds, side.centre, side.random, side.fine], strict=True):
            np.testing.assert_allclose(line.y, expected)
        assert np.array_equal(lines[-1].x, side.shares)
        assert np.array_equal(lines[0].x, side.compared)
        assert [line.fill for line in lines[:4]] == [None, "tonexty", None, "tonexty"]
        assert lines[-1].line.width > max(line.line.width for line in lines[:-1])
    assert figure.layout.yaxis3.range == figure.layout.yaxis4.range


def test_the_slider_moves_pictures_markers_and_numbers_to_the_same_share(found):
    outcome = found()
    figure = removal(outcome, {})
    steps = figure.layout.sliders[0].steps
    assert [step.label for step in steps] == ["0%", "6.3%", "25%", "56%", "100%"]
    for stop, step in enumerate(steps):
        traces, moved, which = step.args
        assert list(which) == list(range(CURVES))
        assert [place for place, seen in enumerate(traces["visible"]) if seen] == [stop, STOPS + stop]
        assert {moved[f"shapes[{line}].{end}"] for line in (0, 1) for end in ("x0", "x1")} == {
            outcome.deletion.shares[stop]
        }
        for number, side in ((1, outcome.deletion), (3, outcome.insertion)):
            assert moved[f"annotations[{number}].text"] == f"<b>Logit</b>: {side.fine[stop]:.3g}"
    active = figure.layout.sliders[0].active
    shown = [trace.visible for trace in figure.data[:CURVES]]
    assert shown == steps[active].args[0]["visible"]
    assert figure.layout.shapes[0].x0 == outcome.deletion.shares[active] == pytest.approx(0.25, abs=0.001)


def test_other_methods_are_drawn_thin_with_their_own_numbers(found):
    mine, other = found(), found(GradCAM())
    figure = removal(mine, {"Grad-CAM": other})
    drawn = [trace for trace in figure.data if trace.name == "Grad-CAM"]
    for trace, side in zip(drawn, other.sides, strict=True):
        np.testing.assert_allclose(trace.y, side.map)
    low, high = figure.layout.yaxis3.range
    assert low < min(side.scores.min() for each in (mine, other) for side in each.sides)
    assert high > max(side.scores.max() for each in (mine, other) for side in each.sides)
    assert [trace.showlegend for trace in drawn] == [True, False]


def test_probabilities_are_shown_in_per_cent(found):
    outcome = found(scale="probability")
    figure = removal(outcome, {})
    assert figure.layout.yaxis3.tickformat == ".0%"
    assert figure.layout.annotations[1].text == f"<b>Probability</b>: {outcome.deletion.fine[2]:.1%}"


def test_large_pictures_full_of_holes_stay_within_four_megabytes(classify, small, noise, question):
    size = (224, 224)
    asked = question(classify(small(), size), noise(size))
    outcome = Removal(steps=20)(Saliency(), asked, Saliency().explain(asked))
    assert len(removal(outcome, {}).to_json()) < 4e6
