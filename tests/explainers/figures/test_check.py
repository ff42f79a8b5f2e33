"""The bars of the check end where the numbers say."""

import pytest

from explainers.check import Check
from explainers.figures import check


@pytest.mark.parametrize(("baseline", "pixels", "score"), [(-0.16, 8.92, 8.69), (0.5, -2.0, -1.6)])
def test_the_pixels_start_where_the_baseline_ends(baseline, pixels, score):
    first, second, third = check(Check(baseline, pixels, score, 0.01, "", 1, "logit")).data
    assert [bar.base for bar in (first, second, third)] == [(0,), (baseline,), (0,)]
    assert [bar.x for bar in (first, second, third)] == [(baseline,), (pixels,), (score,)]
    assert len({*first.y, *second.y, *third.y}) == 3  # or one would hide another
