"""A report of photos asks each the same question, and says where one can't be asked."""

import gc
import weakref

import torch
from PIL import Image

from explainers import ExplanationError, Saliency, Target
from explainers.images.photo import Photo
from explainers.question import Question
from explainers.report.photos import photos_report


def test_one_map_after_the_other_is_computed_and_let_go(conv):
    photos = [Photo.of(Image.effect_noise((40, 40 + n), 80).convert("RGB"), f"{n}.jpg") for n in range(4)]
    photos.append(Photo.of(torch.zeros(3, 5, 5), "odd"))  # about which the classifier can't even be asked
    maps = []

    def explain(question):
        gc.collect()
        assert sum(each() is not None for each in maps) <= 1
        if question.photo is photos[2]:
            raise ExplanationError("Not this one.")
        explanation = Saliency().explain(question)
        maps.append(weakref.ref(explanation))
        return explanation

    question = Question(photos[0], conv, Target(1))
    page = photos_report(photos, Saliency(), question, explain, lambda *asked: {}, class_is_chosen=True)
    assert len(maps) == 3
    assert "3 of 5 maps" in page
    assert "<strong>odd</strong>: A picture tensor must be" in page
    assert "<strong>2.jpg</strong>: Not this one." in page
