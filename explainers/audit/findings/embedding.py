"""Maps as points in the plane: those with like descriptions lie together."""

from __future__ import annotations

import numpy as np

from explainers.arrays import Array
from explainers.audit.findings import scikit_learn
from explainers.audit.findings.evidence import Evidence

MOST_NEIGHBOURING = 5000  # maps: for more, t-SNE takes minutes
FEWEST_NEIGHBOURING = 50
PERPLEXITY = 30.0
ITERATIONS = 500
SEED = 0
DIGITS = 4


def embedded(evidence: Evidence) -> tuple[tuple[int, float, float], ...]:
    """Return the number and the place of each picture whose map isn't zero.

    By t-SNE (van der Maaten and Hinton, 2008), which begins with the principal components; by these alone where there
    are few maps or very many, or scikit-learn is missing. Both coordinates are from -1 to 1.
    """
    places = np.flatnonzero(evidence.has_map)
    if not len(places):
        return ()
    descriptions = evidence.descriptions[places].astype(np.float64)
    plane = _principal(descriptions)
    if FEWEST_NEIGHBOURING <= len(places) <= MOST_NEIGHBOURING and plane.std() > 0:
        plane = _neighbouring(descriptions, plane)
    largest = np.abs(plane).max()
    plane = (plane / largest if largest > 0 else plane).round(DIGITS) + 0.0
    numbers = evidence.numbers[places].tolist()
    return tuple((number, x, y) for number, (x, y) in zip(numbers, plane.tolist(), strict=True))


def _principal(descriptions: Array) -> Array:
    """Return the first two principal components (n, 2), with signs that don't depend on the library."""
    centred = descriptions - descriptions.mean(0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    axes = axes[:, :-3:-1]
    signs = np.sign(axes[np.abs(axes).argmax(0), [0, 1]])
    return np.asarray(centred @ (axes * signs))


def _neighbouring(descriptions: Array, start: Array) -> Array:
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        return start
    small = 1e-4 * start / start[:, 0].std() if start[:, 0].std() else 1e-4 * start
    method = TSNE(perplexity=PERPLEXITY, init=small.astype(np.float32), max_iter=ITERATIONS, random_state=SEED)
    with scikit_learn.one_thread():
        plane = np.asarray(method.fit_transform(descriptions.astype(np.float32)), np.float64)
    return plane - plane.mean(0) if np.isfinite(plane).all() else start
