"""Clusters of descriptions that were planted."""

import sys

import numpy as np
import pytest

from explainers.audit.findings import partitions as module
from explainers.audit.findings.partitions import eigengap, partitions, two_means
from explainers.errors import ExplanationError


def planted(*sizes, seed=0):
    """Descriptions around as many far places as there are sizes, and the number of each one's place."""
    generator = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    descriptions = np.abs(generator.normal(0, 0.05, (len(groups), 64)))
    descriptions[np.arange(len(groups)), groups * 9] += 1
    return (descriptions / np.linalg.norm(descriptions, axis=1, keepdims=True)).astype(np.float32), groups


def same(clusters, groups):
    """Whether two partitions are the same but for the clusters' numbers."""
    pairs = {*zip(clusters.tolist(), groups.tolist(), strict=True)}
    return len(pairs) == len({*clusters.tolist()}) == len({*groups.tolist()})


@pytest.mark.parametrize("sizes", [(40, 20, 15), (30,) * 6])
@pytest.mark.parametrize("dense", [12, 600])
def test_planted_groups_are_told_apart_by_the_eigengap(sizes, dense, monkeypatch):
    monkeypatch.setattr(module, "DENSE", dense)
    descriptions, groups = planted(*sizes)
    spectral = {each.count: each.clusters for each in partitions(descriptions) if each.way == "spectral"}
    assert {*spectral} == {2, 3, 4, len(sizes)}
    assert same(spectral[len(sizes)], groups)


def test_k_means_stands_beside_it():
    descriptions, groups = planted(30, 20, 15)
    found = {each.count: each.clusters for each in partitions(descriptions) if each.way == "k-means"}
    assert {*found} == {2, 3, 4}
    assert same(found[3], groups)


def test_the_same_descriptions_give_the_same_clusters():
    descriptions, _ = planted(25, 25, seed=4)
    first, again = ([each.clusters for each in partitions(descriptions)] for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))


def test_the_eigengap_is_the_largest_leap_after_the_first():
    assert eigengap(np.array([0, 0, 0, 0.5, 0.6])) == 3
    assert eigengap(np.array([0, 0.9, 1.0, 1.0])) == 2
    assert eigengap(np.array([0.0, 0.4])) == 2


@pytest.mark.parametrize("distinct", [1, 2, 3])
def test_few_distinct_descriptions_give_no_more_clusters(distinct):
    descriptions = np.repeat(np.eye(64, dtype=np.float32)[:distinct], 20, 0)
    found = [*partitions(descriptions)]
    assert {each.count for each in found} == {*range(2, distinct + 1)}


def test_two_means_halves_what_is_apart():
    places = np.array([[0.0, 0], [0.1, 0], [5, 5], [5, 5.1]])
    assert same(two_means(places), np.array([0, 0, 1, 1]))


def test_without_scikit_learn_a_sentence_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ExplanationError, match=r"pip install -r explainers/audit/requirements\.txt"):
        partitions(planted(10, 10)[0])
