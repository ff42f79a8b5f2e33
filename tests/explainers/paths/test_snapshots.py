"""What is kept of a path: every stop is a point that was passed, and the parts add up to the map."""

from itertools import pairwise

import numpy as np
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from explainers.paths.integrate import integrate
from explainers.paths.quadrature import RULES, quadrature
from explainers.paths.snapshots import Recorder, stops
from explainers.runtime.chunks import Chunks


def test_snapshots_do_not_depend_on_chunks():
    draw = torch.Generator().manual_seed(0)
    start, end = (torch.rand(2, 3, 4, 5, generator=draw, dtype=torch.float64) for _ in range(2))
    alphas, weights = quadrature("midpoint", 13)
    found = []
    for size in (1, 4, 100):
        recorder = Recorder(stops([0.0, *alphas, 1.0], 5), 2)
        points, shares = [0.0, *alphas, 1.0], [0.0, *weights, 0.0]
        path = integrate(
            lambda at, rows: at[0].pow(3).flatten(1).sum(1),
            (end,),
            (start,),
            points,
            shares,
            run=Chunks(size).run,
            keep=recorder.take,
        )
        found.append(recorder.snapshots((path.gradients[0] * (end - start)).mean(0)))
    for other in found[1:]:
        np.testing.assert_allclose(other.cumulative, found[0].cumulative, atol=1e-6)
        np.testing.assert_allclose(other.gradients, found[0].gradients, atol=1e-6)


def test_a_chunk_for_which_memory_runs_out_is_counted_once():
    alphas = [0.0, 0.5, 1.0]
    recorder, tried = Recorder(alphas, 1), []

    def keep(places, *rest):
        tried.append(len(places))
        if len(places) > 1:
            raise MemoryError
        recorder.take(places, *rest)

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
    assert recorder.snapshots(one[0]).cumulative.ravel().tolist() == [0, 0.5, 1]


class RunsOut(TorchDispatchMode):
    """Memory runs out at one of the operations that need some."""

    def __init__(self, number):
        super().__init__()
        self.left = number

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.left -= not (function._schema.is_mutable or function.is_view)
        if self.left == 0:
            self.left = -1
            raise torch.OutOfMemoryError
        return function(*args, **(kwargs or {}))


def test_wherever_memory_runs_out_a_chunk_is_kept_whole_or_not_at_all():
    alphas, weights = [0.0, 0.25, 0.5, 1.0], [0.0, 0.25, 0.5, 0.25]
    one = torch.ones(1, 1, 1, 1)

    def recorded(number):
        recorder = Recorder([0.0, 0.5, 1.0], 1)
        failing = RunsOut(number)
        with failing:
            path = integrate(
                lambda at, rows: at[0].flatten(1).sum(1),
                (one,),
                (0 * one,),
                alphas,
                weights,
                run=Chunks(4).run,
                keep=recorder.take,
            )
        snapshots = recorder.snapshots(path.gradients[0][0])
        return failing.left < 0, snapshots

    number, failed, failures = 0, True, 0
    while failed:
        number += 1
        try:
            failed, snapshots = recorded(number)
        except torch.OutOfMemoryError:  # outside of any chunk
            continue
        failures += failed
        assert snapshots.gradients.ravel().tolist() == [1, 1, 1]
        assert snapshots.cumulative.ravel().tolist() == [0, 0.5, 1]
    assert failures > 30


def test_stops_lie_nearest_to_even_ones():
    assert stops([i / 4 for i in range(5)], 3) == [0, 0.5, 1]
    assert stops([0, 0.3, 0.9, 1], 3) == [0, 0.3, 1]
    assert stops([0, 1], 21) == [0, 1]
    for rule in RULES:
        alphas = [0.0, *quadrature(rule, 200)[0], 1.0]
        found = stops(alphas, 21)
        assert len(found) == 21
        assert all(later - former < 0.06 for former, later in pairwise(found))
