"""What a tile shows: the same class by its name, and a layer at the same depth, of whatever classifier it names."""

import pytest

from explainers import ExplanationError, GradCAM, Saliency, Target
from explainers.comparison.variants import DEPTHS, Variant, balanced, layer_at
from explainers.question import Question


def test_what_differs_in_nothing_is_the_question_itself(question):
    labels = question.classifier.labels
    target = Target(labels.index("teapot"), labels.index("candle"), "probability")
    given = Question(question.photo, question.classifier, target)
    explainer, asked = Variant.of(given, Saliency()).ask(given.classifier, given.photo)
    assert explainer == Saliency()
    assert asked.key == given.key


def test_another_classifier_is_asked_about_the_class_of_the_same_name(question, conv, noise):
    variant = Variant(Saliency(), "conv", "class 2", "class 0", "logit")
    _, asked = variant.ask(conv, question.photo)
    assert (asked.classifier, asked.target) == (conv, Target(2, 0))


@pytest.mark.parametrize(("label", "versus"), [("teapot", None), ("class 1", "teapot")])
def test_a_class_that_a_classifier_does_not_know_is_said(question, conv, label, versus):
    with pytest.raises(ExplanationError, match=r"^conv knows no class called 'teapot'\. Compare another class\.$"):
        Variant(Saliency(), "conv", label, versus, "logit").ask(conv, question.photo)


def test_a_refused_variant_says_why(question):
    with pytest.raises(ExplanationError, match=r"^It makes no sense\.$"):
        Variant(Saliency(), None, "teapot", None, "logit", refusal="It makes no sense.").ask(
            question.classifier, question.photo
        )


def test_a_depth_is_a_layer_of_the_classifier_that_is_asked(question, conv):
    for classifier, label in ((question.classifier, "teapot"), (conv, "class 1")):
        variant = Variant(GradCAM(), None, label, None, "logit", depth="deepest")
        explainer, _ = variant.ask(classifier, question.photo)
        assert explainer == GradCAM(layer=classifier.layer)


def test_depths_go_evenly_from_the_first_layer_to_the_deepest_features(question):
    classifier = question.classifier
    names = [layer.name for layer in classifier.layers()]
    places = [names.index(layer_at(classifier, depth)) for depth in DEPTHS]
    last = names.index(classifier.layer)
    assert (places[0], places[-1]) == (0, last)
    assert places == [round(share * last) for share in DEPTHS.values()]
    assert places == sorted(set(places))


def test_a_layer_is_itself_at_any_depth(question):
    assert layer_at(question.classifier, "some.layer") == "some.layer"  # the method refuses what there isn't


def test_a_classifier_without_layers_has_no_depths(linear):
    with pytest.raises(ExplanationError, match=r"^linear has no layer that gives a grid\. Compare something else\.$"):
        layer_at(linear, "half deep")


@pytest.mark.parametrize(
    ("count", "rows"),
    [
        (1, [1]),
        (4, [4]),
        (5, [5]),
        (6, [3, 3]),
        (7, [4, 3]),
        (8, [4, 4]),
        (9, [3, 3, 3]),
        (10, [5, 5]),
        (11, [4, 4, 3]),
        (13, [5, 5, 3]),
        (25, [5, 5, 5, 5, 5]),
    ],
)
def test_tiles_fill_the_rows_evenly(count, rows):
    columns = balanced(count)
    assert [min(columns, count - first) for first in range(0, count, columns)] == rows


@pytest.mark.parametrize("count", range(2, 26))
def test_no_tile_is_left_alone_in_a_row(count):
    assert count % balanced(count) != 1
