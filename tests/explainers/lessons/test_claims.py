"""What the lessons claim is true, on both classifiers that come with the project."""

import pytest

from explainers import load_classifier
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.lessons import baseline, cam, contrast, lying, preprocessing, relu, steps
from explainers.lessons.functions import value


@pytest.fixture(scope="module", params=BUNDLED_CLASSIFIERS)
def lab(request, remembering):
    if not BUNDLED_CLASSIFIERS[request.param].is_installed:
        pytest.skip(f"{request.param} is not installed")
    return remembering(load_classifier(request.param))


@pytest.fixture(scope="module")
def bundled(remembering):
    return remembering(load_classifier("bundled"))


@pytest.mark.parametrize("picture", cam.PICTURES)
def test_cam_and_grad_cam_are_the_same_map_up_to_a_factor(lab, picture):
    question = lab.question(picture)
    assert cam.difference(lab, question) < 1e-5
    assert cam.factor(lab, question) == pytest.approx(lab.explain(cam.CAM(), question).values.size, rel=1e-5)


def test_all_feature_maps_of_a_class_add_up_to_its_logit(lab):
    question = lab.question(cam.PICTURES[0])
    head = cam.head_of(question)
    logit = float((head.grid.mean((2, 3)) * head.weights).sum() + head.bias)
    assert logit == pytest.approx(lab.likely(cam.PICTURES[0])[0].logit, rel=1e-4)


def test_both_other_rules_care_less_about_the_class_than_the_vanilla_gradient(lab):
    alike = relu.alike(lab, relu.PICTURES[0], relu.RANKS["second"])
    assert min(alike[relu.GUIDED], alike[relu.ZEILER]) > alike[relu.VANILLA] + 0.2


def test_black_cant_see_black(lab):
    area, from_black = baseline.shares(lab, "black")
    _, from_white = baseline.shares(lab, "white")
    assert from_black < area / 2 < from_white


def test_a_network_fed_wrongly_gives_other_answers_and_the_check_of_its_map_does_not_notice(lab):
    worst, first = (preprocessing.changed(lab, name) for name in (preprocessing.UNDIVIDED, preprocessing.SCALED))
    assert len(worst) > len(preprocessing.NAMES) / 2 > 0 < len(first)
    gaps = [
        each.explain(preprocessing.CHECKED, each.question(preprocessing.CHECKED_PICTURE)).gap
        for each in (lab, preprocessing.fed(lab, preprocessing.SCALED))
    ]
    assert gaps[1] < gaps[0] + preprocessing.GAP_RISE


@pytest.mark.parametrize("method", contrast.METHODS.values(), ids=contrast.METHODS)
def test_a_contrast_is_the_difference_and_speaks_for_one_half_and_against_the_other(lab, method):
    found = contrast.maps(lab, method, contrast.contrast(lab, contrast.PICTURES[0], contrast.PICTURES[-1]))
    assert contrast.off(found) < 1e-5
    left, right = contrast.sides(found[2])
    assert left > 0 > right


def test_every_classifier_knows_the_class_that_the_cat_is_compared_with_and_takes_it_for_another(lab):
    assert contrast.RIVAL in lab.classifier.labels
    assert lab.likely(contrast.PICTURES[0])[0].label != contrast.RIVAL


def test_guided_backpropagation_stays_when_the_last_layer_is_random(bundled):
    question = bundled.question(lying.PICTURES[0])
    guided, vanilla = (
        bundled.result_of(lying.Forgetting(lying.METHODS[name], question)) for name in (lying.GUIDED, lying.VANILLA)
    )
    assert lying.after_last_layer(guided) > 0.7
    assert lying.after_last_layer(vanilla) < 0.4


def test_a_silent_unit_and_evidence_against_pass_where_the_lesson_says():
    assert relu.passed_down(-1, 2) == {relu.VANILLA: 0, relu.GUIDED: 0, relu.ZEILER: 2}
    assert relu.passed_down(1, -2) == {relu.VANILLA: -2, relu.GUIDED: 0, relu.ZEILER: 0}
    assert relu.passed_down(1, 2) == {relu.VANILLA: 2, relu.GUIDED: 2, relu.ZEILER: 2}


@pytest.mark.parametrize("count", [2, 10, 100])
def test_the_librarys_rule_is_too_small_by_one_over_n(count):
    assert steps.by_library(count) == pytest.approx(value(steps.tripled, steps.END) * (1 - 1 / count))
