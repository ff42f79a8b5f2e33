"""What is kept of a path: every stop is a point that was passed, and the parts add up to the map."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from explainers import IntegratedGradients, Target
from explainers.paths.integrate import integrate
from explainers.paths.quadrature import RULES, quadrature
from explainers.paths.snapshots import Recorder, stops
from explainers.runtime.chunks import Chunks

ASKED = {
    "automatic": {},
    "seven midpoints": {"steps": 7},
    "sixty steps, left": {"steps": 60, "rule": "left"},
    "Gauss-Legendre": {"steps": 12, "rule": "gauss-legendre"},
    "three draws": {"baseline": "random", "draws": 3},
}
every_way = pytest.mark.parametrize("settings", ASKED.values(), ids=ASKED)


@pytest.fixture(scope="module")
def sliced(conv, noise):
    """(settings) -> the plain explanation, and the one that was looked into."""
    picture, target = noise((29, 24)), Target(1, scale="probability")

    def make(settings):
        return tuple(IntegratedGradients(**settings, **kept)(conv, picture, target) for kept in ({}, {"keep": 21}))

    return make


@every_way
def test_looking_changes_nothing(sliced, settings):
    plain, looked = sliced(settings)
    assert plain.slices is None
    assert np.array_equal(plain.values, looked.values)
    assert plain.facts["settings"] == looked.facts["settings"]
    assert plain.facts["passes"] == looked.facts["passes"]
    for curve, other in zip(vars(plain.trace).values(), vars(looked.trace).values(), strict=True):
        assert np.array_equal(curve, other)


@every_way
def test_what_was_collected_up_to_a_stop_is_the_curve_there(sliced, settings):
    found = sliced(settings)[1]
    kept, trace = found.slices, found.trace
    at = np.searchsorted(trace.alphas, kept.alphas)
    assert np.array_equal(trace.alphas[at], kept.alphas)
    sums = kept.cumulative.sum((1, 2, 3), dtype=np.float64)
    np.testing.assert_allclose(sums, trace.cumulative[at], atol=1e-6 * np.abs(found.values).sum())
    np.testing.assert_allclose(kept.gradients.mean((1, 2, 3)), trace.gradient_mean[at], atol=1e-7)


@every_way
def test_it_begins_with_nothing_and_ends_with_the_map(sliced, settings):
    kept = sliced(settings)[1].slices
    assert (kept.alphas[0], kept.alphas[-1]) == (0, 1)
    assert not kept.cumulative[0].any()
    assert np.array_equal(kept.cumulative[-1], sliced(settings)[0].values)


def test_a_slice_holds_the_gradient_of_that_picture(conv64, noise):
    picture, target = noise((29, 24), dtype=torch.float64), Target(2)
    kept = IntegratedGradients(steps=10, rule="trapezoid", keep=3, baseline="white")(conv64, picture, target).slices
    assert kept.alphas.tolist() == [0, 0.5, 1]
    for alpha, gradient in zip(kept.alphas, kept.gradients, strict=True):
        at = (1 + alpha * (picture - 1))[None].requires_grad_()
        (expected,) = torch.autograd.grad(conv64.network(conv64.normalise(at))[0, 2], at)
        np.testing.assert_allclose(gradient, expected[0].numpy(), rtol=1e-5, atol=1e-9)


def test_slices_of_a_straight_line_grow_evenly(linear, noise):
    found = IntegratedGradients(steps=20, rule="trapezoid", keep=21)(linear, noise((5, 7)), Target(0))
    for alpha, cumulative in zip(found.slices.alphas, found.slices.cumulative, strict=True):
        np.testing.assert_allclose(cumulative, alpha * found.values, atol=1e-6)


def test_slices_do_not_depend_on_chunks():
    draw = torch.Generator().manual_seed(0)
    start, end = (torch.rand(2, 3, 4, 5, generator=draw, dtype=torch.float64) for _ in range(2))
    alphas, weights = quadrature("midpoint", 13)
    found = []
    for size in (1, 4, 100):
        slicer = Recorder(stops([0.0, *alphas, 1.0], 5), 2)
        points, shares = [0.0, *alphas, 1.0], [0.0, *weights, 0.0]
        path = integrate(
            lambda at, rows: at[0].pow(3).flatten(1).sum(1),
            (end,),
            (start,),
            points,
            shares,
            run=Chunks(size).run,
            keep=slicer.take,
        )
        found.append(slicer.slices((path.gradients[0] * (end - start)).mean(0), 1))
    for other in found[1:]:
        np.testing.assert_allclose(other.cumulative, found[0].cumulative, atol=1e-6)
        np.testing.assert_allclose(other.gradients, found[0].gradients, atol=1e-6)


def test_a_chunk_for_which_memory_runs_out_is_counted_once():
    alphas = [0.0, 0.5, 1.0]
    slicer, tried = Recorder(alphas, 1), []

    def keep(places, *rest):
        tried.append(len(places))
        if len(places) > 1:
            raise MemoryError
        slicer.take(places, *rest)

    one = torch.ones(1, 1, 1, 1)
    integrate(
        lambda at, rows: at[0].flatten(1).sum(1),
        (one,),
        (0 * one,),
        alphas,
        [0.25, 0.5, 0.25],
        run=Chunks(3).run,
        keep=keep,
    )
    assert tried[0] == 3
    assert slicer.slices(one[0], 1).cumulative.ravel().tolist() == [0, 0.5, 1]


def test_stops_lie_nearest_to_even_ones():
    assert stops([i / 4 for i in range(5)], 3) == [0, 0.5, 1]
    assert stops([0, 0.3, 0.9, 1], 3) == [0, 0.3, 1]
    assert stops([0, 1], 21) == [0, 1]
    for rule in RULES:
        alphas = [0.0, *quadrature(rule, 200)[0], 1.0]
        found = stops(alphas, 21)
        assert len(found) == 21
        assert all(later - former < 0.06 for former, later in pairwise(found))


@pytest.mark.parametrize("wrong", [{"keep": 1}, {"keep": -2}, {"grid": 100}, {"grid": 1024}])
def test_what_can_not_be_kept_is_refused(wrong):
    with pytest.raises(ValueError, match="keep must be"):
        IntegratedGradients(**wrong)
