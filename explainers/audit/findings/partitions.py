"""Partitions of a class's maps into clusters, by their descriptions.

Spectral relevance analysis (Lapuschkin et al., 2019): the maps are the nodes of a graph that joins each to its nearest
neighbours, and the first eigenvectors of the graph's Laplacian place them so that k-means tells its loosely joined
parts. Beside it, k-means on principal components. The graph is sparse: memory grows with the number of pictures.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from explainers.arrays import Array
from explainers.audit.findings import scikit_learn

NEIGHBOURS = 10
COUNTS = 2, 3, 4  # clusters, beside as many as the eigengap says
MOST_CLUSTERS = 8
COMPONENTS = 8
STARTS = 10  # of k-means
DENSE = 600  # maps, up to which all eigenvectors are computed: that is faster, and exact
DIGITS = 9  # of eigenvalues that are the same
SEED = 0

Way = Literal["spectral", "k-means"]


@dataclass(frozen=True, eq=False)
class Partition:
    """Maps in clusters.

    clusters: (n,) the number of each map's cluster.
    """

    way: Way
    count: int
    clusters: Array


def partitions(descriptions: Array) -> list[Partition]:
    """Return partitions of descriptions (n, 64), which needn't differ from each other.

    Raises ExplanationError where scikit-learn is missing.
    """
    scikit_learn.require()
    descriptions = descriptions.astype(np.float64)
    distinct = len(np.unique(descriptions, axis=0))
    if distinct < 2:
        return []
    with scikit_learn.one_thread():
        values, vectors = _spectrum(descriptions)
        counts = (count for count in sorted({*COUNTS, eigengap(values)}) if count <= min(distinct, vectors.shape[1]))
        spectral = [Partition("spectral", count, _k_means(_on_sphere(vectors[:, :count]), count)) for count in counts]
        components = _components(descriptions)
        beside = [Partition("k-means", count, _k_means(components, count)) for count in COUNTS if count <= distinct]
    return spectral + beside


def eigengap(values: Array) -> int:
    """Return the number of clusters after which the Laplacian's eigenvalues, which rise, leap most: 2 at least."""
    gaps = np.diff(values[: MOST_CLUSTERS + 1])
    return int(np.argmax(gaps[1:])) + 2 if len(gaps) > 1 else 2


def _spectrum(descriptions: Array) -> tuple[Array, Array]:
    """Return the smallest eigenvalues of the graph's normalised Laplacian, rising, and its eigenvectors (n, k).

    They are those of the graph's connected parts together. All parts have the eigenvalue 0, and a method that begins
    with one vector finds one eigenvector of each value only, so each part is done for itself. The largest comes first.
    """
    from scipy.sparse import diags_array
    from scipy.sparse.csgraph import connected_components
    from sklearn.neighbors import kneighbors_graph

    count = len(descriptions)
    joined = kneighbors_graph(descriptions, min(NEIGHBOURS, count - 1), include_self=False)
    joined = joined.maximum(joined.T).tocsr()
    scale = diags_array(1 / np.sqrt(np.asarray(joined.sum(1)).ravel()))
    likeness = (scale @ joined @ scale).tocsr()  # the Laplacian is 1 minus this
    parts, part_of = connected_components(joined, directed=False)
    spectrum: list[tuple[float, int, Array, Array]] = []
    for part in range(parts):
        nodes = np.flatnonzero(part_of == part)
        values, vectors = _largest(likeness[nodes][:, nodes])
        spectrum += ((value, len(nodes), nodes, vector) for value, vector in zip(values, vectors.T, strict=True))
    spectrum.sort(key=lambda each: (-round(each[0], DIGITS), -each[1]))
    first = spectrum[: MOST_CLUSTERS + 1]
    placed = np.zeros((count, len(first)))
    for column, (_, _, nodes, vector) in enumerate(first):
        placed[nodes, column] = vector
    return np.array([1 - value for value, *_ in first]), placed


def _largest(likeness: Any) -> tuple[Array, Array]:
    """Return the largest eigenvalues of the sparse matrix of a connected graph, falling, and their vectors (n, k)."""
    from scipy.sparse.linalg import eigsh

    count = likeness.shape[0]
    wanted = min(MOST_CLUSTERS + 1, count)
    if count <= DENSE:
        values, vectors = np.linalg.eigh(likeness.toarray())
    else:
        start = np.random.default_rng(SEED).standard_normal(count)
        values, vectors = eigsh(likeness, wanted, which="LA", v0=start, tol=1e-6)
    order = np.argsort(-values)[:wanted]
    return values[order], vectors[:, order]


def _on_sphere(vectors: Array) -> Array:
    """Return vectors of length 1 (Ng, Jordan and Weiss, 2001): then nodes with few joints count as much as others."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(lengths > 0, lengths, 1)


def _components(descriptions: Array) -> Array:
    from sklearn.decomposition import PCA

    count = min(COMPONENTS, *descriptions.shape)
    return np.asarray(PCA(count, svd_solver="full", random_state=SEED).fit_transform(descriptions))


def _k_means(places: Array, count: int) -> Array:
    """Return the number of each place's cluster. A cluster may stay empty."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # fewer places than clusters: some stay empty
        return np.asarray(KMeans(count, n_init=STARTS, random_state=SEED).fit_predict(places))


def two_means(places: Array) -> Array:
    """Return which of two clusters each place is in. Raises ExplanationError where scikit-learn is missing."""
    scikit_learn.require()
    with scikit_learn.one_thread():
        return _k_means(places, 2)
