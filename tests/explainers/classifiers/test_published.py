"""What is known of published weights is what torchvision says of them."""

import pytest
from torchvision import models

from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.published import BUNDLED, LISTED, address, is_architecture, listing, recipe
from explainers.errors import ExplanationError

ARCHITECTURES = models.list_models(module=models)


@pytest.mark.parametrize("name", LISTED)
def test_the_listed_weights_are_torchvisions_best(name):
    listed, published = LISTED[name], models.get_model_weights(name).DEFAULT
    assert published.name == listed.weights
    assert published.url.endswith(f"/{listed.file}")


RECIPES = {name: (100 if name == BUNDLED else 1000, each.recipe) for name, each in BUNDLED_CLASSIFIERS.items()}
RECIPES |= {name: (1000, recipe(name)) for name in ARCHITECTURES}


@pytest.mark.parametrize("name", RECIPES)
def test_every_classifier_has_unique_labels_and_one_square_input(name):
    classes, made_for = RECIPES[name]
    assert len(set(made_for.labels)) == len(made_for.labels) == classes
    assert made_for.size <= made_for.resize
    assert made_for.interpolation in ("bilinear", "bicubic")


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_classifier_of_torchvisions_is_published_and_sees_a_photo_as_it_was_trained(name):
    preset, made_for = models.get_model_weights(name).DEFAULT.transforms(), recipe(name)
    assert preset.antialias
    assert (preset.crop_size, preset.resize_size) == ([made_for.size], [made_for.resize])
    assert (tuple(preset.mean), tuple(preset.std)) == (made_for.mean, made_for.std)
    assert 30 < listing(name).accuracy < 100
    assert address(name).endswith(f"/{listing(name).file}")


def test_the_bundled_classifier_normalises_as_torchvisions_do():
    ours, theirs = BUNDLED_CLASSIFIERS[BUNDLED].recipe, recipe("resnet18")
    assert (ours.mean, ours.std) == (theirs.mean, theirs.std)


def test_a_listed_classifier_is_known_without_asking_torchvision(monkeypatch):
    monkeypatch.setattr(models, "list_models", lambda **more: pytest.fail("asked"))
    assert is_architecture("resnet50")
    assert listing("resnet50").title == "ResNet-50"


@pytest.mark.parametrize("ask", [listing, recipe, address])
def test_an_unknown_name_is_refused(ask):
    with pytest.raises(ExplanationError, match="There is no classifier called 'resnet5'"):
        ask("resnet5")
