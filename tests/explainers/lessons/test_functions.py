"""Functions of one or two numbers."""

import pytest

from explainers.lessons.functions import attributions, slopes, value
from explainers.lessons.one_line import line
from explainers.lessons.saturation import limited
from explainers.paths.quadrature import RULES


def test_a_line_has_its_slopes_everywhere_and_shares_that_add_up():
    assert value(line, 4, 1) == 11
    assert slopes(line, 4, 1) == slopes(line, -2, 7) == (2, 3)
    for rule in RULES:
        assert attributions(line, [4, 1], [0, 0], rule=rule, steps=3) == pytest.approx((8, 3), abs=1e-12)


def test_integrated_gradients_collect_what_the_slope_at_the_end_misses():
    assert slopes(limited, 1.0) == (0,)
    assert attributions(limited, [1.0], [0.0]) == pytest.approx((0.8,))
