"""The exact oracle: known answers, completeness, and Integrated Gradients against it."""

import statistics

import pytest
import torch
from torch import nn

from explainers import Classifier, IntegratedGradients, Target
from tools.benchmark.exact import CLASSES, SIZE, exact, small_network, small_picture

BLACK = torch.zeros(3, *SIZE, dtype=torch.float64)


def double(*values):
    return torch.tensor(values, dtype=torch.float64)


def affine(weight, bias):
    layer = nn.Linear(len(weight[0]), len(weight)).double()
    layer.load_state_dict({"weight": double(*weight), "bias": double(*bias)})
    return layer


RELU = nn.Sequential(nn.ReLU())
FOLD = nn.Sequential(  # relu(2x - 1) - relu(3 - 4x): slope 4 to 1/2, 6 to 3/4, then 2
    affine([[2.0], [-4.0]], [-1.0, 3.0]), nn.ReLU(), affine([[1.0, -1.0]], [0.0])
)
INNER = nn.Sequential(  # relu(relu(x) - 1 - relu(y))
    nn.ReLU(), affine([[1.0, -1.0]], [-1.0]), nn.ReLU()
)
OUTER = nn.Sequential(  # relu(relu(x - 1) - relu(y)), the same function where x and y are not negative
    affine([[1.0, 0.0], [0.0, 1.0]], [-1.0, 0.0]), nn.ReLU(), affine([[1.0, -1.0]], [0.0]), nn.ReLU()
)


@pytest.mark.parametrize(
    ("network", "baseline", "picture", "index", "kinks", "values"),
    [
        (FOLD, [0.0], [1.0], 0, [0.5, 0.75], [0.5 * 4 + 0.25 * 6 + 0.25 * 2]),
        (FOLD, [0.0], [0.5], 0, [], [2.0]),  # the kink is the end itself
        (FOLD, [1.0], [0.0], 0, [0.25, 0.5], [-4.0]),
        (INNER, [0.0, 0.0], [3.0, 1.0], 0, [1 / 2], [1.5, -0.5]),  # Captum's test_integrated_gradients_basic.py
        (OUTER, [0.0, 0.0], [3.0, 1.0], 0, [1 / 3, 1 / 2], [1.5, -0.5]),
        (RELU, [0.0, 1.0], [0.0, -1.0], 0, [0.5], [0.0, 0.0]),  # SyReNN's helpers/tests/integrated_gradients.py
        (RELU, [0.0, 1.0], [0.0, -1.0], 1, [0.5], [0.0, -1.0]),
        (RELU, [2.0, 3.0], [4.0, 3.0], 0, [], [2.0, 0.0]),
        (RELU, [2.0, 3.0], [4.0, 3.0], 1, [], [0.0, 0.0]),
    ],
)
def test_known_answers(network, baseline, picture, index, kinks, values):
    found = exact(network, double(*picture), double(*baseline), index)
    assert found.kinks.tolist() == pytest.approx(kinks)
    assert found.values.tolist() == pytest.approx(values)
    assert found.residual == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_the_map_is_complete(seed):
    found = exact(small_network(seed), small_picture(seed), BLACK, 0)
    assert abs(found.residual) < 1e-12
    assert found.values.shape == BLACK.shape
    assert len(found.kinks) > 500


def test_the_gradient_is_constant_between_kinks():
    network, picture = small_network(0), small_picture(0)
    ends = torch.cat([double(0.0), exact(network, picture, BLACK, 0).kinks, double(1.0)])
    early, late = (
        torch.func.grad(lambda points: network(points)[:, 0].sum())(alphas.view(-1, 1, 1, 1) * picture)
        for alphas in (ends[:-1] + share * ends.diff() for share in (0.1, 0.9))
    )
    assert ((early - late).flatten(1).abs().sum(1) * ends.diff()).sum() < 1e-12
    assert (early[1:] != early[:-1]).flatten(1).any(1).all()  # and every kink is one


def test_without_biases_a_black_baseline_leaves_no_kinks():
    network, picture = small_network(0), small_picture(0).requires_grad_()
    for name, weight in network.named_parameters():
        if name.endswith("bias"):
            weight.zero_()
    found = exact(network, picture.detach(), BLACK, 1)
    (gradient,) = torch.autograd.grad(network(picture[None])[0, 1], picture)
    assert len(found.kinks) == 0
    assert torch.allclose(found.values, gradient * picture.detach(), rtol=0, atol=1e-15)


def test_the_network_is_its_seeds_and_no_others():
    before = torch.random.get_rng_state()
    first, again, other = (torch.cat([w.flatten() for w in small_network(s).parameters()]) for s in (1, 1, 2))
    assert torch.equal(first, again)
    assert (first != other).all()
    assert torch.equal(torch.random.get_rng_state(), before)


def test_integrated_gradients_come_close(apart):
    errors = {50: [], 1000: []}
    for seed in range(10):
        network, picture = small_network(seed), small_picture(seed)
        classifier = Classifier(network, "abc"[:CLASSES], size=SIZE, mean=[0.0] * 3, std=[1.0] * 3, device="cpu")
        truth = exact(network, picture, BLACK, 0).values
        for steps, found in errors.items():
            found.append(
                apart(IntegratedGradients(steps=steps, rule="midpoint")(classifier, picture, Target(0)).values, truth)
            )
    assert statistics.median(errors[50]) <= 0.01
    assert statistics.median(errors[1000]) <= 1e-3
