"""Explanations to draw."""

import numpy as np
import pytest

from explainers import Explanation, Target, Trace
from explainers.explanation import Unit

SIZE = (6, 8)  # unlike sides, so that a swapped axis shows


@pytest.fixture
def explanation(facts):
    """(values, picture=None, size=(6, 8), **more) -> one of a grey picture, with these values."""

    def make(values, *, picture=None, size=SIZE, **more):
        picture = np.full((3, *size), 0.5, np.float32) if picture is None else picture
        values, known = np.asarray(values, np.float32), facts(unit=Unit("change", "gradient", "change per unit"))
        return Explanation(picture, (0, 0, size[1], size[0]), values, Target(0), 1.0, known, **more)

    return make


@pytest.fixture
def ramp():
    """One channel of values from -24 to 23."""
    return np.arange(-24.0, 24.0).reshape(1, *SIZE)


@pytest.fixture
def trace():
    """A path of three points: probabilities 0.1, 0.4, 0.5, logits 10 times that."""
    chances = np.array([0.1, 0.4, 0.5])
    return Trace(
        alphas=np.array([0, 0.5, 1]),
        logits=10 * chances,
        probabilities=chances,
        slopes=np.array([6.0, 4.0, 2.0]),
        cumulative=np.array([0.0, 2.0, 3.5]),
        gradient_mean=np.array([-1.0, 0.0, 1.0]),
        gradient_size=np.array([2.0, 2.0, 3.0]),
    )


@pytest.fixture
def explained(facts):
    """(heat (H, W), box, signed=False, unit="score") -> an explanation with that map."""

    def make(heat, box=(0.0, 0.0, 8.0, 8.0), signed=False, unit="score"):
        values = np.asarray(heat, np.float32)[None]
        picture = np.full((3, *values.shape[1:]), 0.5, np.float32)
        known = facts(unit=Unit(unit, "attribution", unit))
        reduction = "signed sum" if signed else "sum of magnitudes"
        return Explanation(picture, box, values, Target(0), 1.0, known, reduction=reduction)

    return make
