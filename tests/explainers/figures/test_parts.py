"""What figures are put together from."""

import numpy as np

from explainers.figures.parts import borders


def test_borders_run_between_superpixels():
    segments = np.array([[0, 0, 1], [0, 2, 1]])
    line = borders(segments, 3)
    assert (line.xaxis, line.yaxis) == ("x4", "y4")
    points = np.stack([line.x, line.y], 1).reshape(-1, 3, 2)
    assert np.isnan(points[:, 2]).all()
    drawn = {tuple(map(tuple, piece[:2])) for piece in points.tolist()}
    assert drawn == {
        ((0.5, 0.5), (1.5, 0.5)),  # above 2
        ((1.5, -0.5), (1.5, 0.5)),  # between 0 and 1
        ((0.5, 0.5), (0.5, 1.5)),  # left of 2
        ((1.5, 0.5), (1.5, 1.5)),  # right of it
    }
