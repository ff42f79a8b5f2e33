"""Which architecture a file is of, from names and shapes alone."""

from functools import cache

import pytest
import torch
from torch import nn
from torchvision import models

from explainers.classifiers.own.fingerprint import sketch
from explainers.classifiers.own.recognition import recognise
from explainers.classifiers.own.table import architectures, table


@cache
def network(name, classes=7):
    with torch.device("meta"):
        return models.get_model(name, num_classes=classes)


def shapes(network):
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def changed(state, **changes):
    return {**state, **{name.replace("__", "."): shape for name, shape in changes.items()}}


def names(recognition):
    return [f"{each.architecture.library}/{each.architecture.name}" for each in recognition.candidates]


def test_a_unique_architecture_is_named_at_once():
    found = recognise(shapes(network("squeezenet1_1")))
    assert names(found) == ["torchvision/squeezenet1_1"]
    assert found.sentence == "SqueezeNet1.1 (torchvision) with 7 classes."
    (candidate,) = found.candidates
    assert (candidate.classes, candidate.channels, candidate.size, candidate.exact) == (7, 3, 224, True)
    assert candidate.difference == ""


def test_several_are_told_with_their_differences():
    found = recognise(shapes(network("resnet18")))
    assert names(found) == ["torchvision/resnet18", "timm/resnet18", "timm/resnetblur18"]
    assert found.sentence.startswith("3 networks have files like this one, with 7 classes: ResNet-18 (torchvision), ")
    differences = [candidate.difference for candidate in found.candidates]
    assert differences[0] == "torchvision's, max pooling, computes the same as timm's"
    assert "blur" in differences[2]
    assert len({*differences}) == 3


def test_the_one_that_the_file_names_comes_first():
    found = recognise(shapes(network("resnet18")), named="resnetblur18")
    assert names(found)[0] == "timm/resnetblur18"


@pytest.mark.parametrize("channels", [1, 4])
def test_channels_are_told_by_the_stem(channels):
    found = recognise(changed(shapes(network("resnet18")), conv1__weight=(64, channels, 7, 7)))
    assert {candidate.channels for candidate in found.candidates} == {channels}
    assert f"with 7 classes and {channels} channel" in found.sentence


def test_the_image_size_is_told_by_the_positions():
    state = changed(shapes(network("vit_b_16")), encoder__pos_embedding=(1, 1 + 16 * 16, 768))
    (candidate,) = recognise(state).candidates
    assert (candidate.architecture.name, candidate.size) == ("vit_b_16", 256)
    assert "for pictures of 256 px" in recognise(state).sentence


def test_positions_of_no_square_fit_nothing():
    state = changed(shapes(network("vit_b_16")), encoder__pos_embedding=(1, 1 + 16 * 15, 768))
    assert recognise(state).candidates == ()


def test_order_does_not_matter_where_names_fit():
    state = shapes(network("resnet18"))
    assert recognise(dict(sorted(state.items()))).candidates == recognise(state).candidates


def test_counters_of_batches_may_be_missing():
    state = shapes(network("resnet18"))
    old = {name: shape for name, shape in state.items() if not name.endswith("num_batches_tracked")}
    assert recognise(old).candidates == recognise(state).candidates


def test_another_head_is_told_with_what_is_guessed_of_it():
    state = shapes(network("resnet18"))
    body = {name: shape for name, shape in state.items() if not name.startswith("fc.")}
    layers = {"fc.0.weight": (64, 512), "fc.0.bias": (64,), "fc.3.weight": (3, 64), "fc.3.bias": (3,)}
    found = recognise(body | layers)
    assert names(found)[:2] == ["torchvision/resnet18", "timm/resnet18"]
    assert {(candidate.classes, candidate.exact) for candidate in found.candidates} == {(3, False)}
    assert "2 linear layers of its own (512 → 64 → 3). A ReLU between them is a guess" in found.sentence


@pytest.mark.parametrize("prefix", ["", "mine."])
def test_a_head_beside_the_body_is_found(prefix):
    state = shapes(network("resnet18"))
    body = {f"{prefix}{name}": shape for name, shape in state.items() if not name.startswith("fc.")}
    found = recognise(body | {"answer.weight": (5, 512), "answer.bias": (5,)})
    assert names(found)[0] == "torchvision/resnet18"
    assert "a linear layer of its own (512 → 5), called “answer”" in found.sentence


def test_layers_that_do_not_fit_each_other_are_no_head():
    state = shapes(network("resnet18"))
    body = {name: shape for name, shape in state.items() if not name.startswith("fc.")}
    assert recognise(body | {"fc.0.weight": (64, 512), "fc.3.weight": (3, 65)}).candidates == ()


def test_what_has_no_place_in_the_network_is_told():
    found = recognise(changed(shapes(network("resnet18")), temperature=()))
    assert names(found)[0] == "torchvision/resnet18"
    assert found.sentence.endswith("It has no place for temperature, which is left out.")


def test_a_layer_that_the_network_does_not_have_is_not_passed_over():
    more = {"before.fc.weight": (512, 512), "before.fc.bias": (512,)}
    found = recognise(shapes(network("resnet18")) | more)
    assert found.candidates == ()
    assert found.sentence.endswith("which differs: the file has before.fc.weight, before.fc.bias.")


def test_names_of_another_release_are_told_by_the_order_and_called_a_guess():
    state = {
        f"a.{at}.{name.rpartition('.')[2]}": shape
        for at, (name, shape) in enumerate(shapes(network("alexnet")).items())
    }
    found = recognise(state)
    assert names(found) == ["torchvision/alexnet"]
    assert "It is a guess" in found.sentence
    assert found.candidates[0].order == tuple(state)


def test_sorted_names_are_not_taken_for_an_order():
    state = {"a.bias": (4,), "a.weight": (4,), "b.bias": (4,), "b.weight": (4,)}
    assert recognise(state).candidates == ()


def test_auxiliary_heads_may_be_there_or_not():
    with torch.device("meta"):
        aux = models.googlenet(num_classes=7, init_weights=False)
        none = models.googlenet(num_classes=7, init_weights=False, aux_logits=False)
    for built in (aux, none):
        found = recognise(shapes(built))
        assert names(found) == ["torchvision/googlenet"] * 2
        assert [dict(each.architecture.settings)["transform_input"] for each in found.candidates] == [True, False]
        assert "rescales its input" in found.candidates[0].difference


def test_a_body_without_a_head_is_told():
    state = {name: shape for name, shape in shapes(network("resnet18")).items() if not name.startswith("fc.")}
    found = recognise(state)
    assert found.candidates == ()
    assert found.sentence.startswith("This is the body of ResNet-18 (torchvision) without a head")


def test_the_nearest_is_told_with_what_differs():
    state = {name: shape for name, shape in shapes(network("resnet18")).items() if not name.startswith("layer3.1.")}
    found = recognise(state)
    assert found.candidates == ()
    assert found.nearest == architectures()["torchvision/resnet18"]
    told = "fits exactly. The nearest is ResNet-18 (torchvision), which differs: the file lacks layer3.1.conv1.weight"
    assert told in found.sentence


@pytest.mark.parametrize("state", [{}, {"weight": ()}, {"a": (1,), "b": (2, 3)}, {"\ud800.x": (1,)}, {"": (0,)}])
def test_something_else_is_told_to_be_unlike_all(state):
    found = recognise(state)
    assert (found.candidates, found.nearest) == ((), None)
    assert "Classifier(network, labels, size=" in found.sentence


def test_contradictory_heads_fit_nothing():
    assert recognise(changed(shapes(network("resnet18")), fc__bias=(8,))).candidates == ()


def test_sketches_do_not_depend_on_the_release_of_numpy():
    assert sketch({"fc.weight": (7, 512), "fc.bias": (7,)}).hex().startswith("8f2cd6ea648cc0a0")


def test_the_table_has_both_libraries_and_their_versions():
    counts = [sum(key.startswith(f"{library}/") for key in architectures()) for library in ("torchvision", "timm")]
    assert counts[0] >= 80
    assert counts[1] >= 1300
    assert table().versions.keys() == {"torch", "torchvision", "timm"}


def test_titles_are_for_people():
    assert architectures()["torchvision/resnet34"].title == "ResNet-34 (torchvision)"
    assert architectures()["timm/vit_base_patch16_224"].title == "vit_base_patch16_224 (timm)"


def test_a_module_of_nobody_is_not_recognised():
    net = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2))
    assert recognise(shapes(net)).candidates == ()
