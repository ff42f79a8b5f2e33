"""The Compare page shows the engine's own numbers side by side, and a tile that can't be had says why."""

import html
import math
import re
from functools import cache

import numpy as np
import pytest
from PIL import Image

from explainers import (
    EXPLAINERS,
    Classifier,
    ExplanationError,
    GradCAM,
    GuidedBackprop,
    InputXGradient,
    IntegratedGradients,
    Saliency,
    Target,
    read_image,
)
from explainers.comparison.axes import AXES, at_hand
from explainers.comparison.presets import comparison_presets
from explainers.comparison.variants import DEPTHS
from explainers.experiments import rank_correlation, ssim
from explainers.images.encoding import encode
from explainers.images.samples import SAMPLES
from pages.sections.compare import tiles
from pages.sections.compare.grid import Grid
from pages.sections.compare.plan import NOTHING_ELSE
from pages.shared import work
from pages.shared.picture import sample_photo

PHOTO = read_image(SAMPLES[0].data)
FOUR = Saliency(), GuidedBackprop(), IntegratedGradients(), GradCAM()
PRESETS = (
    "Four classics",
    "Gradient methods",
    "CAM family",
    "Class vs. class",
    "Baselines",
    "Layers",
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
    return run(at.pills(key="preset").set_value(name).run())


def texts(at, name):
    """All that stands in elements of this class, on the page."""
    written = "".join(element.proto.body for element in at.get("html"))
    return [html.unescape(text) for text in re.findall(f'<div class="{name}">(.*?)</div>', written)]


@pytest.fixture
def drawn(figure):
    """(page, grid="maps") -> the figures of the maps, by the numbers of their tiles, as the browser gets them."""

    def find(at, grid="maps"):
        keys = (re.search(rf"-{grid}-tile-(\d+)$", chart.proto.id) for chart in at.get("plotly_chart"))
        return {int(key[1]): figure(at, key[0][1:]) for key in keys if key}

    return find


@pytest.fixture
def heats(drawn):
    """(page, grid="maps") -> the maps that are drawn."""
    return lambda at, grid="maps": [each["data"][0]["z"] for _, each in sorted(drawn(at, grid).items())]


def alike(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)


def test_the_four_classics_are_the_engines_maps(come, heats, maps):
    at = come()
    alike(heats(at), maps(*FOUR))
    assert texts(at, "tile-title") == [each.title for each in FOUR]
    assert at.main.caption[0].value == "4 maps, by method."
    assert at.pills(key="preset").value == "Four classics"


def test_the_presets_are_one_click_away_and_the_chosen_one_is_marked(come, instant):
    at = come()
    assert at.pills(key="preset").options == list(PRESETS)
    at = press(at, "Baselines")
    assert at.pills(key="preset").value == "Baselines"
    at = run(at.multiselect(key="compare-baseline").set_value(["black", "white"]).run())
    assert at.pills(key="preset").value is None
    at = run(at.multiselect(key="compare-baseline").set_value(["black", "white", "random"]).run())
    assert at.pills(key="preset").value == "Baselines"
    at = press(at, None)  # a click on the marked one
    assert at.pills(key="preset").value == "Baselines"


@pytest.fixture
def instant(monkeypatch, explained):
    """Every tile shows the same map, so that it takes no time."""
    found = explained(Saliency())
    monkeypatch.setattr(tiles, "_tile", lambda variant, question: tiles.Tile(variant.title(None), "", found))
    monkeypatch.setattr(tiles, "_is_quick", lambda *asked: True)


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_fills_its_grid(come, heats, bundled, instant, name):
    at = press(come(), name)
    (preset,) = (each for each in comparison_presets(bundled, at_hand()[:2]) if each.name == name)
    drawn = heats(at)
    assert len(drawn) == len(preset.across[1]) * (len(preset.down[1]) if preset.down else 1)
    assert all(np.any(heat) for heat in drawn)
    assert not at.error


def test_the_preset_of_two_classifiers_says_what_it_lacks_and_goes_on(come, heats, maps, monkeypatch):
    asked, real = [], work.classifier

    def classifier(source, fit):
        asked.append(source.name)
        if source.name != "bundled":
            raise ExplanationError(f"{source.title} can't be had.")
        return real(source, fit)

    monkeypatch.setattr(work, "classifier", classifier)
    at = press(come(), "Two classifiers")
    alike(heats(at), maps(Saliency(), GradCAM()))
    assert texts(at, "tile-reason") == ["EfficientNet-Lite0 can't be had."] * 2
    assert asked.count("efficientnet_lite0") == 1  # not once for each tile
    run(at.segmented_control(key="compare-view").set_value("Maps").run())
    assert asked.count("efficientnet_lite0") == 1
    run(at.button(key="compare-again").click().run())
    assert asked.count("efficientnet_lite0") == 2


@pytest.fixture
def other(bundled, monkeypatch):
    """Another classifier in place of EfficientNet-Lite0: the bundled network, under these labels."""

    def make(labels, size=bundled.size):
        found = Classifier(bundled.network, labels, size=size, mean=bundled.mean, std=bundled.std, name="Other")
        real = work.classifier
        monkeypatch.setattr(
            work, "classifier", lambda source, fit: found if source.name == "efficientnet_lite0" else real(source, fit)
        )
        return found

    return make


TWO = "bundled~efficientnet_lite0"


def test_another_classifier_explains_the_class_of_the_same_name(come, heats, other):
    found = other([f"x{n}" for n in range(99)] + ["espresso"])
    at = come(
        compare_across="classifier",
        compare_down="method",
        compare_method="vanilla-gradient",
        compare_classifier=TWO,
    )
    alike(heats(at)[1:], [Saliency()(found, PHOTO, Target(99)).heat])


def test_a_class_that_a_classifier_does_not_know_is_said_in_its_tile(come, heats, other, maps):
    other([f"x{n}" for n in range(100)])
    at = come(compare_across="classifier", compare_classifier=TWO, method="vanilla-gradient")
    alike(heats(at), maps(Saliency()))
    assert texts(at, "tile-reason") == ["Other knows no class called 'espresso'. Compare another class."]


def test_classifiers_of_other_sizes_are_compared_where_both_see_the_photo(come, figure, drawn, bundled, other):
    other(bundled.labels, (96, 80))
    at = come(compare_across="classifier", compare_classifier=TWO)
    assert len({str(each["layout"]["xaxis"]["range"]) for each in drawn(at).values()}) == 1
    at = run(at.segmented_control(key="compare-view").set_value("Agreement").run())
    values = figure(at, "matrix-rank_correlation")["data"][0]["z"]
    assert values.shape == (2, 2)
    assert values[0, 1] == pytest.approx(values[1, 0])
    assert not at.error


def test_a_tile_that_fails_says_its_sentence_and_the_rest_goes_on(come, heats, maps):
    at = come(compare_across="method", compare_method="vanilla-gradient~cam", scale="probability")
    alike(heats(at), maps(Saliency(), scale="probability"))
    assert texts(at, "tile-reason") == ["CAM explains the logit only, not the probability. Choose the logit."]


def test_a_value_without_a_meaning_says_so_in_its_tile(come):
    said = texts(come(compare_across="steps", method="vanilla-gradient"), "tile-reason")
    assert set(said) == {"Vanilla gradient has no steps to choose. Compare methods that have one."}


def test_classes_across_and_methods_down(come, heats, bundled, maps):
    at = come(compare_across="class", compare_down="method", compare_method="vanilla-gradient~grad-cam")
    this, that = (row.index for row in bundled.predict(PHOTO, 2))
    targets = {"index": this}, {"index": that}, {"index": this, "versus": that}
    alike(heats(at), [maps(method, **each)[0] for method in (Saliency(), GradCAM()) for each in targets])
    assert texts(at, "tile-title")[2] == f"Vanilla gradient · espresso compared with {bundled.labels[that]}"
    assert at.main.caption[0].value == "6 maps: class across (3), method down (2)."


def test_the_other_axes_set_what_they_say(come, heats, maps):
    method = {"method": "integrated-gradients"}
    found = heats(come(compare_across="baseline", compare_down="steps", compare_steps="8~16", **method))
    expected = [
        IntegratedGradients(steps=steps, baseline=name) for steps in (8, 16) for name in ("black", "white", "random")
    ]
    alike(found, maps(*expected))
    found = heats(come(compare_across="scale", method="vanilla-gradient"))
    alike(found, [maps(Saliency(), scale=scale)[0] for scale in ("logit", "probability")])
    found = heats(come(compare_across="seed", compare_seed="3~4", method="smoothgrad", smoothgrad_samples=2))
    kind = {each.slug(): each for each in EXPLAINERS}["smoothgrad"]
    alike(found, maps(*(kind(samples=2, seed=seed) for seed in (3, 4))))


def test_layers_go_from_the_first_to_the_deepest(come, heats, bundled, maps):
    at = come(compare_across="layer", method="grad-cam")
    names = texts(at, "tile-title")
    assert len(names) == len(DEPTHS)
    assert names[0] == bundled.layers()[0].name
    assert names[-1] == bundled.layer
    alike(heats(at), maps(*(GradCAM(layer=name) for name in names)))


def test_one_scale_for_all_is_equal_over_tiles_and_said(come, drawn):
    at = come(compare_colours="one for all")
    found = [each["data"][0] for each in drawn(at).values()]
    assert len({(trace["zmin"], trace["zmax"]) for trace in found}) == 1
    (said,) = (caption.value for caption in at.main.caption if "scale" in caption.value)
    assert said.startswith("**One colour scale for all maps.** But they have 3 different units")


def test_signs_are_shown_where_chosen_and_named_where_they_speak_of_the_class(come, drawn):
    at = come(compare_channels="signed sum", compare_method="vanilla-gradient~input-times-gradient")
    for each in drawn(at).values():
        (trace,) = each["data"]
        assert trace["zmin"] == -trace["zmax"]
        assert np.any(trace["z"] < 0)
    slope, contribution = texts(at, "tile-numbers")
    assert re.fullmatch(r"<span>-(\S+)</span><span>0</span><span>\1</span>", slope)
    assert re.fullmatch(r"<span>-(\S+) against</span><span>0</span><span>for \1</span>", contribution)


def test_a_map_has_its_sentence_and_a_scale_in_words(come):
    at = come(compare_method="vanilla-gradient")
    (line,) = texts(at, "tile-line")
    assert line.startswith("logit ")
    (chart,) = at.get("plotly_chart")
    assert chart.proto.alt == f"Vanilla gradient: {line}"
    assert texts(at, "tile-unit") == ["change of the logit per unit of brightness"]


@pytest.mark.parametrize(
    ("kinds", "reduction"),
    [(FOUR, "sum of magnitudes"), ((IntegratedGradients(), InputXGradient()), "signed sum")],
    ids=["some with signs", "all with signs"],
)
def test_the_matrices_are_the_measures_by_magnitude_unless_all_have_signs(come, figure, bundled, kinds, reduction):
    address = {"compare_channels": reduction} if reduction == "signed sum" else {}
    at = come(compare_view="Agreement", compare_method="~".join(kind.slug() for kind in kinds), **address)
    target = Target(bundled.labels.index("espresso"))
    expected = [kind(bundled, PHOTO, target).reduced(reduction).heat for kind in kinds]
    for measure in (rank_correlation, ssim):
        values = figure(at, f"matrix-{measure.__name__}")["data"][0]["z"]
        for row, one in enumerate(expected):
            for column, other in enumerate(expected):
                assert values[row, column] == pytest.approx(measure(one, other))


def test_two_maps_are_held_against_each_other(come, heats, maps):
    pair = {"compare_first": "Guided backpropagation", "compare_second": "Vanilla gradient"}
    at = come(compare_view="Agreement", **pair)
    saliency, guided, *_ = maps(*FOUR)
    np.testing.assert_allclose(heats(at, "difference")[2], guided - saliency)
    assert "against" not in texts(at, "tile-numbers")[2]  # it speaks for a map, and not for a class
    at = run(at.segmented_control(key="compare-view").set_value("Blink").run())
    alike(heats(at, "blink"), [guided, saliency])
    assert [metric.value for metric in at.metric] == [f"{m(guided, saliency):.2f}" for m in (rank_correlation, ssim)]


def test_a_tile_without_a_map_can_not_be_held_against_another(come):
    at = come(compare_view="Blink", compare_method="vanilla-gradient~cam", scale="probability")
    assert [error.value.replace("\\", "") for error in at.error] == [
        "There is no map of CAM: CAM explains the logit only, not the probability. Choose the logit. Or choose another "
        "map here."
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


@pytest.fixture
def drawings(monkeypatch):
    """What was drawn of each tile, by its number, in the order of time: None, or a tile."""
    events = []
    for name in ("wait", "look", "draw"):
        real = getattr(Grid, name)

        def note(self, number, *drawn, real=real):
            events.append((number, drawn[0] if drawn else None))
            real(self, number, *drawn)

        monkeypatch.setattr(Grid, name, note)
    return events


def test_where_a_map_takes_long_a_first_look_is_there_before(come, own_jobs, bundled, maps, monkeypatch, drawings):
    monkeypatch.setattr(work, "QUICK_PIXELS", 20 * math.prod(bundled.size))
    at = come(compare_method="integrated-gradients~vanilla-gradient~occlusion")
    assert [(number, tile and tile.line.rpartition(" · ")[2]) for number, tile in drawings[:4]] == [
        (0, None),
        (1, "1 pass"),
        (2, None),
        (0, "a first look after 9 passes"),
    ]
    assert [number for number, _ in drawings[4:]] == [0, 2]
    alike([drawings[3][1].explanation.heat], maps(IntegratedGradients(steps=8, rule="trapezoid")))
    assert drawings[4][1].explanation.facts.passes > 17
    drawings.clear()
    run(at.run())
    assert not drawings  # what is there already is drawn at once


def test_tiles_on_one_scale_are_looked_at_before_the_scale_is_known(come, own_jobs, monkeypatch, drawings, drawn):
    monkeypatch.setattr(work, "QUICK_PIXELS", 0)
    at = come(compare_method="vanilla-gradient~integrated-gradients", compare_colours="one for all")
    assert [number for number, tile in drawings if tile] == [1, 0, 1]
    first, second = drawn(at).values()
    assert first["data"][0]["zmax"] == second["data"][0]["zmax"]


def test_a_second_axis_leaves_room_for_itself(come):
    at = press(come(), "Gradient methods")
    at = run(at.selectbox(key="compare-down").select("scale").run())
    assert len(at.multiselect(key="compare-method").value) == 5
    assert len(texts(at, "tile-title")) == 10


def test_no_axis_is_taken_twice(come):
    at = come(compare_across="scale", compare_down="scale")
    assert at.selectbox(key="compare-down").value == NOTHING_ELSE
    assert at.selectbox(key="compare-down").options == [
        *("Nothing else", "Picture"),
        *(name.capitalize() for name in AXES if name != "scale"),
    ]


def test_without_a_value_it_says_what_is_missing(come):
    at = come()
    at = run(at.multiselect(key="compare-method").set_value([]).run())
    assert [error.value.replace("\\", "") for error in at.error] == ["Choose at least one method to compare."]


def test_pictures_are_compared_each_for_its_own_top_prediction(come, heats, bundled, drawn):
    at = come(compare_across="picture", compare_picture="coffee~chelsea", method="vanilla-gradient")
    photos = [sample_photo(name).image for name in ("coffee", "chelsea")]
    tops = [bundled.predict(photo)[0] for photo in photos]
    alike(
        heats(at), [Saliency()(bundled, photo, Target(top.index)).heat for photo, top in zip(photos, tops, strict=True)]
    )
    assert texts(at, "tile-title") == [
        f"Cup of coffee · {tops[0].label}",
        f"Chelsea the cat · {tops[1].label}",
    ]
    ranges = [each["layout"]["xaxis"]["range"] for each in drawn(at).values()]
    assert ranges[0] != ranges[1]  # each in its own photo's pixels
    at = run(at.selectbox(key="class").select("teapot").run())
    teapot = Target(bundled.labels.index("teapot"))
    alike(heats(at), [Saliency()(bundled, photo, teapot).heat for photo in photos])


def test_maps_of_different_pictures_are_not_held_against_each_other(come):
    for view in ("Agreement", "Blink"):
        at = come(compare_across="picture", compare_picture="coffee~chelsea", compare_view=view)
        assert [error.value.partition(",")[0] for error in at.error] == ["These maps are of different pictures"]


def test_two_maps_of_one_of_several_pictures_are_compared(come):
    rows = {"compare_across": "method", "compare_method": "vanilla-gradient~cam", "compare_down": "picture"}
    at = come(**rows, compare_picture="coffee~chelsea", compare_view="Agreement")
    assert not at.error
    assert any("no table of all these maps" in caption.value for caption in at.main.caption)
    assert len(texts(at, "tile-title")) == 3


def test_a_picture_that_is_not_here_is_not_compared(come):
    at = come(compare_across="picture", compare_picture="40x30-0123456789abcdef~coffee", method="vanilla-gradient")
    assert len(texts(at, "tile-title")) == 4  # the first ones instead
    assert not at.error


def test_several_pictures_of_ones_own_are_compared_by_one_click(come, instant):
    at = come(sample="own")
    pictures = {f"{size}.png": Image.effect_noise((size, size), 80).convert("RGB") for size in (60, 70)}
    files = [(name, encode(picture), "image/png") for name, picture in pictures.items()]
    at = press(run(at.file_uploader[0].set_value(files).run()), "Your pictures")
    assert at.main.caption[0].value == "2 maps, by picture."
    assert at.pills(key="preset").value == "Your pictures"
