"""Time to a given error: maps of even steps from one set of gradients, and what is made of the cases."""

from collections import Counter
from pathlib import Path

import pytest
import torch

from explainers import IntegratedGradients, Target
from tools.benchmark import errors
from tools.benchmark.errors import PROMISED, Case


def test_the_even_maps_are_those_of_so_many_steps(conv64, noise, apart):
    picture, target = noise(conv64.size, dtype=torch.float64), Target(1, scale="probability")
    reference, by_steps = errors._even_maps(conv64, picture, target, 120)
    assert list(by_steps) == [10, 12, 15, 20, 30, 60]  # the divisors of 60
    for steps, values in by_steps.items():
        assert apart(IntegratedGradients(steps=steps)(conv64, picture, target).values, values) < 1e-6
    exact = IntegratedGradients(steps=120, rule="trapezoid")(conv64, picture, target).values
    assert apart(exact, reference) < 1e-6


def test_without_photos_it_is_skipped(monkeypatch):
    monkeypatch.delenv("WHYPIXEL_PHOTOS", raising=False)
    assert errors.time_to_error(1, 120) is None


def test_the_first_few_maps_are_drawn_evenly():
    photos = [Path(f"{number}.png") for number in range(7)]
    drawn = errors.evenly_drawn(["one", "other"], photos)
    assert len(drawn) == len(set(drawn)) == 2 * 2 * 7
    first = drawn[:7]
    assert {photo for _, photo, _ in first} == set(photos)
    assert sorted(Counter((network, scale) for network, _, scale in first).values()) == [1, 2, 2, 2]


@pytest.fixture
def cases():
    """Twenty cases, of 40, 80, ... steps, of which one is slow, and one says half of its error."""

    def case(number):
        seconds, expected = (1.2 if number == 0 else 0.5), (0.01 if number == 1 else 0.02)
        return Case("Net", "a.png", "logit", PROMISED, 65, expected, 0.021, 40 * (number + 1), seconds, 1.0)

    return [case(number) for number in range(20)]


def test_promises_are_judged_over_all_cases(cases):
    median, hardest, slower, worst, calibrated = errors._limits(cases, cases)
    assert (median.measured, hardest.measured, worst.measured) == (0.5, 0.5, 1.2)
    assert (slower.measured, calibrated.measured) == (pytest.approx(0.05), pytest.approx(0.95))
    assert [limit.met for limit in (median, hardest, slower, worst, calibrated)] == [True, False, True, False, True]


def test_a_row_has_medians_and_the_worst(cases):
    assert errors._row("Net", cases) == ["Net", 20, 65, 420, 0.5, 1.0, 0.5, 1.2, 0.021, 0.021, pytest.approx(0.95)]
