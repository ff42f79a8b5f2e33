"""What is recorded of a path: the map is the same, stops are points that were passed, and one grid holds many maps."""

from functools import cache

import numpy as np
import pytest
import torch

from explainers import IntegratedGradients, Target
from explainers.methods.path_record import PathRecord, extend, record_passes, record_path
from explainers.paths.step_grid import GRID_RULES

ASKED = {
    "automatic": {},
    "seven midpoints": {"steps": 7},
    "sixty steps, left": {"steps": 60, "rule": "left"},
    "Gauss-Legendre": {"steps": 12, "rule": "gauss-legendre"},
    "three draws": {"baseline": "random", "draws": 3},
}
every_way = pytest.mark.parametrize("settings", ASKED.values(), ids=ASKED)
every_grid = pytest.mark.parametrize("steps", [8, 512])  # within the automatic steps, and far beyond them


@pytest.fixture(scope="module")
def recorded(conv, noise, question):
    """(settings, steps) -> the plain explanation, and the record of it."""
    asked = question(conv, noise((29, 24)), Target(1, scale="probability"))

    @cache
    def make(explainer, steps):
        return explainer.explain(asked), record_path(explainer, asked, stops_kept=21, steps=steps)

    return lambda settings, steps: make(IntegratedGradients(**settings), steps)


@pytest.fixture(scope="module")
def looked(conv, noise, question):
    """(grid=64, **settings) -> a record with a grid of so many steps."""
    asked = question(conv, noise((29, 24)), Target(0))

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
def test_a_grid_within_the_automatic_steps_costs_nothing_and_beside_chosen_ones_as_much_as_it_says(recorded, settings):
    plain, record = recorded(settings, 8)
    expected = record_passes(IntegratedGradients(**settings), plain.facts.passes, 8)
    assert record.explanation.facts.passes == expected == plain.facts.passes + (9 if "steps" in settings else 0)


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
def test_its_maps_are_those_of_so_many_chosen_steps(conv, noise, apart, looked, rule, settings):
    grid = looked(**settings).grid
    for steps in grid.counts(rule):
        chosen = IntegratedGradients(steps=steps, rule=rule, **settings)(conv, noise((29, 24)), Target(0))
        assert apart(grid.values(rule, steps), chosen.values) < 1e-5
        assert grid.gap(grid.values(rule, steps)) == pytest.approx(chosen.gap, abs=1e-4)


def test_automatic_steps_are_carried_on_and_no_point_is_passed_twice(conv, looked, noise):
    plain = IntegratedGradients()(conv, noise((29, 24)), Target(0))
    record = looked(grid=256)
    found = record.explanation
    assert plain.history[-1].points < 257  # or nothing was carried on
    assert np.array_equal(found.values, plain.values)
    assert found.history == plain.history
    assert found.facts.passes == 257
    assert record.grid.steps == (8, 16, 32, 64, 128, 256)


def test_automatic_steps_that_went_farther_are_in_the_grid(looked, monkeypatch):
    monkeypatch.setattr("explainers.paths.trace.SETTLED_CHANGE", 1e-9)
    record = looked(grid=64)
    assert record.grid.steps[-1] == 512
    assert record.explanation.facts.passes == 513


def test_chosen_steps_have_a_grid_of_their_own(looked):
    record, explainer = looked(steps=5), IntegratedGradients(steps=5)
    assert record.explanation.facts.passes == 7 + 65
    assert record_passes(explainer, explainer.passes(None), 64) == 7 + 65
    assert record.grid.steps == (8, 16, 32, 64)
    assert not record.explanation.history


def test_levels_of_the_trapezoid_are_those_of_automatic_steps(looked):
    record = looked(grid=8)
    for level, expected in zip(record.grid.levels("trapezoid"), record.explanation.history, strict=True):
        assert level.points == expected.points
        assert level.change == (None if expected.change is None else pytest.approx(expected.change, rel=1e-4))
        assert level.gap == pytest.approx(expected.gap, abs=1e-5)


@pytest.mark.parametrize("settings", [{}, {"baseline": "random", "draws": 2}, {"steps": 6}], ids=str)
def test_more_levels_pass_only_the_new_points_and_are_those_of_a_longer_grid(conv, noise, question, looked, settings):
    asked, told = question(conv, noise((29, 24))), []
    known, expected = (looked(grid=steps, **settings).grid for steps in (64, 256))
    found = extend(IntegratedGradients(**settings), asked, known, 256, on_progress=told.append)
    assert told[0].total == (256 - known.steps[-1]) * settings.get("draws", 1) > 0
    assert found.steps == expected.steps
    assert np.array_equal(found.sums, expected.sums)
    assert np.array_equal(found.ends, expected.ends)
