"""Curves of what more steps are worth."""

from explainers.figures import convergence
from explainers.paths.trace import Level


def test_a_gap_that_is_not_judged_is_left_out_of_the_curves():
    levels = [Level(9, None, 0.5), Level(17, 0.25, None)]
    change, gap = convergence({"left": levels}, {"left": (8, 16)}).data
    assert (change.name, change.y) == ("left: change", (None, 25))
    assert (gap.name, gap.y) == ("left: gap", (50, None))
