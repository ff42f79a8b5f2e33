"""The order in which a network's parameters are drawn anew, read from one pass."""

import pytest
import torch
import torchvision.models
from torch import nn

from explainers.experiments.randomisation.stages import stages

PICTURE = torch.zeros(1, 3, 32, 32)


def names(network):
    return sorted(name for name, _ in network.named_parameters())


def order(network, count=6, picture=PICTURE):
    """The names of the stages, after a look at whether each parameter is in one of them."""
    found = stages(network.eval(), picture, count)
    assert sorted(name for stage in found for name in stage.parameters) == names(network)
    return [stage.name for stage in found]


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("resnet18", {}, ["fc", "layer4", "layer3", "layer2", "layer1", "conv1"]),
        (
            "mobilenet_v2",
            {},
            ["classifier.1", "features.15", "features.12", "features.9", "features.5", "features.0"],
        ),
        (
            "googlenet",
            {"init_weights": False, "aux_logits": True},
            ["fc", "inception5a", "inception4d", "inception4b", "inception3b", "conv1"],
        ),
        ("squeezenet1_1", {}, ["classifier.1", *(f"features.{number}" for number in (12, 10, 7, 4, 0))]),
    ],
)
def test_networks_are_taken_apart_from_the_output_down_in_blocks(name, options, expected):
    network = getattr(torchvision.models, name)(weights=None, num_classes=10, **options)
    assert order(network, picture=torch.zeros(1, 3, 64, 64)) == expected


def test_a_transformers_blocks_come_one_after_the_other():
    network = torchvision.models.VisionTransformer(32, 8, 6, 2, 16, 32, num_classes=3)
    found = stages(network.eval(), PICTURE, 6)
    assert sorted(name for stage in found for name in stage.parameters) == names(network)
    assert found[0].parameters == ("heads.head.bias", "heads.head.weight")
    met = [name for stage in found for name in stage.parameters]
    depth = [int(name.split("encoder_layer_")[1][0]) for name in met if "encoder_layer_" in name]
    assert depth == sorted(depth, reverse=True)
    assert {"class_token", "conv_proj.weight"} <= set(found[-1].parameters)


def test_the_numbers_of_modules_in_the_stages_are_as_equal_as_can_be():
    found = stages(nn.Sequential(nn.Flatten(), *(nn.Linear(3, 3) for _ in range(10))), torch.zeros(1, 3, 1, 1), 4)
    assert [len(stage.parameters) // 2 for stage in found] == [1, 3, 3, 3]
    assert [stage.name for stage in found] == ["10", "7", "4", "1"]


def test_few_layers_have_a_stage_each_and_one_stage_is_all():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    picture = torch.zeros(1, 3, 1, 1)
    assert order(network, 6, picture) == ["3", "1"]
    assert order(network, 1, picture) == ["1"]
    assert stages(network, picture, 1)[0].parameters == ("3.bias", "3.weight", "1.bias", "1.weight")


class Twisted(nn.Module):
    """Layers declared in another order than they run, one that runs twice, and parameters of the network's own."""

    def __init__(self):
        super().__init__()
        self.last, self.first, self.twice = nn.Linear(4, 2), nn.Linear(3, 4), nn.Linear(4, 4)
        self.unused = nn.Linear(9, 9)
        self.shift = nn.Parameter(torch.ones(4))
        self.tied = nn.Linear(4, 4, bias=False)
        self.tied.weight = self.twice.weight

    def forward(self, x):
        assert self.last.weight.shape  # a look at it is no use of it
        x = self.twice(self.first(x.mean((2, 3))) + self.shift)
        return self.last(self.twice(x))


def test_the_order_is_that_of_the_last_use_whatever_the_declaration():
    found = stages(Twisted(), PICTURE, 6)
    assert [stage.name for stage in found] == ["last", "twice", "shift", "first"]
    assert set(found[-1].parameters) == {"first.weight", "first.bias", "unused.weight", "unused.bias"}
    assert sum("twice.weight" in stage.parameters for stage in found) == 1
    assert not any("tied.weight" in stage.parameters for stage in found)  # it is the same tensor


@pytest.mark.filterwarnings("ignore:`torch.jit")  # that TorchScript is deprecated
def test_a_scripted_networks_parameters_come_in_the_order_of_their_declaration_backwards():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).eval()
    with torch.no_grad():
        scripted = torch.jit.trace(network, torch.zeros(1, 3, 1, 1))
    assert order(scripted, 6, torch.zeros(1, 3, 1, 1)) == ["3", "1"]


def test_a_network_without_parameters_has_no_stages():
    assert stages(nn.Flatten(), PICTURE, 6) == []
