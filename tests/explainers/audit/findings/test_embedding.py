"""Maps as points in the plane."""

import sys

import numpy as np
import pytest

from explainers.audit.findings import embedding as module
from explainers.audit.findings.embedding import embedded

from .conftest import blob, evidence_of


@pytest.fixture
def groups():
    """Evidence of 30 maps in the upper left, 30 in the lower right, and one of zeros between them."""
    generator = np.random.default_rng(0)
    places = [*[(4, 4)] * 30, None, *[(28, 28)] * 30]
    return evidence_of(
        [blob(generator, *place) if place else np.zeros((32, 32)) for place in places], np.zeros(61, int)
    )


@pytest.mark.parametrize("by", ["t-SNE", "too few", "too many", "no scikit-learn"])
def test_like_maps_lie_together_and_zero_maps_nowhere(groups, by, monkeypatch):
    monkeypatch.setattr(module, "PERPLEXITY", 10.0)
    if by.startswith("too"):
        monkeypatch.setattr(
            module, "FEWEST_NEIGHBOURING" if by == "too few" else "MOST_NEIGHBOURING", 61 * (by == "too few")
        )
    if by.startswith("no"):
        monkeypatch.setitem(sys.modules, "sklearn.manifold", None)
    points = embedded(groups)
    assert [number for number, _, _ in points] == [*range(30), *range(31, 61)]
    plane = np.array(points)[:, 1:]
    assert np.abs(plane).max() == 1.0
    first, second = plane[:30], plane[30:]
    apart = np.linalg.norm(first.mean(0) - second.mean(0))
    assert apart > 2 * max(np.linalg.norm(each - each.mean(0), axis=1).mean() for each in (first, second))
    assert embedded(groups) == points


@pytest.mark.parametrize("maps", [np.zeros((3, 32, 32)), np.ones((60, 32, 32)), np.zeros((0, 32, 32))])
def test_maps_that_are_all_alike_lie_in_one_place(maps):
    points = np.array(embedded(evidence_of(maps, np.zeros(len(maps), int)))).reshape(-1, 3)
    assert len(points) == (len(maps) if maps.any() else 0)
    assert not points[:, 1:].any()
