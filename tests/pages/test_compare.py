"""The Compare page shows the engine's own numbers side by side, and a tile that can't be had says why."""

from functools import cache

import numpy as np
import pytest

from explainers import (
    EXPLAINERS,
    Classifier,
    ExplanationError,
    GradCAM,
    GuidedBackprop,
    IntegratedGradients,
    Saliency,
    Target,
    read_image,
)
from explainers.classifiers import BUNDLED
from explainers.comparison.axes import AXES
from explainers.comparison.presets import comparison_presets
from explainers.comparison.variants import DEPTHS, Comparison, Variant
from explainers.experiments import rank_correlation, ssim
from explainers.images.samples import SAMPLES
from pages.sections.compare import tiles
from pages.sections.compare.plan import NOTHING_ELSE
from pages.sections.compare.views import Views
from pages.shared import work

PHOTO = read_image(SAMPLES[0].data)
FOUR = Saliency(), GuidedBackprop(), IntegratedGradients(), GradCAM()
PRESETS = (
    "The four of the tutorials",
    "All gradient methods",
    "CAM family",
    "This class against that class",
    "Black, white, random",
    "Shallow to deep layers",
    "Two classifiers",
)


@pytest.fixture
def come(visit):
    """(**address) -> the Compare page."""

    def make(**address):
        return run(visit({key.replace("_", "-"): value for key, value in address.items()}, "pages/compare.py"))

    return make


@pytest.fixture(scope="module")
def maps(bundled):
    """(*explainers, index=None, versus=None) -> the engine's maps of the first sample as an espresso."""

    @cache
    def heat(explainer, target):
        return explainer(bundled, PHOTO, target).heat

    def make(*explainers, **target):
        target = Target(**{"index": bundled.labels.index("espresso")} | target)
        return [heat(explainer, target) for explainer in explainers]

    return make


def run(at):
    assert not at.exception
    return at


def press(at, name):
    """The page after one of the presets."""
    return run(at.button(key=f"preset-{PRESETS.index(name)}").click().run())


def heats(drawn):
    return [trace["z"] for trace in drawn["data"]]


def notes(drawn):
    """All that is written in a figure, without its line breaks."""
    return [note["text"].replace("<br>", " ") for note in drawn["layout"]["annotations"]]


def alike(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)


def test_the_four_of_the_tutorials_are_the_engines_maps(come, figure, maps):
    drawn = figure(come(), "grid")
    alike(heats(drawn), maps(*FOUR))
    assert [f"<b>{n}. {each.title}</b>" for n, each in enumerate(FOUR, 1)] == [
        text for text in notes(drawn) if text.startswith("<b>")
    ]


def test_the_presets_are_one_click_away(come):
    assert [button.label for button in come().button if button.key.startswith("preset-")] == [*PRESETS]


@pytest.fixture
def instant(monkeypatch, explained):
    """Every tile shows the same map, so that it takes no time."""
    found = explained(Saliency())
    monkeypatch.setattr(tiles, "_tile", lambda variant, question: tiles.Tile(variant.title(None), "", found))
    monkeypatch.setattr(tiles, "_first_look", lambda *asked: None)


@pytest.mark.parametrize("name", [name for name in PRESETS if name != "Two classifiers"])
def test_every_preset_fills_its_grid(come, figure, bundled, instant, name):
    at = press(come(), name)
    (preset,) = (each for each in comparison_presets(bundled, (BUNDLED, "resnet18")) if each.name == name)
    drawn = figure(at, "grid")
    assert len(drawn["data"]) == len(preset.across[1]) * (len(preset.down[1]) if preset.down else 1)
    assert all(np.any(heat) for heat in heats(drawn))
    assert not at.error


def test_the_preset_of_two_classifiers_says_what_it_lacks_and_goes_on(come, figure, maps, monkeypatch):
    asked, real = [], work.classifier

    def classifier(source, fit):
        asked.append(source.name)
        if source.name != "bundled":
            raise ExplanationError(f"{source.title} can't be had.")
        return real(source, fit)

    monkeypatch.setattr(work, "classifier", classifier)
    at = press(come(), "Two classifiers")
    drawn = figure(at, "grid")
    alike(heats(drawn), maps(Saliency(), GradCAM()))
    assert notes(drawn).count("EfficientNet-Lite0 can't be had.") == 2
    assert asked.count("efficientnet_lite0") == 1  # not once for each tile
    run(at.segmented_control(key="compare-view").set_value("Maps").run())
    assert asked.count("efficientnet_lite0") == 1
    run(at.button(key="compare-again").click().run())
    assert asked.count("efficientnet_lite0") == 2


@pytest.fixture
def other(bundled, monkeypatch):
    """Another classifier in place of ResNet-18: the same network, under these labels."""

    def make(labels, size=bundled.size):
        found = Classifier(bundled.network, labels, size=size, mean=bundled.mean, std=bundled.std, name="Other")
        real = work.classifier
        monkeypatch.setattr(
            work, "classifier", lambda source, fit: found if source.name == "resnet18" else real(source, fit)
        )
        return found

    return make


def test_another_classifier_explains_the_class_of_the_same_name(come, figure, bundled, other):
    labels = [f"x{n}" for n in range(99)] + ["espresso"]
    found = other(labels)
    at = come(compare_across="classifier", compare_down="method", compare_method="vanilla-gradient")
    expected = Saliency()(found, PHOTO, Target(99))
    alike(heats(figure(at, "grid"))[1:], [expected.heat])


def test_a_class_that_a_classifier_does_not_know_is_said_in_its_tile(come, figure, other, maps):
    other([f"x{n}" for n in range(100)])
    drawn = figure(come(compare_across="classifier", method=Saliency.slug()), "grid")
    alike(heats(drawn), maps(Saliency()))
    assert "Other knows no class called 'espresso'." in notes(drawn)


def test_classifiers_of_other_sizes_are_compared_where_both_see_the_photo(come, figure, bundled, other):
    other(bundled.labels, (96, 80))
    at = come(compare_across="classifier", compare_view="Agreement")
    values = figure(at, "matrix-rank_correlation")["data"][0]["z"]
    assert values.shape == (2, 2)
    assert values[0, 1] == pytest.approx(values[1, 0])
    assert not at.error


def test_a_tile_that_fails_says_its_sentence_and_the_rest_goes_on(come, figure, maps):
    drawn = figure(come(compare_across="method", compare_method="vanilla-gradient~cam", scale="probability"), "grid")
    alike(heats(drawn), maps(Saliency(), scale="probability"))
    assert "CAM explains the logit only, not the probability. Choose the logit." in notes(drawn)
    assert len(drawn["layout"]["shapes"]) == 1


def test_a_value_without_a_meaning_says_so_in_its_tile(come, figure):
    said = notes(figure(come(compare_across="steps", method=Saliency.slug()), "grid"))
    assert set(said) > {"Vanilla gradient has no steps to choose."}


def test_classes_across_and_methods_down(come, figure, bundled, maps):
    at = come(compare_across="class", compare_down="method", compare_method="vanilla-gradient~grad-cam")
    this, that = (row.index for row in bundled.predict(PHOTO, 2))
    drawn = figure(at, "grid")
    targets = {"index": this}, {"index": that}, {"index": this, "versus": that}
    alike(heats(drawn), [maps(method, **each)[0] for method in (Saliency(), GradCAM()) for each in targets])
    assert f"<b>3. Vanilla gradient · espresso rather than {bundled.labels[that]}</b>" in notes(drawn)


def test_the_other_axes_set_what_they_say(come, figure, bundled, maps):
    method = {"method": "integrated-gradients"}
    drawn = figure(come(compare_across="baseline", compare_down="steps", compare_steps="8~16", **method), "grid")
    expected = [
        IntegratedGradients(steps=steps, baseline=name) for steps in (8, 16) for name in ("black", "white", "random")
    ]
    alike(heats(drawn), maps(*expected))
    drawn = figure(come(compare_across="scale", method=Saliency.slug()), "grid")
    alike(heats(drawn), [maps(Saliency(), scale=scale)[0] for scale in ("logit", "probability")])
    drawn = figure(come(compare_across="seed", compare_seed="3~4", method="smoothgrad", smoothgrad_samples=2), "grid")
    kind = {each.slug(): each for each in EXPLAINERS}["smoothgrad"]
    alike(heats(drawn), maps(*(kind(samples=2, seed=seed) for seed in (3, 4))))


def test_layers_go_from_the_first_to_the_deepest(come, figure, bundled, maps):
    drawn = figure(come(compare_across="layer", method="grad-cam"), "grid")
    names = [text[6:-4] for text in notes(drawn) if text.startswith("<b>")]
    assert len(names) == len(DEPTHS)
    assert names[0] == bundled.layers()[0].name
    assert names[-1] == bundled.layer
    alike(heats(drawn), maps(*(GradCAM(layer=name) for name in names)))


def test_one_scale_for_all_is_equal_over_tiles_and_said(come, figure):
    at = come(compare_colours="one for all")
    found = figure(at, "grid")["data"]
    assert len({(trace["zmin"], trace["zmax"]) for trace in found}) == 1
    (said,) = (caption.value for caption in at.main.caption if "scale" in caption.value)
    assert said.startswith("**One colour scale for all tiles.** They have 3 different units")


def test_signs_are_shown_where_chosen(come, figure, maps):
    drawn = figure(come(compare_channels="signed sum", compare_method="vanilla-gradient"), "grid")
    assert drawn["data"][0]["zmin"] == -drawn["data"][0]["zmax"]
    assert np.any(drawn["data"][0]["z"] < 0)


def test_the_matrices_are_the_measures(come, figure, maps):
    at, expected = come(compare_view="Agreement"), maps(*FOUR)
    for measure in (rank_correlation, ssim):
        values = figure(at, f"matrix-{measure.__name__}")["data"][0]["z"]
        for row, one in enumerate(expected):
            for column, other in enumerate(expected):
                assert values[row, column] == pytest.approx(measure(one, other))


def test_two_maps_are_held_against_each_other(come, figure, maps):
    at = come(compare_view="Agreement", compare_first=2, compare_second=1)
    saliency, guided, *_ = maps(*FOUR)
    np.testing.assert_allclose(figure(at, "difference")["data"][2]["z"], guided - saliency)
    at = run(at.segmented_control(key="compare-view").set_value("Blink").run())
    alike(heats(figure(at, "blink")), [guided, saliency])
    assert [metric.value for metric in at.metric] == [f"{m(guided, saliency):.2f}" for m in (rank_correlation, ssim)]


def test_a_tile_without_a_map_can_not_be_held_against_another(come):
    at = come(compare_view="Blink", compare_method="vanilla-gradient~cam", scale="probability")
    assert [error.value.replace("\\", "") for error in at.error] == [
        "Tile 2 has no map: CAM explains the logit only, not the probability. Choose the logit."
    ]


def test_looking_in_another_way_computes_nothing(come, own_jobs, passed):
    at = come()
    passed.clear()
    for key, value in (
        ("compare-colours", "one for all"),
        ("compare-view", "Agreement"),
        ("compare-view", "Blink"),
        ("compare-view", "Maps"),
    ):
        at = run(at.segmented_control(key=key).set_value(value).run())
    run(at.selectbox(key="compare-channels").select("largest").run())
    assert not passed


def test_where_maps_take_long_the_first_row_is_soon_there(come, own_jobs, maps, monkeypatch):
    monkeypatch.setattr(work, "QUICK_PIXELS", 20 * 64 * 64)
    monkeypatch.setattr(tiles, "REDRAW_INTERVAL", 0)
    drawn = []
    show = Views.preview
    monkeypatch.setattr(Views, "preview", lambda self, tiles: (drawn.append(list(tiles)), show(self, tiles)))
    come(compare_method="vanilla-gradient~integrated-gradients~occlusion")
    first, second, third = drawn[0]
    assert second.line == "a first look after 9 passes"
    preview_form = IntegratedGradients(steps=8, rule="trapezoid")
    alike([first.explanation.heat, second.explanation.heat], maps(Saliency(), preview_form))
    assert (third.line, third.explanation) == ("waiting …", None)
    passes = drawn[-1][1].explanation.facts.passes
    assert passes > 17
    assert [tile.line.rpartition(" · ")[2] for tile in drawn[-1][:2]] == ["1 pass", f"{passes} passes"]


def test_a_second_axis_leaves_room_for_itself(come, figure):
    at = press(come(), "All gradient methods")
    at = run(at.selectbox(key="compare-down").select("scale").run())
    assert len(at.multiselect(key="compare-method").value) == 5
    drawn = figure(at, "grid")
    assert len(drawn["data"]) + len(drawn["layout"]["shapes"]) == 10


def test_no_axis_is_taken_twice(come):
    at = come(compare_across="scale", compare_down="scale")
    assert at.selectbox(key="compare-down").value == NOTHING_ELSE
    assert at.selectbox(key="compare-down").options == ["Nothing else", *(n.capitalize() for n in AXES if n != "scale")]


def test_without_a_value_it_says_what_is_missing(come):
    at = come()
    at = run(at.multiselect(key="compare-method").set_value([]).run())
    assert [error.value.replace("\\", "") for error in at.error] == ["Choose at least one method to compare."]


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass with each tile, one after the other."""
    now = [0.0]
    monkeypatch.setattr(tiles.time, "monotonic", lambda: now[0])

    def make(seconds):
        spans = iter(seconds)

        def tile(variant, question):
            now[0] += next(spans)
            return tiles.Tile("done", "")

        monkeypatch.setattr(tiles, "_tile", tile)
        monkeypatch.setattr(tiles, "_first_look", lambda *asked: None)

    return make


def drawings(count, columns):
    """How many tiles were there at each drawing."""
    seen = []
    variant = Variant(Saliency(), None, "espresso", None, "logit", title=lambda explanation: "waiting")
    comparison = Comparison([variant] * count, columns)
    tiles.compute(comparison, None, lambda drawn: seen.append(sum(each.title == "done" for each in drawn)))
    return seen


def test_the_figure_is_redrawn_when_a_row_is_complete(clock):
    clock([0.6] * 9)
    assert drawings(9, 3) == [2, 6]  # the first drawing doesn't wait for a row


def test_the_figure_is_redrawn_at_most_once_a_second(clock):
    clock([0.125] * 25)
    assert drawings(25, 5) == [8, 20]


def test_a_single_row_is_redrawn_as_it_grows(clock):
    clock([0.6] * 5)
    assert drawings(5, 5) == [2, 4]
