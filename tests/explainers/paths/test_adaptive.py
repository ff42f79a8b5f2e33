"""Adaptive points: added where the error is, on paths whose integrals are known."""

import math

import numpy as np
import pytest
import torch

from explainers.paths import adaptive
from explainers.paths.adaptive import AdaptiveIntegral
from explainers.paths.intervals import NARROWEST
from explainers.paths.refinement import HALVED_AT_ONCE, MAX_POINTS
from explainers.paths.trace import MIN_SCORE_CHANGE, SETTLED_GAP

TOLERANCE = 0.03


class Line:
    """A path: contributions (P, pixels) and score (P,) at alphas (P,), and the exact map (pixels,) if it is known."""

    def __init__(self, contributions, score, exact=None):
        self.contributions, self.score, self.exact = contributions, score, exact


def bent(seed, kinks=40, pixels=60):
    """As a network of ReLUs has it: contributions that jump at kinks, and the score that is their sum's integral."""
    draw = np.random.default_rng(seed)
    where, jumps = draw.uniform(size=kinks), draw.normal(size=(kinks, pixels))
    first = draw.normal(size=pixels)
    return Line(
        lambda alphas: first + (alphas[:, None] > where) @ jumps,
        lambda alphas: alphas * first.sum() + np.maximum(alphas[:, None] - where, 0) @ jumps.sum(1) + 3,
        first + (1 - where) @ jumps,
    )


def hill(rise, at_the_end):
    """A score that rises and comes back, to `at_the_end`; its map is never right, so that a gap would show."""
    return Line(
        lambda alphas: np.ones((len(alphas), 1)) * [1.0, -0.4],
        lambda alphas: rise * np.sin(np.pi * alphas) + at_the_end * alphas,
    )


def in_one_place(place, steepness, shares=(2.0, -0.5)):
    """A probability that is saturated but for one place on the path, which the first points don't see."""

    def score(alphas):
        return 1.5 / (1 + np.exp(-np.clip(steepness * (alphas - place), -500, 500)))

    def contributions(alphas):
        share = score(alphas) / 1.5
        return steepness * (share * (1 - share))[:, None] * shares

    return Line(contributions, score, np.array(shares))


def spike(place, width):
    """A score that rises and falls back at once: what it gives to two pixels, it takes again, but for the slope."""

    def bump(alphas):
        return np.exp(-(((alphas - place) / width) ** 2))

    def contributions(alphas):
        rise = -2 * (alphas - place) / width**2 * bump(alphas)
        return np.stack([3 * rise + 1, -rise + 0.5, 0 * rise - 0.2], 1)

    return Line(contributions, lambda alphas: 2 * bump(alphas) + 1.3 * alphas, np.array([1.0, 0.5, -0.2]))


# The score doesn't rise as the contributions say
WILD = Line(lambda alphas: np.sin(1e4 * alphas[:, None] * np.arange(1, 9)), lambda alphas: np.sin(9e9 * alphas))
STRAIGHT = Line(
    lambda alphas: np.ones((len(alphas), 1)) * [2.0, -0.5], lambda alphas: 1.5 * alphas - 7, np.array([2, -0.5])
)
NOTHING = Line(lambda alphas: np.zeros((len(alphas), 3)), lambda alphas: np.full(len(alphas), 0.3), np.zeros(3))


class Walk:
    """What an `AdaptiveIntegral` asks about some lines, and how much it keeps of what it was told."""

    def __init__(self, *lines):
        self.lines, self.asked, self.integral, self.kept = lines, [], None, []

    def __call__(self, paths, alphas):
        self.asked += zip(paths, alphas, strict=True)
        self.kept.append(sum(point.contributions is not None for point in self.integral._kept))
        answers = [self._answer(self.lines[path], np.array([alpha])) for path, alpha in zip(paths, alphas, strict=True)]
        contributions, records = (np.concatenate(each) for each in zip(*answers, strict=True))
        return torch.from_numpy(contributions)[:, None, None], records

    def _answer(self, line, at):
        contributions, score = line.contributions(at), line.score(at)
        wide = contributions.astype(float)
        columns = [score, score / 10, wide.sum(1), wide.mean(1), np.abs(wide).mean(1)]
        return contributions, np.stack(columns, 1)


def refined(*lines, tolerance=TOLERANCE, column=0, on_level=lambda level, left: None):
    """The integral of some lines after refining, and the walk."""
    walk = Walk(*lines)
    walk.integral = AdaptiveIntegral(walk, len(lines), column)
    walk.integral.refine(tolerance, on_level)
    return walk.integral, walk


def values(integral):
    return integral.values[0, 0].numpy()


def true_error(integral, *lines):
    """How far the map really is from the exact one."""
    exact = np.mean([line.exact for line in lines], 0)
    return np.abs(values(integral) - exact).sum() / np.abs(exact).sum()


BENT = [bent(seed) for seed in range(8)]
SETS = {
    **{f"bent {seed}": (line,) for seed, line in enumerate(BENT)},
    "two draws": BENT[1:3],
    "five draws": BENT[3:8],
    "straight": (STRAIGHT,),
    "nothing": (NOTHING,),
    "in one place": (in_one_place(0.335, 3000),),
    "spike": (spike(0.37, 0.01),),
}
every_set = pytest.mark.parametrize("lines", SETS.values(), ids=SETS)


# The map and its error


@every_set
def test_it_stops_when_the_expected_error_is_below_the_tolerance_and_not_before(lines):
    integral, walk = refined(*lines)
    assert [level.settled for level in integral.history] == [False] * (len(integral.history) - 1) + [True]
    for level in integral.history:
        adds_up = level.gap is None or level.gap < SETTLED_GAP
        assert level.settled == (level.error < TOLERANCE and adds_up)
    assert integral.error == integral.history[-1].error
    assert len(walk.asked) == integral.passed < 400


@every_set
def test_the_map_is_that_of_the_trapezoid_rule_on_its_points_each_of_which_passed_once(lines):
    integral, walk = refined(*lines)
    assert len(set(walk.asked)) == len(walk.asked)
    expected = []
    for number, line in enumerate(lines):
        alphas = np.array(sorted(alpha for path, alpha in walk.asked if path == number))
        assert (alphas[0], alphas[-1]) == (0, 1)
        expected.append(np.trapezoid(line.contributions(alphas), alphas, axis=0))
    np.testing.assert_allclose(values(integral), np.mean(expected, 0), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("tolerance", [0.1, 0.03, 0.01])
def test_the_expected_error_is_the_true_one_where_contributions_jump(tolerance):
    ratios = []
    for line in BENT:
        integral, _ = refined(line, tolerance=tolerance)
        ratios.append(true_error(integral, line) / integral.error)
    assert 0.75 < np.mean(ratios) < 1.25
    assert min(ratios) > 0.5
    assert max(ratios) < 1.5


@pytest.mark.parametrize("tolerance", [0.1, 0.03, 0.01])
def test_kinks_at_the_baseline_itself_are_told_to_the_point(tolerance):
    # Where nothing has a bias, the gradient is that of the picture all along a path from black, but 0 at its start.
    own = np.array([2.0, -0.7, 0.4])
    line = Line(lambda alphas: (alphas[:, None] > 0) * own, lambda alphas: alphas * own.sum(), own)
    integral, _ = refined(line, tolerance=tolerance)
    narrowest = min(alpha for alpha in integral._records[0] if alpha)
    assert true_error(integral, line) == pytest.approx(narrowest / 2, rel=1e-4)
    assert integral.error == pytest.approx(true_error(integral, line), rel=0.05)
    assert integral.history[-1].settled


@pytest.mark.parametrize("tolerance", [0.1, 0.03, 0.01])
def test_errors_of_one_sign_are_not_smaller_than_the_gap_that_they_leave(tolerance):
    # A jump up at every first point, whose gradient is that before the jump: each interval misses half of its jump.
    where = np.arange(1, 16) / 16
    line = Line(
        lambda alphas: (alphas[:, None] > where).sum(1, keepdims=True) * [0.5, 0.5],
        lambda alphas: np.maximum(alphas[:, None] - where, 0).sum(1),
        np.full(2, (1 - where).sum() / 2),
    )
    integral, _ = refined(line, tolerance=tolerance)
    assert integral.error == pytest.approx(true_error(integral, line), rel=0.06)
    assert integral.history[-1].settled


def test_a_map_whose_magnitudes_add_up_to_more_than_float32_holds_has_an_error():
    large = bent(0)
    scale = np.finfo(np.float32).max / np.abs(large.exact).sum()
    line = Line(
        lambda alphas: (1.05 * scale * large.contributions(alphas)).astype(np.float32),
        lambda alphas: 1.05 * scale * large.score(alphas),
    )
    assert np.abs(values(refined(line)[0]).astype(float)).sum() > np.finfo(np.float32).max
    assert refined(line)[0].error == pytest.approx(refined(large)[0].error, rel=1e-3)


def test_the_expected_error_of_several_draws_is_that_of_their_mean():
    ratios = [
        true_error(integral, *lines) / integral.error
        for lines in (BENT[:4], BENT[4:], BENT[2:6])
        for integral in [refined(*lines)[0]]
    ]
    assert min(ratios) > 0.7
    assert max(ratios) < 1.4


def test_one_jump_is_found_by_bisection():
    # contributions jump by 5 and -3 at 0.3: by hand, the map is 1 + 5 * 0.7 and 2 - 3 * 0.7
    line = Line(
        lambda alphas: np.array([1.0, 2.0]) + (alphas[:, None] > 0.3) * [5.0, -3.0],
        lambda alphas: 3 * alphas + 2 * np.maximum(alphas - 0.3, 0),
    )
    integral, walk = refined(line, tolerance=0.01)
    assert values(integral) == pytest.approx([4.5, -0.1], abs=0.01 * 4.6)
    assert walk.asked[17:] == [(0, 0.28125), (0, 0.296875)]  # only one interval errs at a time


def test_while_the_error_is_large_in_one_place_others_are_looked_at_once():
    rise, waves = in_one_place(0.335, 3000), bent(3, kinks=400, pixels=2)
    line = Line(
        lambda alphas: rise.contributions(alphas) + 0.001 * waves.contributions(alphas),
        lambda alphas: rise.score(alphas) + 0.001 * waves.score(alphas),
    )
    _, walk = refined(line)
    added = np.array([alpha for _, alpha in walk.asked[17:]])
    elsewhere = added[abs(added - 0.335) > 1 / 16]
    assert len(added) - len(elsewhere) > 10
    assert len(elsewhere) == 14
    assert all((32 * alpha).is_integer() for alpha in elsewhere)


@pytest.mark.parametrize("place", [(number + 0.45) / 16 for number in (0, 3, 5, 8, 11, 15)])
def test_what_is_hidden_between_two_first_points_is_found_beside_one_large_kink(place):
    kink = 0.61

    def bump(alphas):
        return np.exp(-(((alphas - place) / 0.012) ** 2))

    # one pixel gains what another loses again, so the score doesn't tell
    def contributions(alphas):
        rise = 40 * bump(alphas)
        return np.stack([rise, -rise, 1 + 12.0 * (alphas > kink)], 1)

    hidden = 40 * 0.012 * math.sqrt(math.pi)
    cut = 0.5 * (1 + math.erf(place / 0.012)) - 0.5 * (1 + math.erf((place - 1) / 0.012))
    line = Line(
        contributions,
        lambda alphas: alphas + 12 * np.maximum(alphas - kink, 0),
        np.array([hidden * cut, -hidden * cut, 1 + 12 * (1 - kink)]),
    )
    integral, _ = refined(line, tolerance=0.01)
    assert true_error(integral, line) < 0.02


@pytest.mark.parametrize("tolerance", [0.01, 0.005])
def test_the_last_points_are_not_spent_beyond_the_tolerance(tolerance):
    shares = [refined(line, tolerance=tolerance)[0].error / tolerance for line in BENT]
    assert max(shares) < 1
    assert np.mean(shares) > 0.95


def test_a_smaller_tolerance_takes_more_points():
    points = [refined(BENT[0], tolerance=tolerance)[0].passed for tolerance in (0.1, 0.01, 0.005)]
    assert points == sorted(set(points))


@pytest.mark.parametrize("place", [0.03, 0.335, 0.61, 0.99])
@pytest.mark.parametrize("steepness", [50, 1000, 30000])
def test_a_rise_between_two_points_is_found_by_the_score_alone(place, steepness):
    line = in_one_place(place, steepness, (2.0, -0.5))
    integral, walk = refined(line)
    reached = line.score(np.array([1.0])) - line.score(np.array([0.0]))
    exact = line.exact * reached / 1.5
    assert np.abs(values(integral) - exact).sum() < TOLERANCE * np.abs(exact).sum()
    assert integral.history[-1].settled
    assert len(walk.asked) < 150


def test_a_spike_of_which_one_point_sees_the_foot_is_integrated():
    line = spike(0.37, 0.01)
    integral, _ = refined(line)
    assert true_error(integral, line) < TOLERANCE
    uniform = np.linspace(0, 1, 65)
    missed = np.trapezoid(line.contributions(uniform), uniform, axis=0) - line.exact
    assert np.abs(missed).sum() > 5 * TOLERANCE * np.abs(line.exact).sum()  # by as many uniform points


def test_a_straight_line_takes_the_first_points_only():
    integral, walk = refined(STRAIGHT)
    assert sorted(walk.asked) == [(0, number / 16) for number in range(17)]
    assert walk.asked[0] == (0, 1.0)  # the picture, whose gradient is verified
    (level,) = integral.history
    assert level.error < 1e-9
    assert level.gap < 1e-12


def test_a_map_of_nothing_has_settled():
    integral, _ = refined(NOTHING)
    assert [(level.points, level.error, level.gap) for level in integral.history] == [(17, 0, None)]
    assert not values(integral).any()


@pytest.mark.parametrize("size", [1e-140, 1e150])
def test_scores_of_any_size_are_integrated(size):
    bare, walk = refined(BENT[0])
    line = Line(lambda alphas: size * BENT[0].contributions(alphas), lambda alphas: size * BENT[0].score(alphas))
    integral, other_walk = refined(line)
    assert other_walk.asked == walk.asked
    assert integral.error == pytest.approx(bare.error)


# What can't be integrated


def test_a_jump_of_the_score_that_no_gradient_shows_is_never_taken_for_accurate():
    line = Line(STRAIGHT.contributions, lambda alphas: 1.5 * alphas + (alphas > 0.4))
    integral, walk = refined(line)
    last = integral.history[-1]
    assert not last.settled
    assert last.error == pytest.approx(1 / 2.5, rel=0.01)  # the jump, as a share of the map
    assert last.gap == pytest.approx(1 / 2.5, rel=0.01)
    closest = min(abs(alpha - 0.4) for _, alpha in walk.asked)
    assert closest <= NARROWEST
    assert len(walk.asked) < 60  # what jumps is followed for a while, and then no further


def test_a_jump_that_no_gradient_shows_is_made_up_for_elsewhere_if_it_is_small():
    # the jump alone is 1.2% of the map, and 1.5% are asked for; all else must be right to 0.9%
    wave = bent(11, kinks=300)
    size = np.abs(wave.exact).sum()
    line = Line(wave.contributions, lambda alphas: wave.score(alphas) + 0.012 * size * (alphas > 0.4))
    integral, _ = refined(line, tolerance=0.015)
    last = integral.history[-1]
    assert last.error < 0.015
    rest = [each for each in integral._intervals if not each.halvable]
    assert sum(each.error for each in rest) == pytest.approx(0.012 * size, rel=0.05)
    assert last.settled == (last.gap is None or last.gap < SETTLED_GAP)


def test_a_map_of_zeros_beside_a_score_that_jumps_has_no_error_to_tell():
    integral, _ = refined(Line(NOTHING.contributions, lambda alphas: 1.0 * (alphas > 0.4)))
    assert not integral.history[-1].settled
    assert integral.history[-1].error == math.inf
    assert integral.error is None


@pytest.mark.parametrize("line", [WILD, hill(0.0, 0.5)], ids=["wild", "wrong everywhere"])
def test_what_never_settles_ends_at_the_largest_number_of_points(line):
    integral, walk = refined(line)
    assert not integral.history[-1].settled
    assert len(walk.asked) == integral.passed == MAX_POINTS


def test_a_gradient_that_is_not_finite_ends_at_once():
    integral, walk = refined(Line(lambda alphas: np.where(alphas > 0, 1, np.inf)[:, None], lambda alphas: alphas))
    assert len(walk.asked) == 17
    assert not integral.history[-1].settled


@pytest.mark.parametrize(
    ("ends", "is_judged"), [(0.0, False), (0.049, False), (-0.049, False), (0.054, True), (-0.054, True)]
)
def test_the_gap_is_judged_only_where_the_ends_differ_by_a_share_of_the_scores_range(ends, is_judged):
    # the range is 1 and a little, since the hill stands on a slope
    history = refined(hill(1.0, ends), tolerance=10.0)[0].history
    assert [level.gap is not None for level in history] == [is_judged] * len(history)
    assert MIN_SCORE_CHANGE == 0.05


@pytest.mark.parametrize("difference", [1e-6, -1e-6, 9e-5])
def test_no_gap_is_judged_where_all_scores_are_equal_but_for_rounding(difference):
    rounded = Line(lambda alphas: np.zeros((len(alphas), 3)), lambda alphas: 8 * (1 + difference * (alphas == 1)))
    assert {level.gap for level in refined(rounded)[0].history} == {None}


def test_the_explained_number_is_judged():
    line = Line(STRAIGHT.contributions, lambda alphas: 15 * alphas)  # its tenth is the second column
    assert refined(line, column=1)[0].history[-1].gap < 1e-12
    assert refined(line, column=0, tolerance=10.0)[0].history[0].gap == pytest.approx(0.9)


# Several draws


def test_draws_share_a_budget_and_the_largest_error_goes_next():
    integral, walk = refined(STRAIGHT_60, BENT[0], tolerance=0.004)
    by_path = [sum(path == number for path, _ in walk.asked) for number in range(2)]
    assert by_path[0] == 17
    assert by_path[1] > 60
    assert integral.history[-1].points == integral.passed == sum(by_path)


STRAIGHT_60 = Line(lambda alphas: np.ones((len(alphas), 60)), lambda alphas: 60 * alphas, np.ones(60))


def test_the_trace_is_the_mean_of_the_draws_and_adds_up_to_the_map():
    integral, walk = refined(STRAIGHT_60, BENT[0], BENT[1], tolerance=0.01)
    assert len(walk.asked) > 3 * 17
    trace = integral.trace()
    assert trace.alphas.tolist() == sorted({alpha for _, alpha in walk.asked})
    shared = [alpha for alpha in trace.alphas if {(0, alpha), (1, alpha), (2, alpha)} <= set(walk.asked)]
    at = np.searchsorted(trace.alphas, shared)
    for found, expected in (
        (trace.logits, lambda line: line.score(np.array(shared))),
        (trace.probabilities, lambda line: line.score(np.array(shared)) / 10),
        (trace.slopes, lambda line: line.contributions(np.array(shared)).sum(1)),
        (trace.gradient_mean, lambda line: line.contributions(np.array(shared)).mean(1)),
        (trace.gradient_size, lambda line: np.abs(line.contributions(np.array(shared))).mean(1)),
    ):
        np.testing.assert_allclose(found[at], np.mean([expected(line) for line in walk.lines], 0), rtol=1e-12)
    assert np.trapezoid(trace.slopes, trace.alphas) == pytest.approx(values(integral).sum(), rel=1e-12)
    assert trace.cumulative[0] == 0
    assert trace.cumulative[-1] == pytest.approx(values(integral).sum(), rel=1e-12)
    sums = integral.part_sums.sum((1, 2, 3)).cumsum(0)
    np.testing.assert_allclose(trace.cumulative[np.searchsorted(trace.alphas, np.arange(1, 17) / 16)], sums, rtol=1e-9)


# Memory


def test_no_more_contributions_are_kept_than_fit_and_the_map_stays_the_same(monkeypatch):
    bumpy = bent(9, kinks=2000)
    free, free_walk = refined(bumpy, tolerance=0.002)
    assert free.passed > 200
    assert max(free_walk.kept) > 100
    monkeypatch.setattr(adaptive, "KEPT_BYTES", 40 * 60 * 8)  # 40 points of 60 numbers
    tight, walk = refined(bumpy, tolerance=0.002)
    assert max(walk.kept) <= 40 + 2 * HALVED_AT_ONCE  # and those that pass again for the next intervals
    assert set(walk.asked) == set(free_walk.asked)
    assert free.passed < tight.passed == len(walk.asked) < 2 * free.passed  # some pass again
    np.testing.assert_allclose(values(tight), values(free), rtol=1e-9)
    assert tight.history == tuple(pytest.approx(level) if isinstance(level, float) else level for level in free.history)


def test_points_that_pass_again_count_among_the_largest_number(monkeypatch):
    monkeypatch.setattr(adaptive, "KEPT_BYTES", 0)
    integral, walk = refined(WILD)
    assert max(walk.kept) <= 5 * HALVED_AT_ONCE  # three times as many, and those that pass again
    assert MAX_POINTS - 3 * HALVED_AT_ONCE < len(walk.asked) <= MAX_POINTS
    assert integral.passed > integral.history[-1].points


# On the way


def cancelling(seed, kinks=60, pixels=400, change=20.0):
    """As `bent`, of a large map whose pixels cancel out but for a small change of the score."""
    draw = np.random.default_rng(seed)
    where, jumps = draw.uniform(size=kinks), draw.normal(size=(kinks, pixels))
    exact = change / pixels + np.resize([30.0, -30.0], pixels)
    first = exact - (1 - where) @ jumps
    return Line(
        lambda alphas: first + (alphas[:, None] > where) @ jumps,
        lambda alphas: alphas * first.sum() + np.maximum(alphas[:, None] - where, 0) @ jumps.sum(1),
        exact,
    )


@pytest.mark.parametrize("seed", range(8))
def test_few_points_close_the_gap_of_a_map_that_is_accurate_enough(seed):
    line = cancelling(seed)
    integral, walk = refined(line)
    assert integral.history[0].error < TOLERANCE
    assert integral.history[-1].settled
    assert len(walk.asked) <= 17 + 16
    assert true_error(integral, line) < TOLERANCE


def test_a_gap_is_open_where_the_error_is_small():
    first = [refined(cancelling(seed))[0].history[0] for seed in range(8)]
    assert sum(level.gap > SETTLED_GAP for level in first) >= 3


@every_set
def test_it_tells_each_level_and_how_many_points_are_to_come(lines):
    told = []
    integral, _ = refined(*lines, on_level=lambda level, left: told.append((level, left)))
    assert [level for level, _ in told] == list(integral.history[:-1])
    for level, left in told:
        assert 1 <= left <= MAX_POINTS - level.points


def test_the_number_of_points_to_come_supposes_that_halves_err_by_half_as_much_together():
    told = []
    integral, _ = refined(bent(9, kinks=2000), tolerance=0.01, on_level=lambda level, left: told.append((level, left)))
    assert len(told) >= 5
    for level, left in told:
        assert 0.7 < (level.points + left) / integral.passed < 1.4


def test_it_repeats_bit_for_bit():
    first, second = (refined(*BENT[:3])[0] for _ in range(2))
    assert first.values.numpy().tobytes() == second.values.numpy().tobytes()
    assert first.history == second.history
