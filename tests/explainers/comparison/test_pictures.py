"""Tiles that differ in their picture each explain its own top prediction, or the class that is chosen."""

import pytest
from PIL import Image

from explainers import Prediction, Saliency
from explainers.comparison.axes import AXES, THIS
from explainers.comparison.cells import compare
from explainers.comparison.pictures import axes_with_pictures
from explainers.images.photo import Photo

TITLES = {"40x30-0123456789abcdef": "own.png", "coffee": "Cup of coffee", "chelsea": "Chelsea the cat"}


@pytest.mark.parametrize("class_is_chosen", [False, True])
def test_each_picture_is_asked_for_its_own_top_prediction_unless_a_class_is_chosen(question, likely, class_is_chosen):
    axes = axes_with_pictures(TITLES, class_is_chosen=class_is_chosen)
    assert [*axes] == ["picture", *AXES]
    assert axes["picture"].options(question) == axes["picture"].first == tuple(TITLES)
    cells = [{"picture": name} for name in TITLES] + [{"class": THIS, "picture": "coffee"}, {"method": "cam"}]
    comparison = compare(cells, 3, question, likely, Saliency(), axes)
    assert [variant.picture for variant in comparison.variants] == [*TITLES, "coffee", None]
    candle = question.classifier.labels.index("candle")
    photo, asked = Photo.of(Image.new("RGB", (64, 64), "red")), []

    def predict(classifier, photo):
        asked.append(photo)
        return [Prediction(candle, "candle", 0.5, 1.0)]

    found = [variant.ask(question.classifier, photo, predict)[1] for variant in comparison.variants]
    assert all(one.photo is photo for one in found)
    own = question.target.index if class_is_chosen else candle
    assert [one.target.index for one in found] == [own] * 3 + [question.target.index] * 2
    assert len(asked) == (0 if class_is_chosen else 3)
    first = comparison.variants[0]
    assert first.title(None) == "own.png"
    assert first.title(Saliency().explain(found[0])) == f"own.png · {question.classifier.labels[own]}"


def test_without_a_function_the_classifier_itself_predicts(question, likely):
    (variant,) = compare([{"picture": "coffee"}], 1, question, likely, Saliency(),
                         axes_with_pictures(TITLES, class_is_chosen=False)).variants  # fmt: skip
    _, asked = variant.ask(question.classifier, question.photo)
    assert asked.target.index == question.classifier.predict(question.photo.image)[0].index
