"""Curves of what more points are worth."""

import math

import numpy as np

from explainers.figures import convergence
from explainers.paths.step_grid import GridLevel, StepGrid
from explainers.paths.trace import Level


def test_what_can_not_be_drawn_or_is_not_judged_is_left_out_of_the_curves():
    history = (Level(17, math.inf, None, False), Level(25, 0.04, 0.02, True))
    grid = StepGrid((8, 16), np.ones((2, 1, 1, 1)), np.zeros((2, 1, 1, 1)), 1.0, 1.0, np.ones((1, 1, 1)), history)
    levels = [GridLevel(9, 0.25, 0.5), GridLevel(17, 0.0, None)]
    figure = convergence(grid, {"trapezoid": levels})
    lines = {line.name: (line.x, line.y) for line in figure.data}
    assert lines == {
        "adaptive: expected error": ((17, 25), (None, 4)),
        "adaptive: gap": ((17, 25), (None, 2)),
        "trapezoid: distance": ((9, 17), (25, None)),
        "trapezoid: gap": ((9, 17), (50, None)),
    }
    assert [shape.y0 for shape in figure.layout.shapes] == [4, 5]  # the adaptive map's error, and the largest gap
