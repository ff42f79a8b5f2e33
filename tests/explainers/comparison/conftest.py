"""A question for comparisons to start from."""

from __future__ import annotations

import pytest
from PIL import Image

from explainers import Prediction, Target, load_classifier
from explainers.images.photo import Photo
from explainers.question import Question


@pytest.fixture(scope="session")
def question() -> Question:
    """Why does the bundled classifier see a teapot in a white picture?"""
    classifier = load_classifier("bundled")
    photo, teapot = Photo.of(Image.new("RGB", (64, 64), "white")), classifier.labels.index("teapot")
    return Question(photo, classifier, Target(teapot))


@pytest.fixture(scope="session")
def likely(question: Question) -> list[Prediction]:
    """The likeliest classes, for tests to choose from: the teapot, then the candle and the espresso."""
    labels = question.classifier.labels
    return [Prediction(labels.index(label), label, 0.3, 1.0) for label in ("teapot", "candle", "espresso")]
