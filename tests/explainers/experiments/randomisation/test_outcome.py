"""What is said of a cascade: rank correlations by hand, and the sentence that follows from them."""

import pickle

import numpy as np
import pytest

from explainers.arrays import nbytes
from explainers.experiments import RandomisationOutcome, Step

HEAT = np.zeros((4, 4), np.float32)


def made(*correlations, again=(), last=0.5, **more):
    """A cascade with these correlations of all weights and its further draws; `last` of the last layer."""
    first = Step("as it is", HEAT, 1.0, 1.0, 1.0, spread=2.0, score=3.0)
    stages = (Step("head", HEAT, last, 0.1, 0.2, spread=2.0), Step("all weights", HEAT, *correlations, spread=2.0))
    facts = {"shows_regardless": "", "signed": False, "cells": 10_000, "other": None} | more
    return RandomisationOutcome(
        steps=(first, *stages), again=tuple(Step("again", HEAT, value) for value in again), **facts
    )


@pytest.mark.parametrize(
    ("rho", "last", "speaks"),
    [
        (0.29, 0.5, "for"),
        (-0.5, 0.5, "for"),
        (0.30, 0.5, "neither"),
        (0.60, 0.5, "neither"),
        (0.61, 0.5, "against"),
        (0.10, 0.79, "for"),
        (0.10, 0.81, "against"),
        (0.10, None, "for"),
    ],
)
def test_what_it_says_follows_from_the_correlations(rho, last, speaks):
    assert made(rho, last=last).finding.speaks == speaks


def test_a_map_that_stays_is_called_what_it_is():
    assert "much the same if the classifier had learnt nothing" in made(0.9).finding.line
    said = made(0.1, last=0.96).finding.sentence
    assert "random last layer" in said
    assert "0.96" in said


def test_the_caveat_is_that_of_the_finding():
    assert "noise would change, too" in made(0.1).finding.caveat
    assert "noise" not in made(0.9).finding.caveat


def test_several_draws_count_by_their_mean_and_the_range_is_said():
    found = made(0.1, again=(0.2, 0.9))  # mean .4
    assert found.correlation == pytest.approx(0.4)
    assert found.finding.speaks == "neither"
    assert "0.40" in found.finding.sentence
    assert "mean of 3 draws, from 0.10 to 0.90" in found.finding.sentence


def test_draws_without_a_map_are_counted_out_loud():
    found = made(None, again=(0.2, 0.1))
    assert found.correlation == pytest.approx(0.15)
    assert "mean of 2 of 3 draws, from 0.10 to 0.20; the rest gave nothing to compare" in found.finding.sentence


def test_one_stage_has_no_last_layer_of_its_own():
    first, _, whole = made(0.1).steps
    found = RandomisationOutcome("", False, 100, (first, whole), (), None)
    assert found.last_layer is None
    assert found.numbers["ρ, random last layer"] is None


def test_the_caveat_names_what_a_map_keeps_and_what_signs_say():
    said = made(0.5, 0.04, shows_regardless="how bright each pixel is").finding.caveat
    assert "they show how bright each pixel is" in said
    assert "with signs, the correlation is 0.04" in said
    assert "signs" not in made(0.5, 0.04, signed=True).finding.caveat
    assert "signs" not in made(0.5, None).finding.caveat


def test_the_caveat_names_how_little_a_coarse_map_has_to_compare():
    assert "±0.14" in made(0.5, cells=50).finding.caveat  # 1 / sqrt(50 - 1) = 1 / 7
    assert "cells" not in made(0.5, cells=50_176).finding.caveat
    assert "1 cells" in made(0.5, cells=1).finding.caveat


def test_the_caveat_names_a_network_that_says_the_same_to_all():
    found = made(0.1)
    faded = RandomisationOutcome(
        **{**vars(found), "steps": (*found.steps[:2], Step("all weights", HEAT, 0.1, spread=0.001))}
    )
    assert "nearly the same score" in faded.finding.caveat
    assert "nearly the same" not in found.finding.caveat


def test_its_numbers_and_its_size():
    other = Step("cat", HEAT, 0.7)
    found = made(0.2, 0.0, 0.4, again=(0.4,), other=other)
    assert found.numbers == {
        "ρ, random weights": pytest.approx(0.3),
        "ρ with signs, random weights": 0.0,
        "SSIM, random weights": 0.4,
        "ρ, random last layer": 0.5,
        "ρ, another class": 0.7,
    }
    assert nbytes(found) == 5 * HEAT.nbytes
    assert pickle.loads(pickle.dumps(found)).numbers == found.numbers
