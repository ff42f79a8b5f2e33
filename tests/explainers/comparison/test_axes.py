"""Each axis sets what it says, and a value that makes no sense with the rest is refused in a sentence."""

from dataclasses import replace

import pytest

from explainers import EXPLAINERS, GradCAM, IntegratedGradients, Saliency, Target
from explainers.classifiers.catalogue import find
from explainers.comparison.axes import AXES, RATHER, THAT, THIS, at_hand, runner_up
from explainers.comparison.cells import compare
from explainers.comparison.variants import DEPTHS
from explainers.methods import BY_SLUG


@pytest.fixture
def asked(question, likely):
    """(cells, explainer) -> for each cell, the method and the target that its tile asks for."""

    def make(cells, explainer):
        comparison = compare(cells, len(cells), question, likely, explainer)
        every = [variant.ask(question.classifier, question.photo) for variant in comparison.variants]
        assert all((one.photo, one.classifier) == (question.photo, question.classifier) for _, one in every)
        return [(method, one.target) for method, one in every]

    return make


@pytest.fixture
def refusal(question, likely):
    """(axis, value, explainer) -> why the method refuses the value; empty: it doesn't."""

    def make(axis, value, explainer):
        (variant,) = compare([{axis: value}], 1, question, likely, explainer).variants
        return variant.refusal

    return make


@pytest.mark.parametrize("axis", ["baseline", "layer", "steps", "seed"])
def test_a_value_without_a_meaning_says_so(refusal, question, axis):
    for value in AXES[axis].options(question):
        assert (
            refusal(axis, value, Saliency())
            == f"Vanilla gradient has no {axis} to choose. Compare methods that have one."
        )


def test_a_seed_without_randomness_says_so(refusal):
    said = refusal("seed", "1", IntegratedGradients())
    assert said == "Integrated Gradients uses no seed with its other settings as they are. Change those in the sidebar."
    assert refusal("seed", "1", IntegratedGradients(baseline="random")) == ""


@pytest.mark.parametrize("name", AXES)
def test_the_first_values_of_an_axis_are_among_its_options(question, name):
    axis = AXES[name]
    options = axis.options(question)
    assert len(set(axis.first)) == len(axis.first) > 1
    assert {*axis.first} <= {*options}
    assert len({axis.text(option) for option in options}) == len(options)


@pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.__name__)
def test_every_axis_sets_a_method_or_says_why_not(refusal, kind):
    for name, axis in AXES.items():
        said = refusal(name, axis.first[-1], kind())
        assert said == "" or said.startswith(kind.title)


def test_classes_are_this_that_and_this_rather_than_that(question, asked):
    this, that = (question.classifier.labels.index(label) for label in ("teapot", "candle"))
    found = asked([{"class": value} for value in (THIS, THAT, RATHER, "espresso")], Saliency())
    espresso = question.classifier.labels.index("espresso")
    targets = Target(this), Target(that), Target(this, that), Target(espresso)
    assert found == [(Saliency(), target) for target in targets]


def test_the_runner_up_is_the_chosen_other_or_else_the_likeliest_other(question, likely):
    labels, asked = question.classifier.labels, question.target
    assert runner_up(question, likely) == "candle"
    assert runner_up(question, likely[::-1]) == "espresso"
    assert runner_up(replace(question, target=replace(asked, index=labels.index("candle"))), likely) == "teapot"
    chosen = replace(question, target=replace(asked, versus=labels.index("espresso")))
    assert runner_up(chosen, likely) == "espresso"


def test_methods_have_their_usual_settings_but_for_the_one_that_is_asked(asked):
    own = GradCAM(layer="layer1")
    found = asked([{"method": kind.slug()} for kind in EXPLAINERS], own)
    assert [method for method, _ in found] == [own if kind is GradCAM else kind() for kind in EXPLAINERS]


def test_a_setting_is_set_after_the_method_whatever_the_order(asked):
    (method, _), (same, _) = asked(
        [
            {"baseline": "white", "method": "integrated-gradients"},
            {"method": "integrated-gradients", "baseline": "white"},
        ],
        Saliency(),
    )
    assert method == same == IntegratedGradients(baseline="white")


def test_the_other_axes_set_what_they_say(question, asked):
    cells = [{"steps": steps, "baseline": name} for steps in ("8", "16") for name in ("black", "white", "random")]
    expected = [
        IntegratedGradients(steps=steps, baseline=name) for steps in (8, 16) for name in ("black", "white", "random")
    ]
    assert [method for method, _ in asked(cells, IntegratedGradients(steps=5))] == expected
    ((automatic, _),) = asked([{"steps": "automatic"}], IntegratedGradients(steps=5))
    assert automatic == IntegratedGradients()
    scales = [target.scale for _, target in asked([{"scale": s} for s in ("logit", "probability")], Saliency())]
    assert scales == ["logit", "probability"]
    kind = BY_SLUG["smoothgrad"]
    seeds = asked([{"seed": seed} for seed in ("3", "4")], kind(samples=2))
    assert [method for method, _ in seeds] == [kind(samples=2, seed=seed) for seed in (3, 4)]


def test_layers_go_from_the_first_to_the_deepest(question, asked):
    names = [method.layer for method, _ in asked([{"layer": depth} for depth in DEPTHS], GradCAM())]
    assert len({*names}) == len(DEPTHS)
    assert names[0] == question.classifier.layers()[0].name
    assert names[-1] == question.classifier.layer


def test_the_first_classifiers_need_no_download():
    assert {find(name).origin for name in AXES["classifier"].first} == {"bundled"}


def test_a_classifier_to_be_downloaded_comes_after_those_that_are_there():
    origins = [find(name).origin for name in at_hand()]
    assert origins == sorted(origins, key="download".__eq__)
