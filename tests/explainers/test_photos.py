"""Real photos and real ImageNet weights: what anybody can see must come out.

The folders are named by WHYPIXEL_PHOTOS and WHYPIXEL_WEIGHTS; without them, or a file, these tests are skipped.
"""

import os
from dataclasses import replace
from functools import cache
from pathlib import Path

import captum.attr
import numpy as np
import pytest
import torch

from explainers import (
    CAM,
    EXPLAINERS,
    Classifier,
    ExplanationError,
    GradCAM,
    IntegratedGradients,
    Target,
    load_classifier,
    read_image,
)
from explainers.lessons.preprocessing import other_scaling, swapped
from tools.trials.cases import cases

PHOTOS = ("doberman.png", "giant_panda.jpg", "fireboat.jpg", "goldfish.jpg")
MANY = 20  # passes: a method that takes more explains one photo, and another method the next
every_kind = pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.__name__)


def needed(variable: str, name: str) -> Path:
    """A file in the folder that an environment variable names."""
    folder = os.environ.get(variable)
    if not folder or not (path := Path(folder, name)).is_file():
        pytest.skip(f"{variable} names no folder with {name}")
    return path


@pytest.fixture(scope="module")
def mobilenet():
    return load_classifier("mobilenet_v2", checkpoint=needed("WHYPIXEL_WEIGHTS", "mobilenet_v2.pth"))


@pytest.fixture(scope="module")
def photo():
    return cache(lambda name: read_image(needed("WHYPIXEL_PHOTOS", name).read_bytes()))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("doberman.png", "Doberman"),
        ("giant_panda.jpg", "giant panda"),
        ("fireboat.jpg", "fireboat"),
        ("cat_dog.png", "bull mastiff"),
    ],
)
def test_things_are_what_they_are(mobilenet, photo, name, label):
    assert mobilenet.predict(photo(name))[0].label == label


@pytest.fixture(scope="module")
def lite():
    return load_classifier("efficientnet_lite0")


@pytest.fixture(scope="module")
def labelled():
    needed("WHYPIXEL_PHOTOS", "labels.tsv")
    return [case for case in cases() if case.label is not None]


@pytest.fixture(scope="module")
def answers(lite, labelled):
    """The likeliest classes of each labelled photo."""
    return [[prediction.index for prediction in lite.predict(case.photo.image)] for case in labelled]


def test_the_bundled_imagenet_classifier_knows_what_photos_show(labelled, answers):
    ranks = [
        found.index(case.label) if case.label in found else len(found)
        for case, found in zip(labelled, answers, strict=True)
    ]
    assert len(labelled) == 26
    assert ranks.count(0) >= 24  # as many as by timm's network and preprocessing, whose logits are the same
    assert max(ranks) < 5


def test_fewer_photos_are_right_with_another_models_mean_and_std_or_with_red_and_blue_swapped(lite, labelled, answers):
    other = lite.scaled(*other_scaling(lite))
    right = sum(found[0] == case.label for case, found in zip(labelled, answers, strict=True))
    rescaled, bgr = (
        sum(given.predict(change(case.photo.image), 1)[0].index == case.label for case in labelled)
        for given, change in ((other, lambda image: image), (lite, swapped))
    )
    assert (len(labelled), rescaled) == (26, 22)
    assert rescaled < bgr < right


@pytest.mark.parametrize("method", [GradCAM(), CAM()], ids=["GradCAM", "CAM"])
def test_a_class_activation_map_tells_the_dog_above_from_the_cat_below(mobilenet, photo, method):
    dog, cat = (mobilenet.labels.index(label) for label in ("bull mastiff", "tiger cat"))
    image = photo("cat_dog.png")
    peaks = [
        np.unravel_index(method(mobilenet, image, target).heat.argmax(), (224, 224))[0]
        for target in (Target(dog), Target(cat), Target(dog, versus=cat), Target(cat, versus=dog))
    ]
    assert [peak < 112 for peak in peaks] == [True, False, True, False]


def test_integrated_gradients_of_one_class_rather_than_another_are_the_difference(mobilenet, photo):
    dog, cat = (mobilenet.labels.index(label) for label in ("bull mastiff", "tiger cat"))
    image, method = photo("cat_dog.png"), IntegratedGradients(steps=4)
    versus, plain, other = (method(mobilenet, image, t).values for t in (Target(dog, cat), Target(dog), Target(cat)))
    assert np.abs(versus - (plain - other)).sum() < 1e-3 * np.abs(plain).sum()


def test_fifty_steps_account_for_a_probability_to_a_few_per_cent(mobilenet, photo):
    panda = mobilenet.labels.index("giant panda")
    explanation = IntegratedGradients(steps=50)(mobilenet, photo("giant_panda.jpg"), Target(panda, scale="probability"))
    assert explanation.gap < 0.05


def test_integrated_gradients_agree_with_captums(mobilenet, photo):
    image, panda = photo("giant_panda.jpg"), mobilenet.labels.index("giant panda")
    seen, method = mobilenet.see(image)[0][None], IntegratedGradients(steps=10)
    captums = captum.attr.IntegratedGradients(lambda pictures: mobilenet.network(mobilenet.normalise(pictures)))
    expected = captums.attribute(seen, target=panda, n_steps=10, method="riemann_middle", internal_batch_size=8)[0]
    values = torch.from_numpy(method(mobilenet, seen[0], Target(panda)).values)
    assert (values - expected).abs().sum() < 1e-3 * expected.abs().sum()


@pytest.fixture(scope="module")
def halved():
    """(classifier) -> the same network, which sees half as many rows and columns: a quarter of the work."""

    @cache
    def make(given):
        size = given.size[0] // 2, given.size[1] // 2
        view = replace(given.view, resize=given.view.resize // 2)
        return Classifier(
            given.network, given.labels, size=size, mean=given.mean, std=given.std, view=view, name=given.name
        )

    return make


@pytest.fixture(scope="module")
def squeezenet():
    return load_classifier("squeezenet1_1", checkpoint=needed("WHYPIXEL_WEIGHTS", "squeezenet1_1.pth"))


@pytest.fixture(scope="module")
def pocketnet():
    return load_classifier("bundled")


def check(method, classifier, image):
    """The method explains the likeliest class of a photo, at no more cost than it says, or says why it can't."""
    likeliest = classifier.predict(image)[0]
    if method.needs_attention:
        with pytest.raises(ExplanationError, match="needs a vision transformer"):
            method(classifier, image, Target(likeliest.index))
        return
    explanation = method(classifier, image, Target(likeliest.index))
    assert explanation.heat.shape == classifier.size
    assert np.isfinite(explanation.values).all()
    assert explanation.heat.any()
    assert explanation.facts.passes <= method.passes(classifier)
    assert explanation.score == pytest.approx(likeliest.logit, rel=1e-2)  # less what Finer-CAM or rounding move


@every_kind
def test_every_method_as_it_is_explains_photos_to_the_smallest_network(pocketnet, halved, photo, kind):
    method, classifier = kind(), halved(pocketnet)
    first = EXPLAINERS.index(kind) % len(PHOTOS)
    for name in PHOTOS[first : first + 1] if method.passes(classifier) > MANY else PHOTOS:
        check(method, classifier, photo(name))


def rough(kind, classifier):
    """The method with few passes, on the smallest layer where it needs as many as that has channels."""
    settings, axis = dict(kind.examples.few), kind.on_axis("layer")
    if axis and kind(**settings).passes(classifier) > MANY:
        settings[axis] = min(classifier.layers(), key=lambda layer: layer.channels).name
    return kind(**settings)


@every_kind
def test_every_method_roughly_explains_a_photo_to_a_network_without_norms(squeezenet, halved, photo, kind):
    classifier = halved(squeezenet)
    check(rough(kind, classifier), classifier, photo(PHOTOS[EXPLAINERS.index(kind) % len(PHOTOS)]))


@pytest.mark.parametrize(
    "kind",
    [kind for kind in EXPLAINERS if kind.family != "perturbation"],  # those see nothing of a network but its scores
    ids=lambda kind: kind.__name__,
)
def test_every_method_roughly_explains_a_photo_to_a_network_with_norms(mobilenet, halved, photo, kind):
    classifier = halved(mobilenet)
    check(rough(kind, classifier), classifier, photo(PHOTOS[EXPLAINERS.index(kind) % len(PHOTOS)]))
