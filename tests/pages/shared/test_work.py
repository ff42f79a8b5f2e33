"""What a page asks for is what the library computes, and each question has its own key."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from explainers import GradCAM, Saliency, Target
from explainers.classifiers.catalogue import find
from explainers.classifiers.published import BUNDLED
from explainers.images.photo import Photo
from explainers.images.samples import SAMPLES
from pages.shared import jobs, work


@pytest.fixture(autouse=True)
def _no_page(monkeypatch):
    monkeypatch.setattr(jobs.st, "empty", lambda: SimpleNamespace(progress=lambda *_: None, empty=lambda: None))


@pytest.fixture(scope="module")
def asking(espresso):
    """(photo=coffee, **target) -> a question to the bundled classifier."""

    def make(photo=espresso.photo, index=3, versus=None):
        return replace(espresso, photo=photo, target=Target(index, versus))

    return make


def test_a_classifier_is_loaded_once_for_each_way_to_see_a_photo(own_jobs):
    source = find(BUNDLED)
    crop, pad = (work.classifier(source, fit) for fit in ("crop", "pad"))
    assert work.classifier(source, "crop") is crop
    assert crop.identity != pad.identity


def test_predictions_are_the_classifiers_own(own_jobs, bundled, coffee):
    likely = work.predictions(bundled, coffee)
    assert likely == bundled.predict(coffee.image, 5)
    assert work.predictions(bundled, replace(coffee, name="the same by another name")) is likely


@pytest.mark.parametrize("kind", [Saliency, GradCAM])
def test_a_map_is_the_explainers_own(own_jobs, bundled, coffee, asking, kind):
    found = work.explanation(kind(), asking())
    assert (found.heat == kind()(bundled, coffee.image, Target(3)).heat).all()
    assert work.explanation(kind(), asking()) is found


def test_another_class_photo_or_setting_is_another_map(own_jobs, asking):
    chelsea = Photo.read("chelsea", SAMPLES[1].data)
    questions = [asking(), asking(index=4), asking(versus=4), asking(chelsea)]
    maps = [work.explanation(Saliency(), question) for question in questions]
    assert len({found.values.tobytes() for found in maps}) == 4
    assert len(own_jobs._results["explanations"]) == 4
