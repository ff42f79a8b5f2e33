"""Draws that repeat, sums that keep nothing, errors that are what they say, and as many samples as are needed."""

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from explainers import (
    LIME,
    RISE,
    ExpectedGradients,
    KernelSHAP,
    SmoothGrad,
    SmoothGradSquared,
    Target,
    VarGrad,
)
from explainers.arrays import relative_l1
from explainers.explanation import Sampling
from explainers.methods.sampling import MEAN_DISTANCE, Estimate, Moments, Plan, gaussian, seeds


def test_more_samples_begin_with_the_same_ones():
    assert seeds(3, 5) == seeds(3, 9)[:5]
    assert len(set(seeds(3, 1000))) == 1000
    assert seeds(3, 5) != seeds(4, 5)


def test_the_numbers_are_normal_and_of_each_seed_alone():
    drawn = torch.stack([gaussian(seed, torch.zeros(3, 20, 20)) for seed in seeds(0, 50)]).double()
    assert float(drawn.mean()) == pytest.approx(0, abs=0.01)
    assert float(drawn.std()) == pytest.approx(1, abs=0.01)
    assert float((drawn[1:] * drawn[:-1]).mean()) == pytest.approx(0, abs=0.01)
    assert gaussian(seeds(0, 50)[7], torch.zeros(3, 20, 20)).double().equal(drawn[7])


def test_they_leave_the_global_generator_alone():
    before = torch.random.get_rng_state()
    gaussian(seeds(0, 2)[1], torch.zeros(3))
    assert torch.random.get_rng_state().equal(before)


def test_they_take_the_type_of_what_they_resemble():
    single, double = (gaussian(1, torch.zeros(4, dtype=dtype)) for dtype in (torch.float32, torch.float64))
    assert double.dtype == torch.float64
    assert double.float().equal(single)


@pytest.mark.parametrize("sizes", [[10], [1, 3, 6]])
def test_the_moments_are_those_of_all_samples_whatever_the_chunk(sizes):
    values = torch.stack([gaussian(seed, torch.zeros(2, 3, dtype=torch.float64)) for seed in range(10)])
    moments = Moments(torch.full((2, 3), 0.5, dtype=torch.float64), 4)
    for part in values.split(sizes):
        moments.add(part)
    differences = values - 0.5
    assert moments.count == 10
    torch.testing.assert_close(moments.means, torch.stack([differences.pow(order).mean(0) for order in range(1, 5)]))


def test_powers_of_small_numbers_do_not_vanish():
    moments = Moments(torch.zeros(1), 4)
    moments.add(torch.tensor([[1e-30], [3e-30]]))
    assert moments.means.flatten().tolist() == pytest.approx([2e-30, 5e-60, 14e-90, 41e-120], rel=1e-6, abs=0)


def test_no_graph_is_kept_of_samples():
    moments = Moments(torch.zeros(2, requires_grad=True), 2)
    moments.add(torch.ones(3, 2, requires_grad=True) * 2)
    assert not moments.means.requires_grad


# Estimates


def test_the_error_is_the_mean_distance_of_such_maps_from_the_exact_one():
    exact = torch.linspace(-1, 2, 400, dtype=torch.float64)
    spread = torch.linspace(0, 0.5, 400, dtype=torch.float64)
    maps = [exact + spread * gaussian(seed, exact) for seed in range(200)]
    found = [Estimate(each, spread).error / float((each - exact).abs().sum() / each.abs().sum()) for each in maps]
    assert sum(found) / 200 == pytest.approx(1, abs=0.02)


def test_of_a_mean_the_standard_error_falls_with_the_root_of_the_samples():
    few, many = (Estimate.of_mean(torch.ones(3), torch.full((3,), 4.0), count) for count in (5, 101))
    torch.testing.assert_close(few.standard_error, torch.full((3,), 1.0))
    torch.testing.assert_close(many.standard_error, torch.full((3,), 0.2))
    assert Estimate.of_mean(torch.ones(3), torch.zeros(3), 1).standard_error is None


@pytest.mark.parametrize(
    ("value", "spread", "error"), [(0.0, 0.0, 0.0), (0.0, 1.0, None), (1.0, 0.0, 0.0), (1.0, None, None)]
)
def test_what_is_not_known_is_not_told(value, spread, error):
    assert Estimate(torch.full((2,), value), None if spread is None else torch.full((2,), spread)).error == error


# How many samples


@pytest.fixture
def passes():
    return SimpleNamespace(chunks=SimpleNamespace(size=16), total=777, count=0)


def drawn(plan, passes, error):
    """What a plan draws where the error of `count` samples is error(count); its looks; and those of its previews."""
    looks, previews = [], []

    def extend(count):
        looks.append(count)
        spread = error(count) / MEAN_DISTANCE if error(count) is not None else None
        return Estimate(torch.ones(1), None if spread is None else torch.tensor([spread]))

    found = plan.draw(passes, extend, lambda first: previews.append(first.sampling.count))
    return found.sampling, looks, previews


@pytest.mark.parametrize(
    ("most", "looks"), [(1, [1]), (16, [16]), (17, [16, 17]), (250, [32, 250]), (1000, [112, 1000])]
)
def test_a_chosen_number_is_drawn_with_a_preview_after_a_tenth_in_whole_chunks(passes, most, looks):
    sampling, found, previews = drawn(Plan("masks", most, None), passes, lambda count: 0.0)
    assert (found, previews) == (looks, looks[:-1])
    assert sampling == Sampling(most, "masks", None)
    assert passes.total == 777


def test_samples_of_several_passes_are_not_rounded(passes):
    assert drawn(Plan("pictures", 20, None, passes=6), passes, lambda count: 0.0)[1] == [2, 20]


def test_an_automatic_number_ends_when_the_error_is_small_enough(passes):
    plan = Plan("masks", 8000, 0.1)
    sampling, looks, previews = drawn(plan, passes, lambda count: 3 / count**0.5)
    assert sampling == Sampling(looks[-1], "masks", True)
    assert looks == [32, 64, 128, 256, 512, 912]  # 900 samples have an error of 0.1
    assert previews == [32]


def test_what_is_exact_at_once_needs_no_more(passes):
    sampling, looks, previews = drawn(Plan("masks", 8000, 0.1), passes, lambda count: 0.0)
    assert (sampling, looks, previews) == (Sampling(32, "masks", True), [32], [32])


@pytest.mark.parametrize("error", [lambda count: 0.5, lambda count: None])
def test_an_automatic_number_that_does_not_suffice_says_so(passes, error):
    sampling, looks, _ = drawn(Plan("masks", 300, 0.1), passes, error)
    assert looks == [32, 64, 128, 256, 300]
    assert sampling == Sampling(300, "masks", False)


def test_a_map_that_will_never_be_finite_is_given_up_at_once(passes):
    assert drawn(Plan("masks", 8000, 0.1), passes, lambda count: math.nan)[1] == [32]


def test_the_total_is_what_is_expected_to_be_needed(passes):
    totals, plan = [], Plan("masks", 8000, 0.1)

    def extend(count):
        totals.append(passes.total)
        passes.count = count
        return Estimate(torch.ones(1), torch.tensor([3 / count**0.5 / MEAN_DISTANCE]))

    plan.draw(passes, extend, lambda first: None)
    assert totals[0] is None
    assert totals[1:] == [pytest.approx(900, abs=12)] * 5


# Calibration

SAMPLED = {
    "samples": (
        SmoothGrad(samples=20),
        SmoothGradSquared(samples=50),
        VarGrad(samples=50),
        LIME(segments=6, samples=60, ridge=0.0),
        KernelSHAP(segments=7, samples=100),
    ),
    "masks": (RISE(masks=100, grid=3),),
    "draws": (ExpectedGradients(draws=10, points=2), ExpectedGradients(draws=10, points=2, background="noise")),
}


@pytest.mark.parametrize(
    ("name", "explainer"),
    [(name, explainer) for name, explainers in SAMPLED.items() for explainer in explainers],
    ids=str,
)
def test_the_standard_error_is_that_of_maps_of_other_seeds(conv, noise, name, explainer):
    picture, share = noise(conv.size), 10
    high = explainer.knobs()[name].high
    more = share * getattr(explainer, name)
    parts = math.ceil(more / high)
    reference = np.mean(
        [
            replace(explainer, **{name: more // parts, "seed": 1000 + part})(conv, picture, Target(1)).values
            for part in range(parts)
        ],
        0,
    )
    covered, ratios = [], []
    for seed in range(16):
        found = replace(explainer, seed=seed)(conv, picture, Target(1))
        distance = np.abs(found.values - reference)
        covered.append((distance <= 1.96 * (1 + 1 / share) ** 0.5 * found.standard_error).mean())
        ratios.append(found.error * (1 + 1 / share) ** 0.5 / relative_l1(found.values, reference))
    assert 0.87 < np.mean(covered) < 0.99
    assert 0.8 < np.median(ratios) < 1.2
