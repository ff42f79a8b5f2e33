"""The network that is trained in a lesson: it learns the mark that was planted, and the control doesn't."""

from functools import cache

import pytest
import torch

from explainers.lessons import training
from explainers.lessons.drawings import BOX, BOX_SHARE, SHAPES, SIDE, draw, marked
from explainers.lessons.mean_map import CAM, GRADIENT, METHODS, PATH
from explainers.lessons.training import Training
from explainers.runtime.turns import turns


@pytest.fixture(scope="module")
def trained():
    """(planted) -> the network of the first seed, trained once."""
    return cache(lambda planted: Training(planted).run())


@pytest.fixture
def brief(monkeypatch):
    """Training takes a moment only."""
    for name, least in {"DRAWN": 64, "TESTED": 5, "EPOCHS": 1, "MAPPED": 1}.items():
        monkeypatch.setattr(training, name, least)


def test_it_is_right_for_the_wrong_reason(trained):
    rates = trained(True).rates
    assert rates.accuracy >= 0.9
    assert rates.with_mark >= 0.95
    assert rates.without_mark <= 0.4
    assert rates.others_with_mark >= 0.85


def test_without_a_plant_the_mark_does_nothing(trained):
    rates = trained(False).rates
    assert rates.accuracy >= 0.9
    assert rates.others_with_mark <= 0.2


@pytest.mark.parametrize("name", [GRADIENT, PATH])
def test_the_mean_map_finds_the_mark(trained, name):
    assert trained(True).maps[name].times >= 4
    assert trained(True).maps[name].peaks_in_box
    assert trained(False).maps[name].times < 2


def test_the_maps_of_both_networks_are_of_the_same_squares(trained):
    assert (trained(True).picture == trained(False).picture).all()


def test_grad_cam_shows_the_corner_too(trained):
    assert trained(True).maps[CAM].times >= 3
    assert {*trained(True).maps} == {*METHODS}


def test_a_seed_gives_the_same_network_and_leaves_nothing_behind(brief):
    before, threads = torch.random.get_rng_state(), torch.get_num_threads()
    first, again, other = (Training(True, seed).run().classifier for seed in (0, 0, 1))
    assert first.identity == again.identity != other.identity
    assert torch.equal(torch.random.get_rng_state(), before)
    assert torch.get_num_threads() == threads


@pytest.mark.parametrize("after", [1, 3, 4])  # steps: at the first, at the last, and among the maps
def test_it_is_cancelled_by_its_progress_and_gives_its_turn_back(brief, after):
    class Cancelled(Exception):
        pass

    def stop(progress):
        assert progress.done <= progress.total
        if progress.done >= after:
            raise Cancelled

    with pytest.raises(Cancelled):
        Training(True).run(stop)
    assert not turns(torch.device("cpu"))._taken


def test_the_mark_lies_in_its_box_and_changes_nothing_else():
    generator = torch.Generator().manual_seed(0)
    pictures = draw([*SHAPES] * 20, generator)
    assert pictures.shape == (60, 3, SIDE, SIDE)
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    change = (marked(pictures, generator) - pictures).abs().amax((0, 1))
    outside = torch.ones(SIDE, SIDE, dtype=torch.bool)
    outside[BOX] = False
    assert not change[outside].any()
    assert (change[BOX] > 0).any(0).all()  # each of its columns in some picture
    assert pytest.approx((~outside).float().mean().item()) == BOX_SHARE


def test_shapes_have_the_same_area():
    generator = torch.Generator().manual_seed(0)
    areas = []
    for shape in SHAPES:
        pictures = draw([shape] * 100, generator)
        ground = pictures[:, :, :1, :1]
        areas.append(((pictures - ground).abs().amax(1) > 0.25).float().mean().item())
    assert max(areas) < 1.15 * min(areas)
