"""Automatic steps: doubled until the map has settled, on paths whose integrals are known."""

import numpy as np
import pytest
import torch

from explainers.paths.adaptive import Integral
from explainers.paths.quadrature import quadrature
from explainers.paths.trace import MIN_SCORE_CHANGE, SETTLED_CHANGE, SETTLED_GAP

GRIDS = [8, 16, 32, 64, 128, 256, 512]


class Line:
    """A path: the gradient times the span (P, pixels), and the score (P,), at alphas (P,)."""

    def __init__(self, slopes, score):
        self.slopes, self.score = slopes, score


def bent(seed, kinks=40, pixels=6):
    """As a network of ReLUs has it: slopes that jump at kinks, and the score that is their sum's integral."""
    draw = np.random.default_rng(seed)
    where, jumps = draw.uniform(size=kinks), draw.normal(size=(kinks, pixels)) / kinks
    first = draw.normal(size=pixels)
    return Line(
        lambda alphas: first + (alphas[:, None] > where) @ jumps,
        lambda alphas: alphas * first.sum() + np.maximum(alphas[:, None] - where, 0) @ jumps.sum(1) + 3,
    )


def jagged(seed):
    """A few large jumps up and down."""
    draw = np.random.default_rng(seed)
    where, jumps = draw.uniform(size=5), draw.normal(size=(5, 6))
    return Line(
        lambda alphas: (alphas[:, None] > where) @ jumps,
        lambda alphas: np.maximum(alphas[:, None] - where, 0) @ jumps.sum(1),
    )


# Sampled at random, as far as any grid can tell
WILD = Line(lambda alphas: np.sin(1e4 * alphas[:, None] * np.arange(1, 9)), lambda alphas: alphas)
STRAIGHT = Line(lambda alphas: np.ones((len(alphas), 1)) * [2.0, -0.5], lambda alphas: 1.5 * alphas - 7)
NOTHING = Line(lambda alphas: np.zeros((len(alphas), 3)), lambda alphas: np.full(len(alphas), 0.3))


def hill(rise, at_the_end):
    """A score that rises and comes back, to `at_the_end`; its map is never right, so that a gap would show."""
    return Line(
        lambda alphas: np.ones((len(alphas), 1)) * [1.0, -0.4],
        lambda alphas: rise * np.sin(np.pi * alphas) + at_the_end * alphas,
    )


class Walk:
    """What an `Integral` asks about some lines, and the passes that it takes."""

    def __init__(self, *lines):
        self.lines, self.asked, self.totals, self.count, self._total = lines, [], [], 0, 99

    def __call__(self, alphas, weights):
        self.asked.append(list(alphas))
        self.count += len(self.lines) * len(alphas)
        at = np.array(alphas)
        values = np.mean([weights @ line.slopes(at) for line in self.lines], 0)
        return torch.from_numpy(values)[None, None], np.stack([self._met(line, at) for line in self.lines])

    def _met(self, line, at):
        slopes, score = line.slopes(at), line.score(at)
        return np.stack([score, score / 10, slopes.sum(1), slopes.mean(1), np.abs(slopes).mean(1)], 1)

    @property
    def total(self):
        return self._total

    @total.setter
    def total(self, total):
        self._total = total
        self.totals.append((self.count, total))


def refined(*lines, column=0):
    """The integral of some lines after refining, and the walk."""
    walk = Walk(*lines)
    integral = Integral(walk, column)
    walk.total = None
    integral.refine(lambda level, left: setattr(walk, "total", walk.count + left))
    return integral, walk


def values(lines, intervals):
    """The trapezoid rule's map."""
    alphas, weights = quadrature("trapezoid", intervals)
    return np.mean([np.dot(weights, line.slopes(np.array(alphas))) for line in lines], 0)


def judged(lines, scale=1.0):
    """What each grid's map is worth: points, change and gap, worked out grid by grid."""
    for number, intervals in enumerate(GRIDS):
        found = values(lines, intervals)
        before = values(lines, GRIDS[number - 1]) if number else None
        score = np.mean([scale * line.score(np.linspace(0, 1, intervals + 1)) for line in lines], 0)
        rise, span = score[-1] - score[0], score.max() - score.min()
        size = np.abs(found).sum()
        yield (
            intervals + 1,
            None if before is None else (np.abs(found - before).sum() / size if size else 0.0),
            abs(found.sum() - rise) / abs(rise) if abs(rise) > MIN_SCORE_CHANGE * span else None,
        )


def same(history, expected):
    for level, (points, change, gap) in zip(history, expected, strict=True):
        assert level.points == points
        assert level.change == (None if change is None else pytest.approx(change, abs=1e-12))
        assert level.gap == (None if gap is None else pytest.approx(gap, abs=1e-12))


SETS = {
    **{f"bent {seed}": (bent(seed),) for seed in range(6)},
    **{f"jagged {seed}": (jagged(seed),) for seed in range(6)},
    "two draws": (bent(1), bent(2)),
    "five draws": tuple(jagged(seed) for seed in range(5)),
    "wild": (WILD,),
    "straight": (STRAIGHT,),
    "nothing": (NOTHING,),
    "hill": (hill(1.0, 0.0),),
}
every_set = pytest.mark.parametrize("lines", SETS.values(), ids=SETS)


@every_set
def test_it_stops_at_the_first_level_that_has_settled_and_not_before(lines):
    history = refined(*lines)[0].history
    expected = list(judged(lines))
    settled = [
        change is not None and change < SETTLED_CHANGE and (gap is None or gap < SETTLED_GAP)
        for _, change, gap in expected
    ]
    end = settled.index(True) + 1 if True in settled else len(GRIDS)
    same(history, expected[:end])
    assert [level.settled for level in history] == settled[:end]


def test_the_sets_end_at_many_levels():
    ends = {len(refined(*lines)[0].history) for lines in SETS.values()}
    assert ends >= {2, 3, 4, 5, 7}  # or the test above would say little


@every_set
def test_its_points_are_those_of_the_trapezoid_rule_and_each_is_passed_once(lines):
    integral, walk = refined(*lines)
    asked = [alpha for part in walk.asked for alpha in part]
    intervals = integral.history[-1].points - 1
    alphas, weights = quadrature("trapezoid", intervals)
    assert sorted(asked) == alphas
    assert walk.asked == [sorted(part) for part in walk.asked]
    assert walk.count == len(lines) * (intervals + 1)
    assert integral.alphas.tolist() == alphas
    assert (integral.weights / integral.intervals).tolist() == weights


@every_set
def test_its_map_and_its_trace_are_those_of_so_many_chosen_steps(lines):
    integral, _ = refined(*lines)
    chosen = Integral(Walk(*lines), 0)
    chosen.add(*quadrature("trapezoid", integral.history[-1].points - 1))
    torch.testing.assert_close(integral.values, chosen.values, rtol=1e-12, atol=1e-14)
    for curve, other in zip(vars(integral.trace()).values(), vars(chosen.trace()).values(), strict=True):
        np.testing.assert_allclose(curve, other, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(integral.scores, [line.score(integral.alphas) for line in lines], rtol=1e-12)


def test_a_straight_line_has_settled_at_once():
    integral, _ = refined(STRAIGHT)
    assert [level.points for level in integral.history] == [9, 17]
    assert integral.history[-1].gap < 1e-12
    assert integral.history[-1].change < 1e-12
    trace = integral.trace()
    np.testing.assert_allclose(trace.cumulative[1:], 1.5 * trace.alphas[1:], rtol=1e-12)


def test_what_never_settles_ends_at_512_steps():
    integral, walk = refined(WILD)
    assert [level.points - 1 for level in integral.history] == GRIDS
    assert not integral.history[-1].settled
    assert walk.count == 513


def test_a_map_of_nothing_has_settled():
    integral, _ = refined(NOTHING)
    assert [(level.points, level.change, level.gap) for level in integral.history] == [(9, None, None), (17, 0, None)]
    assert not integral.values.any()


def test_a_map_that_stands_still_but_does_not_add_up_has_not_settled():
    integral, _ = refined(hill(0.0, 0.5))  # the map says 0.6
    assert [level.change for level in integral.history[1:]] == [pytest.approx(0, abs=1e-12)] * 6
    assert [level.gap for level in integral.history] == [pytest.approx(0.2)] * 7
    assert not integral.history[-1].settled


@pytest.mark.parametrize(
    ("ends", "is_judged"), [(0.0, False), (0.049, False), (-0.049, False), (0.054, True), (-0.054, True)]
)
def test_the_gap_is_judged_only_where_the_ends_differ_by_a_share_of_the_scores_range(ends, is_judged):
    # the range is 1 and a little, since the hill stands on a slope
    history = refined(hill(1.0, ends))[0].history
    assert [level.gap is not None for level in history] == [is_judged] * len(history)
    assert len(history) == (7 if is_judged else 2)  # the map says 0.6, which is far from it


def test_the_explained_number_is_judged():
    line = Line(STRAIGHT.slopes, lambda alphas: 15 * alphas)  # its tenth is the second column
    assert refined(line, column=1)[0].history[-1].gap < 1e-12
    assert refined(line, column=0)[0].history[-1].gap == pytest.approx(0.9)


# Several draws


def test_the_mean_of_the_draws_decides():
    # each alone is wild or far from adding up; together they are a straight line
    wild = Line(lambda alphas: STRAIGHT.slopes(alphas) + WILD.slopes(alphas)[:, :2], lambda alphas: 5 * alphas)
    other = Line(lambda alphas: STRAIGHT.slopes(alphas) - WILD.slopes(alphas)[:, :2], lambda alphas: -2 * alphas)
    integral, walk = refined(wild, other)
    assert [level.points for level in integral.history] == [9, 17]
    assert integral.history[-1].gap < 1e-12
    assert walk.count == 2 * 17
    assert len(refined(wild)[0].history) == 7


def test_the_trace_is_the_mean_of_the_draws():
    first, second = bent(1), bent(2)
    trace = refined(first, second)[0].trace()
    score = (first.score(trace.alphas) + second.score(trace.alphas)) / 2
    slopes = (first.slopes(trace.alphas) + second.slopes(trace.alphas)) / 2
    np.testing.assert_allclose(trace.logits, score)
    np.testing.assert_allclose(trace.probabilities, score / 10)
    np.testing.assert_allclose(trace.slopes, slopes.sum(1))
    np.testing.assert_allclose(trace.gradient_mean, slopes.mean(1))
    assert (trace.gradient_size >= np.abs(trace.gradient_mean)).all()


# Chosen steps


def test_chosen_steps_have_no_history():
    integral = Integral(Walk(bent(0)), 0)
    alphas, weights = quadrature("midpoint", 5)
    integral.add(alphas, weights)
    assert integral.history == []
    np.testing.assert_allclose(integral.values[0, 0], weights @ bent(0).slopes(np.array(alphas)))


# On the way


@every_set
def test_the_first_look_comes_once_after_nine_points(lines):
    walk, seen = Walk(*lines), []
    integral = Integral(walk, 0)

    def preview(level, left):
        if level.change is None:
            seen.append((walk.count, [level.points for level in integral.history], integral.values.clone()))

    integral.refine(preview)
    ((count, points, first),) = seen
    assert count == 9 * len(lines)
    assert points == [9]
    np.testing.assert_allclose(first[0, 0], values(lines, 8), rtol=1e-12, atol=1e-14)


@every_set
def test_the_total_is_unknown_at_first_and_later_leaves_room_for_the_next_level(lines):
    integral, walk = refined(*lines)
    assert walk.totals[0] == (0, None)
    steps = [level.points - 1 for level in integral.history]
    assert [count for count, _ in walk.totals[1:]] == [len(lines) * (intervals + 1) for intervals in steps[:-1]]
    for (_, total), intervals in zip(walk.totals[1:], steps, strict=False):
        after = (total // len(lines) - 1) / intervals
        assert after in (2, 4, 8, 16, 32, 64)
        assert total <= 513 * len(lines)


@pytest.mark.parametrize(
    ("first", "jump", "expected"),
    # 8 intervals give first + 3.5 / 8 * jump and 16 give first + 7.5 / 16 * jump
    [(1.0, 0.7, None), (1.0, 1.5, 32), (1.0, 4.0, 64), (-0.35, 1.0, 256), (-0.45, 1.0, 512)],
)
def test_the_total_supposes_that_the_change_halves_with_every_level(first, jump, expected):
    line = Line(lambda alphas: first + jump * (alphas[:, None] > 0.51), lambda alphas: alphas * 0)
    _, walk = refined(line)
    assert walk.totals[:2] == [(0, None), (9, 17)]  # after the first nothing is known
    assert walk.totals[2:3] == ([] if expected is None else [(17, expected + 1)])
