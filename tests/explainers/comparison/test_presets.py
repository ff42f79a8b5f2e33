"""Presets name axes and values that there are, and methods as their declarations say."""

import pytest

from explainers import EXPLAINERS
from explainers.classifiers import BUNDLED
from explainers.comparison.axes import AXES, in_preset
from explainers.comparison.cells import compare
from explainers.comparison.presets import comparison_presets


@pytest.fixture
def presets(question):
    """The presets by name."""
    return {preset.name: preset for preset in comparison_presets(question.classifier, (BUNDLED, "resnet18"))}


def test_every_preset_has_a_name_of_its_own(presets, question):
    assert len(presets) == len(comparison_presets(question.classifier, (BUNDLED, "resnet18"))) == 7


def test_presets_exist_for_real_values(presets, question):
    for preset in presets.values():
        for axis, values in filter(None, (preset.across, preset.down)):
            assert len(set(values)) == len(values) > 1
            assert {*values} <= {*AXES[axis].options(question)}
        if preset.down:
            assert preset.across[0] != preset.down[0]


def test_no_tile_of_a_preset_is_refused(presets, question, likely):
    for preset in presets.values():
        (across, columns), (down, rows) = preset.across, preset.down or ("scale", ("logit",))
        cells = [{down: row, across: column} for row in rows for column in columns]
        explainer = preset.method or EXPLAINERS[0]()
        comparison = compare(cells, len(columns), question, likely, explainer)
        assert [variant.refusal for variant in comparison.variants] == [""] * len(cells)


def test_a_preset_has_the_methods_that_declare_a_place_in_it_in_that_order(presets):
    for name, kinds in (
        (
            "Four classics",
            ["vanilla-gradient", "guided-backpropagation", "integrated-gradients", "grad-cam"],
        ),
        ("Two classifiers", ["vanilla-gradient", "grad-cam"]),
    ):
        preset = presets[name]
        assert list((preset.down or preset.across)[1]) == kinds
    places = sorted(kind.presets["tutorials"] for kind in in_preset("tutorials"))
    assert places == sorted({*places})


def test_a_family_is_whole_and_its_slow_methods_come_last(presets, question):
    for name, family in (("Gradient methods", "gradient"), ("CAM family", "class activation map")):
        kinds = {kind.slug(): kind for kind in EXPLAINERS}
        chosen = [kinds[slug] for slug in presets[name].across[1]]
        assert {*chosen} == {kind for kind in EXPLAINERS if kind.family == family}
        slow = [kind().passes(question.classifier) > 10 for kind in chosen]
        assert slow == sorted(slow)


def test_only_the_baseline_differs_where_baselines_are_compared(presets):
    preset = presets["Baselines"]
    assert preset.method.settings["steps"] == 64
    assert preset.shared_colours
    assert [each.name for each in presets.values() if each.shared_colours] == [preset.name]


def test_two_classifiers_are_those_that_are_given(presets):
    assert presets["Two classifiers"].across == ("classifier", (BUNDLED, "resnet18"))
