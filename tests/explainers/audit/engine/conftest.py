"""Runs, and how their rows are compared."""

import math

import numpy as np
import pytest

EXACT = {"number", "path", "label", "label_index", "error", "sha256", "width", "height", "prediction",
         "prediction_index", "correct", "target_index", "versus_index", "converged", "thumbnail"}  # fmt: skip


def _same(found, true):
    assert found.keys() == true.keys()
    for name, value in true.items():
        other = found[name]
        if value is None or name in EXACT:
            assert other == value, name
        elif isinstance(value, float):
            assert math.isclose(other, value, rel_tol=1e-5, abs_tol=1e-5), name
        else:
            tolerance = 1e-3 if name == "map" else 1e-5  # the small map is in half precision
            np.testing.assert_allclose(other, value, rtol=tolerance, atol=tolerance, err_msg=name)


@pytest.fixture(scope="session")
def same_rows():
    """(rows, rows) -> nothing; they are the same to 1e-5."""

    def check(found, true):
        assert [row["number"] for row in found] == [row["number"] for row in true]
        for pair in zip(found, true, strict=True):
            _same(*pair)

    return check


@pytest.fixture
def all_rows():
    """(run) -> all its rows."""
    return lambda run: [run.row(number) for number in range(run.plan.pictures)]
