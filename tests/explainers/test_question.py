"""A question is known by its key, which is all that its answers depend on and holds nothing large."""

import pickle

import pytest
from PIL import Image

from explainers import Target
from explainers.images.photo import Photo
from explainers.question import Question


def test_equal_questions_have_equal_keys(small, classify, noise):
    one, other = (
        Question(Photo.of(noise((24, 24)).clone(), name), classify(small(), (24, 24)), Target(1)) for name in ("a", "b")
    )
    assert one.key == other.key
    assert hash(one.key) == hash(other.key)


@pytest.mark.parametrize("part", ["photo", "classifier", "target"])
def test_another_photo_classifier_or_target_is_another_question(small, attentive, classify, noise, part):
    given = {"photo": Photo.of(noise((24, 24))), "classifier": classify(small(), (24, 24)), "target": Target(1)}
    others = {
        "photo": Photo.of(noise((24, 24), seed=1)),
        "classifier": classify(attentive(), (24, 24)),
        "target": Target(1, versus=0),
    }
    assert Question(**given).key != Question(**given | {part: others[part]}).key


def test_the_key_holds_neither_the_picture_nor_the_weights(conv, noise):
    digest, identity, name, target = Question(Photo.of(noise(conv.size)), conv, Target(1)).key
    assert (type(digest), type(identity), name, target) == (str, str, conv.name, Target(1))
    photo = Photo.of(Image.new("RGB", (900, 900)))
    assert len(pickle.dumps(Question(photo, conv, Target(1)).key)) < 400


def test_the_same_can_be_asked_about_another_picture(conv, noise):
    first = Question(Photo.of(noise(conv.size)), conv, Target(1))
    second = first.about(noise(conv.size, seed=1))
    assert second.photo.digest == Photo.of(noise(conv.size, seed=1)).digest != first.photo.digest
    assert (second.classifier, second.target) == (first.classifier, first.target)
    assert first.about(first.photo.image).key == first.key
