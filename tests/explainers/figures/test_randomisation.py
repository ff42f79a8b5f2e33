"""The figure of how alike a map stays while weights are drawn anew."""

import numpy as np

from explainers.experiments import RandomisationOutcome, Step
from explainers.figures import randomisation

HEAT = np.zeros((2, 2), np.float32)


def made(*rows, again=()):
    steps = [Step(f"stage {number}", HEAT, rho, None, ssim) for number, (rho, ssim) in enumerate(rows)]
    return RandomisationOutcome(
        "", False, 4, tuple(steps), tuple(Step("again", HEAT, rho, None, ssim) for rho, ssim in again), None
    )


def test_its_lines_are_the_measures_by_stage_and_its_marks_the_further_draws():
    figure = randomisation(made((1.0, 1.0), (0.5, 0.25), (0.2, 0.1), again=[(0.3, 0.05), (0.1, 0.15)]))
    rho, rho_again, ssim, ssim_again = figure.data
    assert list(rho.y) == [1.0, 0.5, 0.2]
    assert list(ssim.y) == [1.0, 0.25, 0.1]
    assert (list(rho_again.x), list(rho_again.y)) == ([2, 2], [0.3, 0.1])
    assert list(ssim_again.y) == [0.05, 0.15]
    assert list(figure.layout.xaxis.ticktext) == ["stage 0", "stage 1", "stage 2"]


def test_an_undefined_number_is_a_gap_and_a_negative_one_is_in_sight():
    figure = randomisation(made((1.0, 1.0), (None, None), (-0.7, 0.1)))
    assert figure.data[0].y[1] is None
    assert figure.layout.yaxis.range[0] < -0.7
    assert randomisation(made((None, None), (None, None))).layout.yaxis.range[0] < 0
