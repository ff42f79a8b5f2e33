import pytest
import torch
from torch import nn
from torchvision import models

from explainers.classifiers import Classifier
from explainers.classifiers.layers import GridLayer, default_layer, grid_layers

PICTURE = torch.zeros(1, 3, 96, 96)


def layers(name):
    """The grid layers of a torchvision network with random weights."""
    torch.manual_seed(0)
    return grid_layers(models.get_model(name).eval(), PICTURE)


@pytest.mark.parametrize(
    ("name", "layer", "grid"),
    [
        ("resnet18", "layer4", (512, 3, 3)),
        ("mobilenet_v2", "features", (1280, 3, 3)),
        ("squeezenet1_1", "features", (512, 5, 5)),
        ("densenet121", "features", (1024, 3, 3)),
        ("alexnet", "features.11", (256, 5, 5)),
    ],
)
def test_the_layer_to_start_with_is_the_last_grid_of_features(name, layer, grid):
    chosen = default_layer(layers(name))
    assert (chosen.name, (chosen.channels, chosen.height, chosen.width)) == (layer, grid)


def test_layers_come_in_the_order_they_ended_and_without_the_pooled_end(tiny):
    found = grid_layers(tiny(), PICTURE)
    assert [layer.name for layer in found] == ["conv", "norm", "relu", "dropout"]
    assert found[0] == GridLayer("conv", "Conv2d", 4, 96, 96, True)


def test_dropout_and_pooling_are_listed_but_not_chosen():
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Dropout(), nn.MaxPool2d(2), nn.AdaptiveAvgPool2d(1))
    found = grid_layers(network.eval(), PICTURE)
    assert [layer.name for layer in found] == ["0", "1", "2"]
    assert default_layer(found).name == "0"


def test_as_many_channels_as_classes_make_no_class_scores():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 4))
    assert default_layer(grid_layers(network.eval(), PICTURE)).name == "0"


def test_a_module_that_runs_twice_is_left_out():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv, self.shared, self.last = (nn.Conv2d(3, 3, 1) for _ in range(3))

        def forward(self, pictures):
            return self.last(self.shared(self.shared(self.conv(pictures))))

    assert [layer.name for layer in grid_layers(Twice(), PICTURE)] == ["conv", "last"]


def test_modules_that_give_no_grid_are_left_out():
    network = nn.Sequential(nn.Conv2d(3, 4, 96), nn.Flatten(), nn.Linear(4, 2))
    assert grid_layers(network, PICTURE) == ()
    assert default_layer(()) is None


def test_looking_leaves_no_hook_behind(tiny):
    network = tiny()
    grid_layers(network, PICTURE)
    assert not any(module._forward_hooks for module in network.modules())


def test_a_classifier_names_its_layers_with_their_sizes(tiny):
    classifier = Classifier(tiny(), "abc", size=(8, 6), mean=(0,) * 3, std=(1,) * 3, device="cpu")
    assert [str(layer) for layer in classifier.layers()][:2] == [
        "conv (8 × 6, 4 channels)",
        "norm (8 × 6, 4 channels)",
    ]
    assert classifier.layer == "relu"
