"""Networks, questions and facts that tests of several methods and experiments share."""

from dataclasses import replace

import pytest
from torch import nn

from explainers import Target, View
from explainers.classifiers.traits import Traits
from explainers.explanation import Facts, Unit
from explainers.images.photo import Photo
from explainers.question import Question


class Branched(nn.Module):
    """Two layers; the answer depends on the one called `used` only."""

    def __init__(self):
        super().__init__()
        self.used, self.dead = nn.Conv2d(3, 2, 3), nn.Conv2d(3, 4, 3)

    def forward(self, pictures):
        self.dead(pictures)
        return self.used(pictures).mean((2, 3))


@pytest.fixture
def branched():
    """A network of two classes with a layer, `dead`, that its answer doesn't depend on."""
    return Branched()


@pytest.fixture(scope="session")
def question():
    """(classifier, picture, target=Target(0)) -> why it gives the picture that score."""

    def make(classifier, picture, target=Target(0)):  # noqa: B008  a frozen value
        return Question(Photo.of(picture), classifier, target)

    return make


@pytest.fixture(scope="session")
def facts():
    """(**changes) -> how a map came about that nobody computed."""
    plain = Facts(
        method="A method",
        slug="a-method",
        settings={},
        classifier="PocketNet",
        weights="0",
        source="bundled",
        view=View(),
        mean=(0.5,) * 3,
        std=(0.5,) * 3,
        output="softmax",
        label="espresso",
        versus=None,
        scale="logit",
        unit=Unit("score", "attribution", "score"),
        passes=52,
        checks=3,
        folded=True,
        refuted=False,
        widened=False,
        traits=Traits(),
        chunk=16,
        halvings=0,
        seconds=1.404,
        device="cpu",
        seed=None,
        versions={},
    )

    def make(**changes):
        return replace(plain, **changes)

    return make
