"""Maps as whole numbers, and bars that tell the true ones."""

import numpy as np
import pytest

from explainers.figures.colours import scale, whole


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
