"""What comes back: reductions, heat, the gap; and what can't be asked."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

from explainers import Explanation, ExplanationError, Target, reduce
from explainers.arrays import nbytes
from explainers.explanation import Sampling
from explainers.paths.trace import Level

VALUES = np.array([[[1.0, -2.0]], [[-3.0, -1.0]], [[0.5, 4.0]]], dtype=np.float32)  # (3, 1, 2)


@pytest.fixture
def explanation(facts):
    """(**changes) -> an explanation of a picture of two pixels."""
    plain = Explanation(
        picture=np.zeros((3, 1, 2), np.float32),
        box=(0, 0, 2, 1),
        values=VALUES,
        target=Target(0),
        score=2.0,
        facts=facts(),
    )

    def make(**changes):
        return replace(plain, **changes)

    return make


@pytest.mark.parametrize(
    ("reduction", "expected"),
    [("sum of magnitudes", [[4.5, 7.0]]), ("signed sum", [[-1.5, 1.0]]), ("largest", [[3.0, 4.0]])],
)
def test_channels_are_reduced_by_name(explanation, reduction, expected):
    assert reduce(VALUES, reduction).tolist() == expected
    assert explanation().reduced(reduction).heat.tolist() == expected


def test_an_unknown_reduction_is_refused():
    with pytest.raises(ExplanationError, match="sum of magnitudes, signed sum, largest, not by 'mean'"):
        reduce(VALUES, "mean")


def test_another_reduction_leaves_the_rest_as_it_was(explanation):
    first = explanation(reduction="signed sum")
    assert first.heat.tolist() == [[-1.5, 1.0]]
    second = first.reduced("largest")
    assert second.values is first.values
    assert first.heat.tolist() == [[-1.5, 1.0]]


@pytest.mark.parametrize(
    ("reduction", "rectified", "signed"),
    [
        ("signed sum", False, True),
        ("signed sum", True, False),
        ("sum of magnitudes", False, False),
        ("largest", False, False),
    ],
)
def test_heat_is_signed_only_where_negative_numbers_mean_something(explanation, reduction, rectified, signed):
    assert explanation(reduction=reduction, rectified=rectified).signed == signed


def test_a_map_as_large_as_the_picture_is_not_scaled(explanation):
    assert explanation(reduction="signed sum").heat.dtype == np.float32
    assert (explanation(reduction="signed sum").heat == VALUES.sum(0)).all()


@pytest.mark.parametrize("grid", [(1, 1), (2, 3), (7, 5)])
def test_a_coarse_grid_is_scaled_up_bilinearly_between_the_centres_of_its_cells(explanation, grid):
    values = np.random.default_rng(0).normal(size=(1, *grid)).astype(np.float32)
    heat = explanation(picture=np.zeros((3, 11, 14), np.float32), values=values, reduction="signed sum").heat
    scale = torch.nn.Upsample(size=(11, 14), mode="bilinear", align_corners=False)
    np.testing.assert_array_equal(heat, scale(torch.from_numpy(values)[None])[0, 0])


def test_scaling_up_by_hand(explanation):
    coarse = np.array([[[0.0, 4.0]]], dtype=np.float32)
    heat = explanation(picture=np.zeros((3, 1, 4), np.float32), values=coarse, reduction="signed sum").heat
    assert heat.tolist() == [[0, 1, 3, 4]]


@pytest.mark.parametrize(
    ("score", "before", "residual", "gap"),
    [
        (2.0, 1.0, 0.25, 0.25),
        (2.0, 1.0, -0.25, 0.25),
        (1.0, 3.0, 0.5, 0.25),
        (2.0, 1.0, 0.0, 0.0),
        (-1e-9, 1e-9, 1e-9, 0.5),  # small numbers are numbers
        (2.0, 2.0, 0.1, None),
        (0.0, 0.0, 0.0, None),
        (0.4995564, 0.4995587, 2.3e-6, None),  # one picture, passed in chunks of two sizes
        (2.0, None, None, None),
    ],
)
def test_the_gap_is_the_residuals_share_of_the_change(explanation, score, before, residual, gap):
    found = explanation(score=score, baseline_score=before, residual=residual).gap
    assert found == (None if gap is None else pytest.approx(gap))


def test_it_is_frozen_compared_by_identity_and_picklable(explanation):
    first = explanation()
    with pytest.raises(AttributeError):
        first.score = 3.0
    assert first != explanation()
    assert len({first, first}) == 1
    first.heat  # noqa: B018 - a cached heat must not be in the way
    assert (pickle.loads(pickle.dumps(first)).heat == first.heat).all()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"index": 1, "versus": 1}, "Choose two different classes"),
        ({"index": 1.5}, "index must be the number of a class, not 1.5"),
        ({"index": True}, "index must be the number of a class, not True"),
        ({"index": None}, "index must be the number of a class, not None"),
        ({"index": 1, "versus": "2"}, "versus must be the number of a class, not '2'"),
        ({"index": 1, "scale": "log"}, "must be the logit or the probability, not 'log'"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(arguments, sentence):
    with pytest.raises(ExplanationError, match=sentence):
        Target(**arguments)


def test_a_target_is_a_value():
    assert Target(1) == Target(1, None, "logit") != Target(1, 2)
    assert hash(Target(1)) == hash(Target(1))


# Automatic steps


def test_steps_have_converged_when_the_last_level_has_settled(explanation):
    rough, fine = Level(17, 0.2, 0.1, False), Level(25, 0.01, 0.01, True)
    assert explanation(history=(rough, fine)).converged is True
    assert explanation(history=(fine, rough)).converged is False
    assert explanation().converged is None


def test_samples_have_converged_when_they_are_enough_for_the_tolerance(explanation):
    assert explanation(sampling=Sampling(912, "random masks", True)).converged is True
    assert explanation(sampling=Sampling(8000, "random masks", False)).converged is False
    assert explanation(sampling=Sampling(250, "random masks")).converged is None


def test_it_weighs_what_its_arrays_weigh(explanation, facts):
    plain = explanation()
    assert nbytes(plain) == 24 + 24  # picture and values, (3, 1, 2) float32 each
    assert nbytes(explanation(baselines=np.zeros((4, 3, 1, 2), np.float32))) == 24 + 24 + 96
    assert nbytes(explanation(history=(Level(17, 0.5, None, False),), facts=facts(settings={"any": "thing"}))) == 48
