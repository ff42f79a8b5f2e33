"""What is recorded of a path: the map is the same, stops are points that were passed, and one grid holds many maps."""

from functools import cache

import numpy as np
import pytest
import torch

from explainers import ExplanationError, IntegratedGradients, Target
from explainers.methods.path_record import PathRecord, extend, record_passes, record_path
from explainers.methods.path_run import PathRun
from explainers.paths.step_grid import GRID_RULES

ASKED = {
    "automatic": {},
    "seven midpoints": {"steps": 7},
    "sixty steps, left": {"steps": 60, "rule": "left"},
    "Gauss-Legendre": {"steps": 12, "rule": "gauss-legendre"},
    "three draws": {"baseline": "random", "draws": 3},
}
every_way = pytest.mark.parametrize("settings", ASKED.values(), ids=ASKED)
every_grid = pytest.mark.parametrize("steps", [8, 128])  # within the automatic steps, and far beyond them


@pytest.fixture(scope="module")
def recorded(conv, noise, question):
    """(settings, steps) -> the plain explanation, and the record of it."""
    asked = question(conv, noise((29, 24)), Target(1, scale="probability"))

    @cache
    def make(explainer, steps):
        return explainer.explain(asked), record_path(explainer, asked, stops_kept=21, steps=steps)

    return lambda settings, steps: make(IntegratedGradients(**settings), steps)


@pytest.fixture(scope="module")
def looked(conv64, noise, question):
    """(grid=64, **settings) -> a record with a grid of so many steps."""
    asked = question(conv64, noise((29, 24), dtype=torch.float64), Target(0))

    def make(grid=64, **settings):
        return record_path(IntegratedGradients(**settings), asked, stops_kept=2, steps=grid)

    return make


# Snapshots


@every_grid
@every_way
def test_looking_changes_nothing(recorded, settings, steps):
    plain, record = recorded(settings, steps)
    looked = record.explanation
    assert np.array_equal(plain.values, looked.values)
    assert plain.facts.settings == looked.facts.settings
    for curve, other in zip(vars(plain.trace).values(), vars(looked.trace).values(), strict=True):
        assert np.array_equal(curve, other)


@every_way
def test_only_the_points_that_the_adaptive_ones_left_out_are_passed_for_the_grid(recorded, settings):
    plain, record = recorded(settings, 128)
    explainer, paths = IntegratedGradients(**settings), settings.get("draws", 1)
    adaptive = plain if "steps" not in settings else recorded({}, 128)[0]
    others = plain.facts.passes if "steps" in settings else 0
    alphas, on_grid = adaptive.trace.alphas, np.arange(129) / 128
    if paths == 1:
        expected = others + len(np.union1d(alphas, on_grid))
        assert record.explanation.facts.passes == expected
    assert record.explanation.facts.passes < others + adaptive.facts.passes + paths * (128 - 16)
    assert record.explanation.facts.passes <= record_passes(explainer, explainer.passes(None), 128)


@every_way
def test_a_grid_of_the_first_points_costs_nothing_beside_automatic_steps(recorded, settings):
    if "steps" not in settings:
        plain, record = recorded(settings, 8)
        assert record.explanation.facts.passes == plain.facts.passes


@every_grid
@every_way
def test_what_was_collected_up_to_a_stop_is_the_curve_there(recorded, settings, steps):
    record = recorded(settings, steps)[1]
    kept, trace = record.snapshots, record.explanation.trace
    at = np.searchsorted(trace.alphas, kept.alphas)
    assert np.array_equal(trace.alphas[at], kept.alphas)
    sums = kept.cumulative.sum((1, 2, 3), dtype=np.float64)
    np.testing.assert_allclose(sums, trace.cumulative[at], atol=1e-6 * np.abs(record.explanation.values).sum())
    np.testing.assert_allclose(kept.gradients.mean((1, 2, 3)), trace.gradient_mean[at], atol=1e-7)


@every_grid
@every_way
def test_it_begins_with_nothing_and_ends_with_the_map(recorded, settings, steps):
    plain, record = recorded(settings, steps)
    kept = record.snapshots
    assert (kept.alphas[0], kept.alphas[-1]) == (0, 1)
    assert not kept.cumulative[0].any()
    assert np.array_equal(kept.cumulative[-1], plain.values)


def test_a_snapshot_holds_the_gradient_of_that_picture(conv64, noise, question):
    picture = noise((29, 24), dtype=torch.float64)
    explainer = IntegratedGradients(steps=10, rule="trapezoid", baseline="white")
    kept = record_path(explainer, question(conv64, picture, Target(2)), stops_kept=3, steps=8).snapshots
    assert kept.alphas.tolist() == [0, 0.5, 1]
    for alpha, gradient in zip(kept.alphas, kept.gradients, strict=True):
        at = (1 + alpha * (picture - 1))[None].requires_grad_()
        (expected,) = torch.autograd.grad(conv64.network(conv64.normalise(at))[0, 2], at)
        np.testing.assert_allclose(gradient, expected[0].numpy(), rtol=1e-5, atol=1e-9)


def test_snapshots_of_a_straight_line_grow_evenly(linear, noise, question):
    explainer = IntegratedGradients(steps=20, rule="trapezoid")
    record = record_path(explainer, question(linear, noise((5, 7))), stops_kept=21, steps=8)
    for alpha, cumulative in zip(record.snapshots.alphas, record.snapshots.cumulative, strict=True):
        np.testing.assert_allclose(cumulative, alpha * record.explanation.values, atol=1e-6)


@pytest.mark.parametrize("wrong", [{"stops_kept": 1}, {"stops_kept": -2}, {"steps": 100}, {"steps": 1024}], ids=str)
def test_what_can_not_be_kept_is_refused(conv, noise, question, wrong):
    with pytest.raises(ValueError, match="stops_kept must be"):
        record_path(IntegratedGradients(), question(conv, noise((29, 24))), **{"stops_kept": 2, "steps": 8, **wrong})


def test_a_lack_of_memory_at_the_end_is_told_in_a_sentence(conv, noise, question, monkeypatch):
    def snapshots(run):
        raise torch.OutOfMemoryError

    monkeypatch.setattr(PathRun, "snapshots", snapshots)
    with pytest.raises(ExplanationError, match="not enough memory"):
        record_path(IntegratedGradients(), question(conv, noise((29, 24))), stops_kept=3, steps=16)


def test_a_first_look_is_a_record_without_a_grid(conv, noise, question):
    progress = []
    record_path(
        IntegratedGradients(), question(conv, noise((29, 24))), stops_kept=5, steps=8, on_progress=progress.append
    )
    (first,) = [each.preview for each in progress if each.preview]
    assert isinstance(first, PathRecord)
    assert first.grid is None
    assert np.array_equal(first.snapshots.cumulative[-1], first.explanation.values)


# The nested grid


@pytest.mark.parametrize("rule", GRID_RULES)
@pytest.mark.parametrize("settings", [{}, {"baseline": "random", "draws": 2}], ids=["one path", "two paths"])
def test_its_maps_are_those_of_so_many_chosen_steps(conv64, noise, apart, looked, rule, settings):
    grid = looked(**settings).grid
    for steps in grid.counts(rule):
        chosen = IntegratedGradients(steps=steps, rule=rule, **settings)(
            conv64, noise((29, 24), dtype=torch.float64), Target(0)
        )
        assert apart(grid.values(rule, steps), chosen.values) < 1e-5
        assert grid.gap(grid.values(rule, steps)) == pytest.approx(chosen.gap, abs=1e-4)


def test_the_adaptive_map_beside_the_grid_is_that_of_automatic_steps(conv64, looked, noise):
    plain = IntegratedGradients()(conv64, noise((29, 24), dtype=torch.float64), Target(0))
    for settings in ({}, {"steps": 6}):
        grid = looked(**settings).grid
        assert np.array_equal(grid.adaptive, plain.values)
        assert grid.history == plain.history
        assert grid.steps == (8, 16, 32, 64)


def test_the_points_of_several_draws_are_counted_on_each_path(looked):
    record = looked(baseline="random", draws=2)
    assert [level.points for level in record.grid.history] == [
        round(level.points / 2) for level in record.explanation.history
    ]


def test_uniform_steps_are_compared_with_the_adaptive_map(apart, looked):
    grid = looked(grid=64).grid
    for level, steps in zip(grid.levels("trapezoid"), grid.steps, strict=True):
        assert level.distance == pytest.approx(apart(grid.values("trapezoid", steps), grid.adaptive), rel=1e-5)
    distances = [level.distance for level in grid.levels("trapezoid")]
    assert distances == sorted(distances, reverse=True)


def test_chosen_steps_have_adaptive_points_of_their_own(looked):
    record, explainer = looked(steps=5), IntegratedGradients(steps=5)
    assert 7 + 65 <= record.explanation.facts.passes <= record_passes(explainer, explainer.passes(None), 64)
    assert record.grid.history[-1].settled
    assert not record.explanation.history


@pytest.mark.parametrize("settings", [{}, {"baseline": "random", "draws": 2}, {"steps": 6}], ids=str)
def test_more_levels_pass_only_the_new_points_and_are_those_of_a_longer_grid(conv64, noise, question, looked, settings):
    asked, told = question(conv64, noise((29, 24), dtype=torch.float64)), []
    known, expected = (looked(grid=steps, **settings).grid for steps in (64, 256))
    found = extend(IntegratedGradients(**settings), asked, known, 256, on_progress=told.append)
    assert told[0].total == (256 - known.steps[-1]) * settings.get("draws", 1) > 0
    assert found.steps == expected.steps
    np.testing.assert_allclose(found.sums, expected.sums, rtol=1e-5, atol=1e-6)
    assert np.array_equal(found.ends, expected.ends)
