"""Max-sensitivity and infidelity: by hand on a linear network, and against Captum's own call."""

import pickle

import captum.attr
import captum.metrics
import numpy as np
import pytest
import torch

from explainers import CAM, GradCAM, InputXGradient, IntegratedGradients, Occlusion, Saliency, SmoothGrad, Target
from explainers.experiments import Sensitivity


@pytest.fixture
def tried(question):
    """(experiment, explainer, classifier, picture) -> what came out, for class 1."""

    def make(experiment, explainer, classifier, picture, **more):
        asked = question(classifier, picture, Target(1))
        return experiment(explainer, asked, explainer.explain(asked), **more)

    return make


@pytest.mark.parametrize(
    "explainer", [Saliency(), InputXGradient(), IntegratedGradients(steps=1)], ids=lambda each: type(each).__name__
)
def test_exact_attributions_of_a_linear_network_foretell_every_fall(tried, linear64, noise, explainer):
    picture = noise((5, 7), dtype=torch.float64)
    found = tried(Sensitivity(), explainer, linear64, picture)
    assert found.missed < 1e-9
    assert found.infidelity < 1e-9


def test_the_gradient_of_a_linear_network_never_changes(tried, linear64, noise):
    assert tried(Sensitivity(), Saliency(), linear64, noise((5, 7), dtype=torch.float64)).sensitivity == 0


def test_the_sensitivity_of_input_times_gradient_by_hand(tried, linear64, noise):
    # On a linear network the map of x + d is that of x plus w d, so the change is |w d| / |w x|, the largest over the
    # draws of d from -radius to radius.
    picture, experiment = noise((5, 7), dtype=torch.float64), Sensitivity(radius=0.1, samples=6, seed=3)
    draws = torch.rand((6, 3, 5, 7), generator=torch.Generator().manual_seed(3), dtype=torch.float64) * 0.2 - 0.1
    std = torch.tensor(linear64.std, dtype=torch.float64).view(3, 1, 1)
    weight = linear64.network[1].weight[1].view(3, 5, 7) / std
    expected = max(float((weight * draw).norm() / (weight * picture).norm()) for draw in draws)
    assert tried(experiment, InputXGradient(), linear64, picture).sensitivity == pytest.approx(expected, rel=1e-6)


@pytest.mark.filterwarnings("ignore:Input Tensor")
def test_sensitivity_is_captums_own(tried, conv64, noise):
    picture = noise(conv64.size, dtype=torch.float64)
    generator = torch.Generator().manual_seed(0)

    def shaken(pictures, radius):
        return pictures + radius * (2 * torch.rand(pictures.shape, generator=generator, dtype=torch.float64) - 1)

    captums = captum.attr.Saliency(lambda pictures: conv64.network(conv64.normalise(pictures)))
    expected = captum.metrics.sensitivity_max(
        lambda pictures: captums.attribute(pictures, 1, abs=False),
        picture[None],
        perturb_func=shaken,
    )
    found = tried(Sensitivity(), Saliency(), conv64, picture)
    assert found.sensitivity == pytest.approx(float(expected), rel=1e-5)


def test_infidelity_is_captums_own(conv64, noise, question):
    # Patches of 24 / 5 = 5 pixels, set to black: the tops and lefts are drawn after the 10 pictures of sensitivity.
    picture, (height, width) = noise(conv64.size, dtype=torch.float64), conv64.size
    generator = torch.Generator().manual_seed(0)
    torch.rand((10, 3, height, width), generator=generator, dtype=torch.float64)
    tops, lefts = (torch.randint(0, most - 4, (20,), generator=generator) for most in (height, width))
    masks = torch.zeros(20, 1, height, width, dtype=torch.float64)
    for mask, top, left in zip(masks, tops, lefts, strict=True):
        mask[:, top : top + 5, left : left + 5] = 1
    explanation = Saliency()(conv64, picture, Target(1))
    expected = captum.metrics.infidelity(
        lambda pictures: conv64.network(conv64.normalise(pictures))[:, 1],
        lambda pictures: (masks * pictures, pictures - masks * pictures),
        picture[None],
        torch.from_numpy(explanation.values)[None].double(),
        n_perturb_samples=20,
        normalize=True,
    )
    found = Sensitivity(patches=20)(Saliency(), question(conv64, picture, Target(1)), explanation)
    assert found.infidelity == pytest.approx(float(expected), rel=1e-5)
    assert 0 < found.missed <= 1


@pytest.mark.parametrize(
    "explainer",
    [GradCAM(), CAM(), Occlusion(patch=8), SmoothGrad(samples=2), IntegratedGradients(steps=2, baseline="random")],
    ids=lambda each: type(each).__name__,
)
def test_every_kind_of_map_can_be_asked(tried, conv, noise, explainer):
    found = tried(Sensitivity(samples=2, patches=5), explainer, conv, noise(conv.size))
    assert all(np.isfinite(value) for value in found.numbers.values())
    assert found.finding.speaks == "neither"


def test_a_score_that_hiding_does_not_move_foretells_nothing(tried, linear):
    found = tried(Sensitivity(samples=1, patches=3), Saliency(), linear, torch.zeros(3, 5, 7))  # black behind black
    assert found.missed is None
    assert "changes nothing" in found.finding.sentence


def test_it_costs_what_it_says_repeats_and_leaves_the_global_draws_alone(tried, conv, noise):
    seen, experiment = [], Sensitivity(samples=3, patches=4)
    before = torch.random.get_rng_state()
    first = tried(experiment, Saliency(), conv, noise(conv.size), on_progress=seen.append)
    again = pickle.loads(pickle.dumps(tried(experiment, Saliency(), conv, noise(conv.size))))
    assert torch.equal(before, torch.random.get_rng_state())
    assert first.numbers == again.numbers
    assert seen[-1].total == experiment.passes(Saliency(), conv) == 4 + 5
    assert [each.done for each in seen] == sorted(each.done for each in seen)
