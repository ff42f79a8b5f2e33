"""Networks that are built for a file, and hold its weights."""

from dataclasses import replace

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision import models

from explainers.classifiers.own.networks import load_own, network_for
from explainers.classifiers.own.recognition import recognise
from explainers.errors import ExplanationError

SIDE = 64  # pixels


@pytest.fixture
def saved(tmp_path):
    """Writes tensors as the reading of a file does; gives their shapes and the path."""

    def save(state):
        path = tmp_path / "weights.safetensors"
        save_file({name: value.clone().contiguous() for name, value in state.items()}, path)
        return {name: tuple(value.shape) for name, value in state.items()}, path

    return save


def first(shapes):
    return recognise(shapes).candidates[0]


def answers_alike(one, other, channels=3, side=SIDE):
    batch = torch.rand(2, channels, side, side)
    with torch.no_grad():
        return torch.equal(one.eval()(batch), other.eval()(batch))


@pytest.fixture(scope="module")
def resnet():
    torch.manual_seed(0)
    return models.resnet18(num_classes=7)


def test_it_answers_as_the_network_that_was_saved(resnet, saved):
    shapes, path = saved(resnet.state_dict())
    loaded = load_own(first(shapes), path, "ResNet-18")
    assert answers_alike(loaded, resnet)
    assert not any(value.is_meta for value in loaded.state_dict().values())


def test_no_weights_are_drawn_before(resnet, saved):
    shapes, _ = saved(resnet.state_dict())
    network = network_for(first(shapes))
    assert all(parameter.is_meta for parameter in network.parameters())


def test_another_stem_and_another_head(saved):
    network = models.resnet18()
    network.conv1 = nn.Conv2d(1, 64, 7, 2, 3, bias=False)
    network.fc = nn.Sequential(nn.Linear(512, 64), nn.ReLU(), nn.Dropout(), nn.BatchNorm1d(64), nn.Linear(64, 3))
    shapes, path = saved(network.state_dict())
    candidate = first(shapes)
    assert (candidate.classes, candidate.channels) == (3, 1)
    assert answers_alike(load_own(candidate, path, "ResNet-18"), network, 1)


def test_a_head_after_dropout(saved):
    network = models.mobilenet_v3_small()
    network.classifier = nn.Sequential(nn.Dropout(), nn.Linear(576, 4, bias=False))
    shapes, path = saved(network.state_dict())
    assert answers_alike(load_own(first(shapes), path, "MobileNet"), network)


def test_a_head_beside_the_body(resnet, saved):
    head = nn.Linear(512, 4)
    state = {f"mine.{name}": value for name, value in resnet.state_dict().items() if not name.startswith("fc.")}
    shapes, path = saved(state | {"answer.weight": head.weight.data, "answer.bias": head.bias.data})
    loaded = load_own(first(shapes), path, "ResNet-18")
    assert torch.equal(loaded.fc.weight, head.weight)


def test_names_of_another_author(saved):
    torch.manual_seed(0)
    network = models.squeezenet1_1(num_classes=7)
    renamed = {
        f"x{at}.{name.rpartition('.')[2]}": value for at, (name, value) in enumerate(network.state_dict().items())
    }
    shapes, path = saved(renamed)
    assert answers_alike(load_own(first(shapes), path, "SqueezeNet"), network)


def test_tensors_that_have_no_place_and_counters_that_are_missing(resnet, saved):
    state = {name: value for name, value in resnet.state_dict().items() if not name.endswith("num_batches_tracked")}
    shapes, path = saved(state | {"temperature": torch.tensor(2.0)})
    assert answers_alike(load_own(first(shapes), path, "ResNet-18"), resnet)


def test_another_image_size(saved):
    network = timm.create_model("test_vit", num_classes=7, img_size=SIDE)
    shapes, path = saved(network.state_dict())
    candidate = first(shapes)
    assert (candidate.architecture.name, candidate.size, candidate.architecture.size) == ("test_vit", SIDE, 160)
    assert answers_alike(load_own(candidate, path, "Tiny ViT"), network)


@pytest.mark.parametrize("name", ["levit_128s", "eva02_tiny_patch14_224"])
def test_tables_that_no_file_has_are_computed(saved, name):
    network = timm.create_model(name, num_classes=7)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn(parameter.shape), alpha=0.1)  # so that the tables matter
    shapes, path = saved(network.state_dict())
    (candidate,) = recognise(shapes).candidates
    assert answers_alike(load_own(candidate, path, name), network, side=candidate.size)


def test_a_size_that_a_builder_cannot_have_is_refused(saved):
    shapes, _ = saved(timm.create_model("test_vit", num_classes=7).state_dict())
    with pytest.raises(ExplanationError, match="can't be built with 7 classes, 3 channels and pictures of -1 px"):
        network_for(replace(first(shapes), size=-1))


def test_auxiliary_heads_are_left_out(saved):
    network = models.googlenet(num_classes=7, init_weights=False)
    shapes, path = saved(network.state_dict())
    loaded = load_own(first(shapes), path, "GoogLeNet")
    assert loaded.transform_input
    network.transform_input = True
    assert answers_alike(loaded, network)


def test_weights_that_do_not_fit_are_refused(resnet, saved):
    shapes, _ = saved(resnet.state_dict())
    _, path = saved({**resnet.state_dict(), "layer1.0.conv1.weight": torch.zeros(1)})
    with pytest.raises(
        ExplanationError, match=r"weights\.safetensors does not fit ResNet-18: layer1\.0\.conv1\.weight"
    ):
        load_own(first(shapes), path, "ResNet-18")


def test_whatever_is_not_in_the_candidate_is_refused(resnet, saved):
    shapes, _ = saved(resnet.state_dict())
    _, path = saved({**resnet.state_dict(), "more": torch.zeros(1)})
    with pytest.raises(ExplanationError, match="it has the unknown more"):
        load_own(first(shapes), path, "ResNet-18")
