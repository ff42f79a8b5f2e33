"""Draws that repeat and moments that keep nothing."""

import pytest
import torch

from explainers import Target
from explainers.methods.sampling import gaussian, moments, seeds
from explainers.passes import Passes


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


@pytest.fixture
def passes(conv64):
    return Passes(conv64, [Target(0), Target(1)], fused=True)


@pytest.mark.parametrize("chunk", [1, 3, 7, 20])
def test_the_moments_are_those_of_all_samples_whatever_the_chunk(passes, chunk):
    values = torch.stack([gaussian(seed, torch.zeros(2, 3, dtype=torch.float64)) for seed in range(10)])
    centre, asked = torch.full((2, 3), 0.5, dtype=torch.float64), []

    def sample(numbers, rows):
        asked.append((list(numbers), rows.tolist()))
        return values[list(numbers)]

    passes.chunks.size = chunk
    mean, square = moments(passes, 10, 1, centre, sample)
    torch.testing.assert_close(mean, values.mean(0) - 0.5)
    torch.testing.assert_close(square, (values - 0.5).square().mean(0))
    assert [number for numbers, _ in asked for number in numbers] == list(range(10))
    assert {row for _, rows in asked for row in rows} == {1}
    assert max(len(numbers) for numbers, _ in asked) <= chunk


def test_what_did_not_fit_is_drawn_again(passes):
    values, failures = torch.arange(8.0, dtype=torch.float64)[:, None], []

    def sample(numbers, rows):
        if len(numbers) > 2:
            failures.append(len(numbers))
            raise MemoryError
        return values[list(numbers)]

    mean, _ = moments(passes, 8, 0, torch.zeros(1, dtype=torch.float64), sample)
    assert failures
    assert float(mean) == values.mean()
