"""What figures are put together from."""

import json

import numpy as np
import plotly.graph_objects as go
import pytest

from explainers import Prediction
from explainers.check import Check
from explainers.figures import Look, answer, check, panels, picture_tile, saturation, tile
from explainers.figures.parts import borders


def test_borders_run_between_superpixels():
    segments = np.array([[0, 0, 1], [0, 2, 1]])
    line = borders(segments, 3)
    assert (line["xaxis"], line["yaxis"]) == ("x4", "y4")
    points = np.stack([line["x"], line["y"]], 1).reshape(-1, 3, 2)
    assert np.isnan(points[:, 2]).all()
    drawn = {tuple(map(tuple, piece[:2])) for piece in points.tolist()}
    assert drawn == {
        ((0.5, 0.5), (1.5, 0.5)),  # above 2
        ((1.5, -0.5), (1.5, 0.5)),  # between 0 and 1
        ((0.5, 0.5), (0.5, 1.5)),  # left of 2
        ((1.5, 0.5), (1.5, 1.5)),  # right of it
    }


@pytest.mark.parametrize("name", ["answer", "panels", "panels with borders", "saturation", "tile", "picture", "check"])
def test_plotly_accepts_as_it_is_what_it_need_not_check(explanation, ramp, trace, name):
    segments = np.repeat(np.arange(6)[:, None], 8, 1)
    given = explanation(ramp, trace=trace, baseline_score=1.0, baselines=np.zeros((1, 3, 6, 8)), segments=segments)
    figures = {
        "answer": answer([Prediction(7, "cat", 0.625, 3.5), Prediction(3, "dog", 0.25, 2.5)], 7),
        "panels": panels(given, Look()),
        "panels with borders": panels(given, Look("blue to red", 95.0, True, "picture on map", borders=True)),
        "saturation": saturation(given)[f"Slope: change of the {given.target.scale} per alpha"],
        "tile": tile(given.heat, "jet", 1.0, signed=True),
        "check": check(Check(-0.16, 8.92, 8.69, 0.008, "", 1, "logit")),
        "picture": picture_tile(given.picture),
    }
    drawn = json.loads(figures[name].to_json())
    assert json.loads(go.Figure(drawn).to_json()) == drawn
