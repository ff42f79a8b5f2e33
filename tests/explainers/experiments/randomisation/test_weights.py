"""Weights drawn anew: which, how, and never the classifier's own."""

import copy

import pytest
import torch
from torch import nn

from explainers import Saliency, Target
from explainers.experiments.randomisation.stages import Stage, stages
from explainers.experiments.randomisation.weights import RandomisedClassifier, cascade, redraw


@pytest.fixture
def parts(conv):
    return stages(conv.network, conv.probe(), 6)


def weights(classifier):
    return {name: tensor.clone() for name, tensor in classifier.network.state_dict().items()}


def test_a_tensor_is_drawn_with_its_own_mean_and_deviation():
    weights = torch.tensor([[1.0, 5.0], [1.0, 5.0]])  # mean 3, deviation 2: all of them are 2 away from it
    redraw(weights, torch.Generator().manual_seed(7))
    noise = torch.randn((2, 2), generator=torch.Generator().manual_seed(7))
    torch.testing.assert_close(weights, 3 + 2 * noise)


def test_many_numbers_keep_their_mean_and_deviation():
    weights = torch.rand(100_000, generator=torch.Generator().manual_seed(0)) * 6 - 2  # mean 1, deviation sqrt(3)
    redraw(weights, torch.Generator().manual_seed(0))
    assert float(weights.mean()) == pytest.approx(1, abs=5 * 3**0.5 / 100_000**0.5)
    assert float(weights.std()) == pytest.approx(3**0.5, rel=5 / 200_000**0.5)
    assert float((weights - 1).abs().div(3**0.5).lt(1).float().mean()) == pytest.approx(0.683, abs=0.01)  # normal


@pytest.mark.parametrize("same", [torch.full((3,), 2.0), torch.tensor(1.5), torch.empty(0), torch.tensor([1, 9])])
def test_what_has_no_spread_or_is_no_weight_stays(same):
    before = same.clone()
    redraw(same, torch.Generator())
    assert torch.equal(same, before)


def test_each_stage_changes_its_tensors_and_nothing_else(conv, parts):
    original = weights(conv)
    drawn = set()
    for part, redrawn in zip(parts, cascade(conv, parts, 0), strict=True):
        drawn |= set(part.parameters)
        changed = {name for name, tensor in weights(redrawn).items() if not torch.equal(tensor, original[name])}
        assert changed == drawn
    buffers = {name for name, _ in conv.network.named_buffers()}
    assert any("running_var" in name for name in buffers)
    assert drawn == original.keys() - buffers


def test_tensors_drawn_in_an_earlier_stage_stay_as_they_were_drawn(conv, parts):
    every = [weights(redrawn) for redrawn in cascade(conv, parts, 0)]
    for name in parts[0].parameters:
        assert all(torch.equal(found[name], every[0][name]) for found in every)


def test_the_same_seed_draws_the_same_whatever_the_number_of_stages(conv, parts):
    (*_, last), (once,) = (
        [weights(redrawn) for redrawn in cascade(conv, given, 3)]
        for given in (parts, [Stage("all", tuple(name for part in parts for name in part.parameters))])
    )
    other = next(weights(redrawn) for redrawn in cascade(conv, parts, 4))
    assert all(torch.equal(last[name], once[name]) for name in last)
    assert not torch.equal(other["head.weight"], last["head.weight"])


def test_a_linear_models_gradient_is_the_weights_that_were_drawn(linear64, noise):
    parts = stages(linear64.network, linear64.probe(), 6)
    (redrawn,) = cascade(linear64, parts, 0)
    picture = noise((5, 7), dtype=torch.float64)
    new = redrawn.network[1].weight[2].view(3, 5, 7) / torch.tensor(linear64.std, dtype=torch.float64).view(3, 1, 1)
    found = Saliency()(redrawn, picture, Target(2)).values
    torch.testing.assert_close(torch.from_numpy(found), new.float())
    before = linear64.network[1].weight
    generator = torch.Generator().manual_seed(0)
    torch.randn(3, generator=generator)  # the bias is used after the weights, so it is drawn before them
    expected = torch.randn(before.shape, generator=generator) * before.std(correction=0) + before.mean()
    torch.testing.assert_close(redrawn.network[1].weight, expected.double(), rtol=1e-5, atol=1e-6)


def test_tied_weights_stay_tied_and_are_drawn_once(classify):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.there, self.back = nn.Linear(3, 3), nn.Linear(3, 3)
            self.back.weight = self.there.weight

        def forward(self, x):
            return self.back(self.there(x.mean((2, 3))))

    classifier = classify(Tied(), (4, 4))
    *_, last = cascade(classifier, stages(classifier.network, classifier.probe(), 6), 0)
    assert last.network.back.weight is last.network.there.weight
    assert not torch.equal(last.network.there.weight, classifier.network.there.weight)


def test_the_classifiers_own_weights_are_never_written(conv, parts, state):
    before = state(conv.network), state(conv.prepared), conv.identity
    pictures = conv.probe()
    for redrawn in cascade(conv, parts, 0):
        redrawn.network(pictures)
        assert not {p.data_ptr() for p in redrawn.network.parameters()} & {
            p.data_ptr() for network in (conv.network, conv.prepared) for p in network.parameters()
        }
    assert (state(conv.network), state(conv.prepared)) == before[:2]


@pytest.mark.filterwarnings("ignore:`torch.jit")  # that TorchScript is deprecated
def test_a_scripted_networks_weights_are_copied_too(classify):
    network = nn.Sequential(nn.Flatten(), nn.Linear(48, 4), nn.ReLU(), nn.Linear(4, 3)).eval().requires_grad_(False)
    classifier = classify(torch.jit.trace(network, torch.zeros(1, 3, 4, 4)), (4, 4), prepare=False)
    before = copy.deepcopy(classifier.network.state_dict())
    answer = classifier.network(classifier.probe())
    *_, last = cascade(classifier, stages(classifier.network, classifier.probe(), 2), 0)
    assert not torch.allclose(last.network(classifier.probe()), answer)
    assert all(torch.equal(tensor, before[name]) for name, tensor in classifier.network.state_dict().items())


def test_what_a_pass_showed_of_the_architecture_is_the_originals(conv, parts):
    silent = copy.deepcopy(conv.network)
    for parameter in silent.parameters():
        parameter.zero_()
    redrawn = RandomisedClassifier(conv, silent)
    assert redrawn.layers() is conv.layers()
    assert redrawn.layer == conv.layer
    assert redrawn.activations is conv.activations
    assert redrawn.prepared is redrawn.network  # unfused


def test_unfused_as_it_is_it_answers_as_the_original(conv, noise):
    redrawn = RandomisedClassifier(conv, conv.network)
    picture = noise(conv.size)
    assert redrawn.predict(picture) == conv.predict(picture)
    assert redrawn.identity == conv.identity
