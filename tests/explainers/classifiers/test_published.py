"""What is known of published weights is what torchvision says of them."""

import subprocess
import sys

import pytest
from torchvision import models

from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.published import BUNDLED, RECOMMENDED, is_published, listing, of_torchvision
from explainers.classifiers.with_torchvision import torchvision_address, torchvision_recipe
from explainers.errors import ExplanationError

ARCHITECTURES = models.list_models(module=models)


def test_all_of_torchvisions_are_listed():
    assert [*of_torchvision()] == ARCHITECTURES


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_listed_weights_are_torchvisions_best(name):
    listed, published = listing(name), models.get_model_weights(name).DEFAULT
    assert published.name == listed.weights
    assert published.url.endswith(f"/{listed.file}")
    assert listed.accuracy == published.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    assert listed.megabytes == published.meta["_file_size"]
    assert (listed.licence == "BSD-3-Clause") == ("license" not in published.meta)


RECIPES = {name: (100 if name == BUNDLED else 1000, each.recipe) for name, each in BUNDLED_CLASSIFIERS.items()}
RECIPES |= {name: (1000, torchvision_recipe(name)) for name in ARCHITECTURES}


@pytest.mark.parametrize("name", RECIPES)
def test_every_classifier_has_unique_labels_and_one_square_input(name):
    classes, made_for = RECIPES[name]
    assert len(set(made_for.labels)) == len(made_for.labels) == classes
    assert made_for.size <= made_for.resize
    assert made_for.interpolation in ("bilinear", "bicubic")


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_every_classifier_of_torchvisions_is_published_and_sees_a_photo_as_it_was_trained(name):
    preset, made_for = models.get_model_weights(name).DEFAULT.transforms(), torchvision_recipe(name)
    assert preset.antialias
    assert (preset.crop_size, preset.resize_size) == ([made_for.size], [made_for.resize])
    assert (tuple(preset.mean), tuple(preset.std)) == (made_for.mean, made_for.std)
    assert 30 < listing(name).accuracy < 100
    assert listing(name).size == made_for.size
    assert torchvision_address(name).endswith(f"/{listing(name).file}")


def test_the_bundled_classifier_normalises_as_torchvisions_do():
    ours, theirs = BUNDLED_CLASSIFIERS[BUNDLED].recipe, torchvision_recipe("resnet18")
    assert (ours.mean, ours.std) == (theirs.mean, theirs.std)


def test_names_are_known_without_importing_torchvision_or_timm():
    code = (
        "import sys; from explainers.classifiers.catalogue import find, published, sources; "
        "sources(); find('alexnet'); find('timm/resnet18'); published(); "
        "print(*{'timm', 'torchvision'} & set(sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_the_recommended_are_published():
    assert [name for name in RECOMMENDED if not is_published(name)] == []


@pytest.mark.parametrize(
    "name", ["resnet5", "timm/resnet5", "timm/resnet18.nonsense", "timm/", "timm/resnet18@", "timm/resnet18@big"]
)
def test_an_unknown_name_is_refused(name):
    with pytest.raises(ExplanationError, match=f"There is no classifier called '{name}': choose .* 'timm/resnet50'"):
        listing(name)
