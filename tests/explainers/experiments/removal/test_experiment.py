"""Deletion and insertion on classifiers whose answers are known."""

import itertools
import pickle

import numpy as np
import pytest
import torch
from torch import nn

from explainers import Explanation, ExplanationError, GradCAM, Saliency, Target
from explainers.arrays import nbytes
from explainers.experiments import Removal
from explainers.experiments.removal.experiment import sweep
from explainers.experiments.removal.fills import LINEAR_IMPUTATION, PIXEL_FILLS, fill
from explainers.experiments.removal.outcome import COMPARED_EVERY, MOVED, ORDER_COUNT, Curves
from explainers.passes import Passes


class Adds(nn.Module):
    """The first class gets the sum of all pixels, the other one nothing."""

    def forward(self, x):
        total = x.flatten(1).sum(1)
        return torch.stack([total, torch.zeros_like(total)], 1)


class Dies(nn.Module):
    """The first class gets 1 as long as no pixel is zero."""

    def forward(self, x):
        alive = (x.flatten(1) != 0).all(1).to(x)
        return torch.stack([alive, torch.zeros_like(alive)], 1)


class Corner(nn.Module):
    """The first class gets the mean of four by four pixels, beside the upper left corner."""

    def forward(self, x):
        seen = x[:, :, 2:6, 3:7].mean((1, 2, 3))
        return torch.stack([seen, torch.zeros_like(seen)], 1)


@pytest.fixture
def asked(classify, question, facts):
    """(network, picture (1, H, W), heat (H, W), **settings) -> what comes out for that map."""

    def ask(network, picture, heat, target=None, **settings):
        picture, heat = torch.as_tensor(picture, dtype=torch.float32), np.asarray(heat, np.float32)
        size = tuple(picture.shape[1:])
        classifier = classify(network.eval(), size, classes=2, channels=1, prepare=False)
        whole = (0.0, 0.0, float(size[1]), float(size[0]))
        target = target or Target(0)
        explanation = Explanation(picture.numpy(), whole, heat[None], target, 0.0, facts(), "signed sum")
        return Removal(**settings)(Saliency(), question(classifier, picture, target), explanation)

    return ask


FOUR = [[[0.4, 0.1], [0.2, 0.3]]]  # it adds up to 1
EIGHT = [[[0.30, 0.02, 0.16, 0.10], [0.04, 0.20, 0.06, 0.12]]]  # it adds up to 1, too


def test_on_a_sum_the_score_falls_by_what_is_removed_and_rises_by_what_comes_back(asked):
    found = asked(Adds(), EIGHT, EIGHT[0], insertion="black", steps=4)
    # Shares grow as squares: (1/4)^2 of 8 pixels is a half, which is rounded to none; then 2, 4.5 (4) and 8.
    assert found.deletion.shares.tolist() == [0, 0, 0.25, 0.5, 1]
    # The hottest first: .30 and .20 go, .16 and .12, then the rest.
    assert found.deletion.fine == pytest.approx([1, 1, 0.5, 0.22, 0])
    assert found.insertion.fine == pytest.approx([0, 0, 0.5, 0.78, 1])
    # Areas are compared at every second share, 0, 1/4 and 1, by the trapezoid rule:
    # (1 + .5)/2 * 1/4 + (.5 + 0)/2 * 3/4 = .1875 + .1875; (0 + .5)/2 * 1/4 + (.5 + 1)/2 * 3/4 = .0625 + .5625.
    assert found.deletion.area(found.deletion.map) == pytest.approx(0.375)
    assert found.insertion.area(found.insertion.map) == pytest.approx(0.625)
    assert found.numbers["Deletion area / score"] == pytest.approx(0.375)


def test_the_worst_order_on_a_sum(asked):
    found = asked(Adds(), EIGHT, -np.array(EIGHT[0]), deletion="black", insertion="white", steps=4)
    # The coldest first: .02 and .04, .06 and .10, then the rest. White pixels count 1 each: 8, then 6.06, 4.22, 1.
    assert found.deletion.fine == pytest.approx([1, 1, 0.94, 0.78, 0])
    assert found.insertion.fine == pytest.approx([8, 8, 6.06, 4.22, 1])
    # (1 + .94)/2 * 1/4 + (.94 + 0)/2 * 3/4 = .2425 + .3525; (8 + 6.06)/2 * 1/4 + (6.06 + 1)/2 * 3/4 = 1.7575 + 2.6475
    assert found.deletion.area(found.deletion.map) == pytest.approx(0.595)
    assert found.insertion.area(found.insertion.map) == pytest.approx(4.405)


def test_where_any_zero_pixel_kills_the_score_every_order_is_the_same_and_no_map_is_better(asked):
    rng = np.random.default_rng(0)
    found = asked(Dies(), 0.5 + 0.5 * rng.random((1, 8, 8)), rng.random((8, 8)), insertion="black", steps=8)
    # 1 with all pixels there and 0 at each other share, compared at 0, 1/16, 1/4, 9/16 and 1. By the trapezoid rule
    # (1 + 0)/2 * 1/16 in deletion, where the first pixel kills; (0 + 1)/2 * 7/16 in insertion, where the last heals.
    for side, alive, area in ((found.deletion, 0, 1 / 32), (found.insertion, -1, 7 / 32)):
        expected = np.zeros(5)
        expected[alive] = 1
        assert all(scores == pytest.approx(expected) for scores in side.scores)
        assert side.area(side.map) == side.area(side.random) == pytest.approx(area)
        assert side.beaten == 0
        assert side.distance is None
    assert found.finding.speaks == "against"
    assert "Moved to a wrong place, the map does just as well." in found.finding.sentence


def test_on_a_sum_all_orders_together_fall_along_a_straight_line(classify):
    picture = torch.tensor(FOUR)
    orders = torch.tensor([*itertools.permutations(range(4))]).view(24, 2, 2)
    counts = [0, 0, 1, 1, 2, 2, 3, 3, 4]  # all but the first order stop at every second
    classifier = classify(Adds(), (2, 2), classes=2, channels=1, prepare=False)
    with Passes(classifier, [Target(0)], fused=False) as passes:
        found = sweep(passes, orders, counts, fill("black", picture, mean=(0.0,)), rising=False)
    assert found[:, ::COMPARED_EVERY, 0].mean(0) == pytest.approx([1, 0.75, 0.5, 0.25, 0])


def test_random_pixels_fall_along_it_too(asked):
    rng = np.random.default_rng(0)
    picture = rng.random((1, 64, 64)) / 4096
    found = asked(Adds(), picture, rng.random((64, 64)), insertion="black")
    for side in found.sides:
        line = picture.sum() * (side.compared if side.rising else 1 - side.compared)
        assert side.random == pytest.approx(line, abs=0.01 * picture.sum())


@pytest.mark.parametrize("name", PIXEL_FILLS)
def test_a_map_that_is_right_beats_itself_in_every_wrong_place(asked, name):
    picture, heat = np.full((1, 16, 16), 0.2), np.zeros((16, 16))
    picture[0, 2:6, 3:7], heat[2:6, 3:7] = 0.9, 1
    found = asked(Corner(), picture, heat, deletion=name, insertion=name)
    if name == "white":  # removed pixels raise this score: the map is the worst order there is
        assert [side.beaten for side in found.sides] == [0, 0]
        assert found.finding.speaks == "against"
    else:
        assert [side.beaten for side in found.sides] == [MOVED, MOVED]
        assert found.finding.speaks == "for"
        assert found.numbers[f"Deletion: moved maps beaten, of {MOVED}"] == MOVED
        assert all(side.distance > 1 for side in found.sides)
        assert "also beats a blob" in found.finding.caveat


def test_a_map_that_calls_everything_else_important_is_called_no_better_than_moved(asked):
    picture, heat = np.full((1, 16, 16), 0.2), np.ones((16, 16))
    picture[0, 2:6, 3:7], heat[2:6, 3:7] = 0.9, 0
    found = asked(Corner(), picture, heat)
    assert [side.beaten for side in found.sides] == [0, 0]
    assert found.finding.speaks == "against"
    assert "beats 0 of its 16 displaced copies in deletion, and 0 in insertion" in found.finding.sentence
    assert "A blob in the middle" in found.finding.caveat


def test_one_side_alone_is_not_clear(asked):
    picture, heat = np.full((1, 16, 16), 0.2), np.zeros((16, 16))
    picture[0, 2:6, 3:7], heat[2:6, 3:7] = 0.9, 1
    found = asked(Corner(), picture, heat, deletion="black", insertion="white")
    assert [side.beaten for side in found.sides] == [MOVED, 0]
    assert found.finding.speaks == "neither"


@pytest.mark.parametrize(
    ("deletion", "insertion", "speaks"),
    [
        (16, 15, "for"),
        (15, 14, "neither"),
        (9, 2, "neither"),
        (1, 14, "against"),
        (8, 8, "against"),
        (0, 15, "neither"),
    ],
)
def test_what_the_ranks_of_both_sides_say(asked, monkeypatch, deletion, insertion, speaks):
    found = asked(Adds(), FOUR, FOUR[0], steps=4)
    monkeypatch.setattr(Curves, "beaten", property(lambda side: insertion if side.rising else deletion))
    assert found.finding.speaks == speaks


def test_a_map_without_an_order_is_called_that(asked):
    found = asked(Adds(), FOUR, np.full((2, 2), 0.3), steps=4)
    assert found.finding.speaks == "against"
    assert "same value" in found.finding.sentence


def test_a_share_of_a_score_about_zero_or_below_is_undefined(asked):
    picture = np.array([[[0.4, -0.4], [0.2, -0.2]]])
    assert asked(Adds(), picture, picture[0], steps=4).numbers["Deletion area / score"] is None
    assert asked(Adds(), -np.array(FOUR), FOUR[0], steps=4).numbers["Deletion area / score"] is None


@pytest.mark.parametrize("score", ["as explained", "logit", "probability"])
@pytest.mark.parametrize("scale", ["logit", "probability"])
def test_the_score_is_the_explained_number_or_the_chosen_one(asked, scale, score):
    found = asked(Adds(), FOUR, FOUR[0], Target(0, scale=scale), score=score, insertion="black", steps=4)
    sums = np.array([1, 1, 0.6, 0.3, 0])  # after 0, 0, 1, 2 and 4 pixels
    expected = sums if (scale if score == "as explained" else score) == "logit" else 1 / (1 + np.exp(-sums))
    assert found.deletion.fine == pytest.approx(expected)
    assert found.scaled("logit").deletion.fine == pytest.approx(sums)


def test_what_was_seen_is_kept(asked):
    found = asked(Adds(), FOUR, FOUR[0], insertion="white", steps=4)
    levels = np.rint(np.array(FOUR) * 255).astype(np.uint8)
    assert np.array_equal(found.deletion.pictures[0], levels)
    assert found.deletion.pictures[3].tolist() == [[[0, 26], [51, 0]]]  # .4 and .3 are gone
    assert found.insertion.pictures[3].tolist() == [[[102, 255], [255, 76]]]  # they have come back
    assert np.array_equal(found.insertion.pictures[-1], levels)


@pytest.mark.parametrize("name", ["black", LINEAR_IMPUTATION])
def test_passes_are_those_promised_in_chunks_and_nothing_is_left_changed(
    conv, classify, watched, noise, state, question, name
):
    batches, told = [], []
    network = watched(conv.network, lambda x: batches.append(len(x)))
    classifier = classify(network, conv.size, mean=conv.mean, std=conv.std, prepare=False)
    explainer, experiment = Saliency(), Removal(deletion=name, insertion=name, steps=8)
    asked = question(classifier, noise(conv.size), Target(1))
    explanation, before = explainer.explain(asked), state(network)
    batches.clear()
    first = experiment(explainer, asked, explanation, on_progress=told.append)
    batches, checks = batches[: len(told)], batches[len(told) :]
    assert sum(batches) == experiment.passes(explainer, classifier) == 2 * (2 + 7 + (ORDER_COUNT - 1) * 3)
    assert max(batches) <= 16
    assert checks == [1] * 3  # the first, a middle and the last picture, through the network as it is
    assert {step.total for step in told} == {sum(batches)}
    assert state(network) == before
    again = pickle.loads(pickle.dumps(experiment(explainer, asked, explanation)))
    for one, other in zip(first.sides, again.sides, strict=True):
        assert one.answers.tobytes() == other.answers.tobytes()
        assert np.array_equal(one.pictures, other.pictures)
    assert nbytes(first) == sum(side.shares.nbytes + side.answers.nbytes + side.pictures.nbytes for side in first.sides)


def test_it_begins_and_ends_with_the_explained_score(conv, noise, question):
    asked = question(conv, noise(conv.size), Target(1, 2))
    explanation = GradCAM().explain(asked)
    found = Removal(steps=4)(GradCAM(), asked, explanation)
    assert found.deletion.whole == pytest.approx(explanation.score, abs=1e-5)
    assert found.insertion.whole == pytest.approx(explanation.score, abs=1e-5)
    assert not np.isnan(found.deletion.fine).any()
    assert found.insertion.scores.shape == (ORDER_COUNT, 3)


def test_it_can_be_cancelled(conv, noise, state, question):
    class Left(Exception):
        pass

    def leave(progress):
        if progress.done > 30:
            raise Left

    asked, before = question(conv, noise(conv.size), Target(1)), state(conv.network)
    explanation = Saliency().explain(asked)
    with pytest.raises(Left):
        Removal()(Saliency(), asked, explanation, on_progress=leave)
    assert state(conv.network) == before


def test_what_the_widgets_could_not_offer_is_refused():
    for wrong in ({"deletion": "grey"}, {"score": "odds"}, {"steps": 3}):
        with pytest.raises(ExplanationError, match=next(iter(wrong))):
            Removal(**wrong)
