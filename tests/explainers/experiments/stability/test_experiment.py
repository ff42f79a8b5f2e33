"""Maps of pictures that hardly differ, on networks whose maps are known."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch

from explainers import EXPLAINERS, GradCAM, InputXGradient, IntegratedGradients, Saliency, SmoothGrad, Target
from explainers.arrays import nbytes
from explainers.experiments import Stability, StabilityOutcome, StabilityTrial, rank_correlation, spread
from explainers.experiments.stability.experiment import moved, moved_back


class Pixelwise(torch.nn.Module):
    """Class 0: the sum of the squares of all pixels. Its map for a moved picture is the moved map."""

    def forward(self, x):
        score = (x**2).sum((1, 2, 3))
        return torch.stack([score, 0 * score], 1)


@pytest.fixture
def pixelwise(classify):
    return classify(Pixelwise(), (6, 8), classes=2)


@pytest.fixture
def tried(question):
    """(experiment, explainer, classifier, picture, index=0) -> what came out."""

    def make(experiment, explainer, classifier, picture, index=0, **more):
        asked = question(classifier, picture, Target(index))
        return experiment(explainer, asked, explainer.explain(asked), **more)

    return make


def of(outcome, kind):
    return [trial for trial in outcome.trials if trial.kind == kind]


def test_a_picture_is_moved_and_its_map_moved_back():
    # [[1, 2], [3, 4]] one down: the edge fills the first row. Back: its second row is where 1 and 2 went; nothing of
    # the picture's own second row is left in it.
    picture = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
    assert moved(picture, 1, 0).tolist() == [[[1, 2], [1, 2]]]
    assert moved(picture, 0, -1).tolist() == [[[2, 2], [4, 4]]]
    back = moved_back(np.array([[5.0, 6.0], [7.0, 8.0]]), 1, 0)
    assert np.array_equal(back, [[7, 8], [np.nan, np.nan]], equal_nan=True)
    back = moved_back(np.array([[5.0, 6.0], [7.0, 8.0]]), 0, -1)
    assert np.array_equal(back, [[np.nan, 5], [np.nan, 7]], equal_nan=True)


def test_an_equivariant_map_stays(tried, pixelwise, noise):
    outcome = tried(Stability(noise=0.0), Saliency(), pixelwise, noise((6, 8)))
    assert [trial.correlation for trial in outcome.trials] == pytest.approx([1] * 8)
    assert [len(of(outcome, kind)) for kind in ("noise", "shifted", "mirrored", "seeds")] == [3, 4, 1, 0]
    for trial in outcome.trials:
        both = np.isfinite(trial.heat)
        np.testing.assert_allclose(trial.heat[both], outcome.heat[both], rtol=1e-6)
    # 2 of 6 rows, or 2 of 8 columns, are not in both
    assert [int(np.isfinite(trial.heat).sum()) for trial in of(outcome, "shifted")] == [36, 36, 32, 32]


def test_it_follows_where_the_picture_went(tried, classify, noise):
    # A map that stays where it is when the picture moves is not the same map: position counts, not the pixel.
    weight = torch.rand(6, 8, generator=torch.Generator().manual_seed(1))

    class Fixed(torch.nn.Module):
        def forward(self, x):
            score = (weight * x.sum(1)).sum((1, 2))
            return torch.stack([score, 0 * score], 1)

    outcome = tried(Stability(noise=0.0, draws=1), Saliency(), classify(Fixed(), (6, 8), classes=2), noise((6, 8)))
    heat = outcome.heat
    assert of(outcome, "noise")[0].correlation == pytest.approx(1)
    assert of(outcome, "mirrored")[0].correlation == pytest.approx(rank_correlation(heat, heat[:, ::-1]))
    down = next(trial for trial in outcome.trials if trial.name == "2 px down")
    assert down.correlation == pytest.approx(rank_correlation(heat[:-2], heat[2:]))


def test_scores_are_those_of_the_other_pictures(tried, pixelwise, noise):
    picture = noise((6, 8))
    outcome = tried(Stability(), Saliency(), pixelwise, picture)
    assert outcome.score == pytest.approx(float((picture**2).sum()), rel=1e-5)
    right = next(trial for trial in outcome.trials if trial.name == "2 px right")
    expected = float((moved(picture, 0, 2) ** 2).sum())
    assert right.score == pytest.approx(expected, rel=1e-5)
    assert outcome.change(right) == pytest.approx(expected / float((picture**2).sum()) - 1, rel=1e-4)
    assert of(outcome, "mirrored")[0].score == pytest.approx(outcome.score, rel=1e-5)


def test_only_methods_that_draw_are_asked_with_other_seeds(tried, conv, noise):
    picture, experiment = noise(conv.size), Stability(draws=2)
    drawing = SmoothGrad(samples=3, seed=9999)
    outcome = tried(experiment, drawing, conv, picture)
    seeds = of(outcome, "seeds")
    assert len(seeds) == 2
    for seed, trial in enumerate(seeds):  # after the last seed comes the first
        other = replace(drawing, seed=seed)(conv, picture, Target(0))
        assert np.array_equal(trial.heat, other.heat)
    assert outcome.numbers["spread over seeds"] == spread([outcome.heat, *(trial.heat for trial in seeds)]) > 0
    assert "from their mean" in outcome.finding.sentence
    assert not of(tried(experiment, IntegratedGradients(steps=4), conv, picture), "seeds")
    random = IntegratedGradients(steps=4, baseline="random")
    assert len(of(tried(experiment, random, conv, picture), "seeds")) == 2


def test_the_map_is_compared_as_it_is_shown(conv, noise, question):
    picture, explainer = noise(conv.size), InputXGradient()
    explanation = explainer(conv, picture, Target(0)).reduced("signed sum")
    outcome = Stability(draws=1)(explainer, question(conv, picture), explanation)
    assert outcome.signed
    assert np.array_equal(outcome.heat, explanation.heat)


@pytest.mark.parametrize(
    ("trials", "speaks", "said"),
    [
        ([("noise", 0.9, 10.5), ("mirrored", 0.6, 9.5)], "for", "0.90 under noise, 0.60 when mirrored"),
        ([("noise", 0.9, 10.0), ("noise", 0.5, 10.0)], "neither", "0.70 under noise"),
        ([("noise", 0.2, 10.0), ("shifted", 0.3, 10.0)], "against", "although the answer stays"),
        ([("noise", 0.2, 12.0), ("shifted", 0.9, 10.0)], "for", "In 1 of 2 trials it changes by more than 10%"),
        ([("noise", 0.2, 12.0)], "neither", "changes too much to judge"),
        ([("noise", None, 10.0)], "neither", "no order"),
    ],
    ids=["stays", "partly", "becomes another", "answer changed", "all changed", "no order"],
)
def test_what_follows(trials, speaks, said):
    heat = np.zeros((2, 2))
    made = tuple(StabilityTrial(kind, kind, heat, correlation, score) for kind, correlation, score in trials)
    finding = StabilityOutcome(heat, 10.0, made, False).finding
    assert finding.speaks == speaks
    assert said in finding.sentence
    assert finding.sentence.startswith(finding.line)
    assert "Stable doesn't mean right" in finding.caveat


def test_a_map_without_order_is_not_called_stable(tried, linear):
    class Same(Saliency):
        def attribute(self, passes, pictures):
            found = super().attribute(passes, pictures)
            return replace(found, values=torch.ones_like(found.values))

    outcome = tried(Stability(), Same(), linear, torch.zeros(3, 5, 7))
    assert outcome.finding.speaks == "neither"
    assert set(outcome.numbers.values()) == {None}


def test_it_costs_what_it_says_repeats_and_travels(tried, conv, noise):
    seen, experiment = [], Stability(draws=2)
    first = tried(experiment, GradCAM(), conv, noise(conv.size), on_progress=seen.append)
    again = pickle.loads(pickle.dumps(tried(experiment, GradCAM(), conv, noise(conv.size))))
    assert seen[-1].total == experiment.passes(GradCAM(), conv) == 8
    assert again.numbers == first.numbers
    assert all(np.array_equal(a.heat, b.heat, equal_nan=True) for a, b in zip(first.trials, again.trials, strict=True))
    assert nbytes(first) == 8 * first.heat.nbytes


@pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.__name__)
def test_seeds_are_known_of_every_method(kind):
    knob = kind.knobs().get("seed")
    assert knob is None or (knob.low, knob.high) == (0, 9999)


def test_a_picture_of_one_row_moves_nowhere(tried, classify, noise):
    outcome = tried(Stability(draws=1), Saliency(), classify(Pixelwise(), (1, 4), classes=2), noise((1, 4)))
    assert not of(outcome, "shifted")
