"""Small maps side by side."""

import numpy as np
import pytest

from explainers.figures import tile


@pytest.mark.parametrize("signed", [False, True])
def test_tiles_share_the_scale_they_are_given(ramp, signed):
    (trace,) = tile(ramp[0], "viridis", 7.0, signed=signed).data
    assert (trace.zmin, trace.zmax) == (-7.0 if signed else 0.0, 7.0)
    assert np.array_equal(trace.z, ramp[0])
