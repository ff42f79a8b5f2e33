"""The Explain page shows the engine's own numbers, or a sentence."""

from dataclasses import replace
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from explainers import (
    CAM,
    EXPLAINERS,
    Classifier,
    DeepLIFT,
    FeatureAblation,
    GradCAM,
    GuidedBackprop,
    IntegratedGradients,
    Saliency,
    Target,
    read_image,
)
from explainers.classifiers.catalogue import find
from explainers.classifiers.published import BUNDLED
from explainers.classifiers.weights_source import WeightsSource
from explainers.experiments import Finding, Pointing, Randomisation, Removal, Sensitivity
from explainers.experiments.verdict import verdict
from explainers.figures.smoothing import radius
from explainers.images.reading import read
from explainers.images.samples import SAMPLES
from pages.shared import work

ATTENTION = [kind for kind in EXPLAINERS if kind.needs_attention]  # which the bundled classifier has none of
OTHERS = [kind for kind in EXPLAINERS if not kind.needs_attention]
every_method = pytest.mark.parametrize("kind", OTHERS, ids=lambda kind: kind.__name__)
FEW = Saliency, GradCAM, CAM, GuidedBackprop, DeepLIFT, FeatureAblation  # the page knows none of them by name
some_methods = pytest.mark.parametrize("kind", FEW, ids=lambda kind: kind.__name__)


PHOTO = read_image(SAMPLES[0].data)


def run(given):
    """The page after a run that a widget started."""
    at = given.run()
    assert not at.exception
    return at


def sentences(at):
    """All that is said in the page."""
    return "\n".join(markdown.value for markdown in at.main.markdown)


def test_the_first_visit_shows_a_map_and_its_proof(visit, figure, explained):
    at = visit()
    assert not at.exception
    assert not at.error
    assert [trace["type"] for trace in figure(at, "map")["data"]] == ["image", "image", "heatmap", "image", "heatmap"]
    assert np.array_equal(figure(at, "map")["data"][2]["z"], explained(EXPLAINERS[0]()).heat)
    assert "**espresso**" in sentences(at)
    assert "through PocketNet in" in sentences(at)


@every_method
def test_every_method_draws_the_engines_numbers(visit, figure, explained, kind):
    few = kind.examples.few  # passes: how many there are makes no difference to the page
    at = visit({"method": kind.slug()} | {f"{kind.slug()}-{name}": value for name, value in few.items()})
    assert not at.exception
    assert not at.error
    for trace in (figure(at, "map")["data"][i] for i in (2, 4)):
        assert np.array_equal(trace["z"], explained(kind(**few)).heat)


@pytest.mark.parametrize("kind", ATTENTION, ids=lambda kind: kind.__name__)
def test_a_method_that_the_classifier_lacks_the_parts_for_says_so(visit, figure, kind):
    at = visit({"method": kind.slug()})
    assert not at.exception
    assert f"{kind.title} needs a vision transformer" in at.error[0].value
    assert figure(at, "answer")


@some_methods
def test_another_class_is_explained_rather_than_a_second(visit, figure, bundled, kind):
    at = visit({"method": kind.slug(), "class": "teapot", "rather-than": "candle", "fit": "pad"})
    fitted = work.classifier(find(BUNDLED), "pad")
    target = Target(*(bundled.labels.index(label) for label in ("teapot", "candle")))
    assert np.array_equal(figure(at, "map")["data"][2]["z"], kind()(fitted, PHOTO, target).heat)
    assert "**teapot** minus that of **candle**" in sentences(at)


@some_methods
def test_a_probability_is_explained_or_refused_with_a_sentence(visit, figure, explained, kind):
    at = visit({"method": kind.slug(), "scale": "probability"})
    assert not at.exception
    if "probability" in kind.scales:
        expected = explained(kind(), scale="probability").heat
        assert np.array_equal(figure(at, "map")["data"][2]["z"], expected)
    else:
        assert f"{kind.title} explains the logit only" in at.error[0].value.replace("\\", "")
        assert figure(at, "answer")
        run(at.segmented_control(key="scale").set_value("logit"))
        assert not at.error
        assert np.array_equal(figure(at, "map")["data"][2]["z"], explained(kind()).heat)


def test_settings_in_the_address_reach_the_engine(visit, figure, explained):
    settings = {"steps": 7, "baseline": "random", "seed": 3, "draws": 2}
    at = visit({"method": "integrated-gradients", **{f"integrated-gradients-{k}": v for k, v in settings.items()}})
    expected = explained(IntegratedGradients(**settings)).heat
    assert np.array_equal(figure(at, "map")["data"][2]["z"], expected)


def test_nonsense_in_the_address_is_dropped(visit, figure, explained):
    at = visit(
        {"method": "nope", "sample": "x", "class": "nonsense", "scale": "?", "integrated-gradients-steps": "abc"}
    )
    assert not at.error
    assert at.query_params == {}
    assert np.array_equal(figure(at, "map")["data"][2]["z"], explained(EXPLAINERS[0]()).heat)


def test_the_clip_moves_the_strongest_colour_only(visit, figure, explained):
    at = visit({"method": Saliency.slug()})
    heat = explained(Saliency()).heat
    for percentile in (99.0, 90.0, 100.0):
        run(at.slider(key="clip").set_value(percentile))
        trace = figure(at, "map")["data"][2]
        assert trace["zmax"] == pytest.approx(np.percentile(heat, percentile))
        assert np.array_equal(trace["z"], heat)


def test_signs_change_range_and_colours(visit, figure, explained):
    at = visit({"method": Saliency.slug()})
    unsigned = figure(at, "map")["data"][2]
    run(at.selectbox(key="channels-vanilla-gradient").select("signed sum"))
    signed = figure(at, "map")["data"][2]
    assert np.array_equal(signed["z"], explained(Saliency()).reduced("signed sum").heat)
    assert (unsigned["zmin"], signed["zmin"]) == (0, -signed["zmax"])
    assert unsigned["colorscale"][0][1] == "rgb(0, 0, 4)"  # inferno, from black
    blue_white_red = ["rgb(5, 48, 97)", "rgb(247, 247, 247)", "rgb(103, 0, 31)"]
    assert [signed["colorscale"][place][1] for place in (0, 16, 32)] == blue_white_red


def test_colours_can_be_chosen(visit, figure):
    at = visit()
    run(at.selectbox(key="colours-unsigned").select("viridis"))
    assert figure(at, "map")["data"][2]["colorscale"][0][1] == "rgb(68, 1, 84)"


def test_a_coarse_map_can_be_seen_as_computed(visit, figure, explained):
    at = visit({"method": GradCAM.slug()})
    found = explained(GradCAM())
    assert np.array_equal(figure(at, "map")["data"][2]["z"], found.heat)
    run(at.segmented_control(key="grain-layer").set_value("as computed"))
    assert np.array_equal(figure(at, "map")["data"][2]["z"], found.values[0])


def test_the_picture_can_lie_over_the_map(visit, figure):
    at = visit()
    run(at.selectbox(key="overlay").select("picture on map"))
    assert figure(at, "map")["data"][4]["opacity"] == 0.6


def test_borders_of_superpixels_are_shown_on_request(visit, figure, explained):
    at = visit({"method": FeatureAblation.slug()})
    assert len(figure(at, "map")["data"]) == 5
    run(at.toggle(key="borders").set_value(True))
    assert [trace["type"] for trace in figure(at, "map")["data"][5:]] == ["scatter", "scatter"]
    assert not any(toggle.key == "borders" for toggle in visit().toggle)


def test_a_change_of_look_computes_nothing(visit, monkeypatch):
    at = visit({"method": Saliency.slug()})
    before = sentences(at)
    monkeypatch.setattr(Saliency, "__call__", lambda *args, **more: pytest.fail("computed again"))
    run(at.selectbox(key="channels-vanilla-gradient").select("signed sum"))
    run(at.selectbox(key="overlay").select("picture on map"))
    run(at.slider(key="clip").set_value(95.0))
    assert sentences(at) == before


def test_saturation_curves_end_where_the_pixels_add_up(visit, figure, explained):
    at = visit({"method": IntegratedGradients.slug()})
    found = explained(IntegratedGradients())
    score, added, rug = figure(at, "curve-0")["data"]
    assert list(rug["x"]) == found.trace.alphas.tolist()
    assert score["y"][0] == pytest.approx(found.baseline_score, rel=1e-5)
    assert score["y"][-1] == pytest.approx(found.score, rel=1e-5)
    assert added["y"][0] == pytest.approx(found.baseline_score, rel=1e-5)
    assert added["y"][-1] - score["y"][-1] == pytest.approx(found.residual, abs=1e-4)
    assert f"({found.gap:.1%} off)" in sentences(at)


def test_slopes_integrate_to_the_change_of_the_score(visit, figure):
    at = visit({"method": IntegratedGradients.slug()})
    _, added, _ = figure(at, "curve-0")["data"]
    slope, _ = figure(at, "curve-1")["data"]
    change = np.trapezoid(slope["y"], slope["x"])
    assert change == pytest.approx(added["y"][-1] - added["y"][0], rel=0.02)


def test_only_path_methods_have_curves(visit):
    keys = {chart.proto.id.split("-", 2)[2] for chart in visit().get("plotly_chart")}
    assert keys == {"answer", "map"}


@pytest.fixture
def stripes():
    """The bytes of a picture with white stripes."""
    pixels, file = np.zeros((90, 120, 3), np.uint8), BytesIO()
    pixels[:, ::8] = 255
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_an_upload_is_explained(visit, figure, explained, bundled, stripes):
    at = visit({"class": "espresso", "method": Saliency.slug()})
    run(at.pills(key="sample").set_value("own"))
    run(at.file_uploader[0].upload("stripes.png", stripes, "image/png"))
    expected = Saliency()(bundled, read_image(stripes), explained(Saliency()).target).heat
    assert np.array_equal(figure(at, "map")["data"][2]["z"], expected)
    run(at.button(key="remove").click())
    assert np.array_equal(figure(at, "map")["data"][2]["z"], explained(Saliency()).heat)


def test_an_upload_is_decoded_once(visit, figure, bundled, stripes, monkeypatch):
    decoded = []
    monkeypatch.setattr("explainers.images.photo.read", lambda data, **more: decoded.append(data) or read(data, **more))
    at = visit({"class": "espresso"})
    run(at.pills(key="sample").set_value("own"))
    run(at.file_uploader[0].upload("stripes.png", stripes, "image/png"))
    target = Target(bundled.labels.index("espresso"))
    for kind in (CAM, GradCAM):
        run(at.selectbox(key="method").select(kind.slug()))
        assert np.array_equal(figure(at, "map")["data"][2]["z"], kind()(bundled, read_image(stripes), target).heat)
    assert decoded == [stripes]


def test_signs_in_labels_are_no_markdown(visit, own_jobs, bundled, monkeypatch):
    labels = tuple(f"*{label}* $x$" for label in bundled.labels)
    strange = Classifier(bundled.network, labels, size=bundled.size, mean=bundled.mean, std=bundled.std)
    monkeypatch.setattr(WeightsSource, "load", lambda source, **_: strange)
    assert r"**\*espresso\* \$x\$**" in sentences(visit())


def test_a_partly_guided_map_says_so(visit, own_jobs, bundled, monkeypatch):
    found = replace(bundled.activations, relus=3, others={"silu": 2})
    monkeypatch.setattr(bundled, "activations", found, raising=False)
    monkeypatch.setattr(WeightsSource, "load", lambda source, **_: bundled)
    assert "3 of 5 activations" in sentences(visit({"method": "guided-backpropagation"}))


def test_an_empty_map_says_why(visit, own_jobs, explained, monkeypatch):
    found = explained(Saliency())
    nothing = replace(found, values=np.zeros_like(found.values))
    monkeypatch.setattr(Saliency, "__call__", lambda *args, **more: nothing)
    at = visit({"method": Saliency.slug()})
    assert not at.exception
    assert "doesn't depend on any pixel" in at.warning[0].value


def verdict_line(at):
    """The text of the link to the Trust page beside the map."""
    return next(link.proto.label for link in at.get("page_link") if "Trust page" in link.proto.label)


def found(speaks):
    """A finding without words."""
    return Finding(speaks, "", "", "")


@pytest.fixture
def tested(own_jobs, espresso, explained):
    """(experiment, speaks) -> the first method's map of the first sample has been through it, and that came out."""

    def keep(experiment, speaks):
        explainer = EXPLAINERS[0]()
        key = experiment, explainer, espresso.key, explained(explainer).reduction
        outcome = SimpleNamespace(finding=found(speaks))
        with own_jobs.job("outcomes", key, lambda report: outcome) as job:
            job.ended.wait()

    return keep


def test_an_untested_map_is_called_that_and_nothing_is_started(visit, own_jobs):
    assert "Not tested yet" in verdict_line(visit())
    assert own_jobs.kept("outcomes") == []


def test_what_trust_has_found_of_this_very_map_is_said(visit, tested):
    tested(Removal(), "for")
    tested(Sensitivity(), "against")  # which isn't part of the verdict
    assert verdict([found("for")]) in verdict_line(visit())
    tested(Randomisation(), "against")
    both = [found("for"), found("against")]
    assert verdict(both) in verdict_line(visit())
    tested(Randomisation(stages=1), "for")  # the last one counts
    assert verdict([both[0]] * 2) in verdict_line(visit())
    assert "Not tested yet" in verdict_line(visit({"class": "teapot"}))


def test_a_box_that_somebody_else_has_drawn_says_nothing(visit, tested):
    tested(Pointing(box=(100, 0, 300, 200)), "for")
    assert "Not tested yet" in verdict_line(visit())
    assert verdict([found("for")]) in verdict_line(visit({"box": "100~0~300~200"}))


def test_a_smoothed_map_says_so_and_keeps_what_was_computed(visit, figure, explained):
    def captions(at):
        return [caption.value for caption in at.main.caption if "Smoothed for display" in caption.value]

    at = visit({"method": Saliency.slug()})
    assert captions(at) == []
    run(at.segmented_control(key="grain-pixels").set_value("smoothed"))
    heat = explained(Saliency()).heat
    assert figure(at, "map")["data"][2]["z"].std() < heat.std()
    assert f"{radius(heat):.1f} pixels" in captions(at)[0]
    assert captions(visit({"method": GradCAM.slug()})) == []  # whose grid is always drawn so


def test_a_map_that_adds_up_is_checked_and_another_says_what_its_values_are(visit, figure):
    assert "change of the logit per unit of brightness" in sentences(visit({"method": Saliency.slug()}))
    at = visit({"method": IntegratedGradients.slug()})
    assert "The classifier says **" in sentences(at)
    assert [bar["name"] for bar in figure(at, "check")["data"]] == ["baseline", "+ pixels", "classifier"]


def test_every_figure_has_a_sentence_in_its_place(visit):
    charts = visit({"method": IntegratedGradients.slug()}).get("plotly_chart")
    assert all(len(chart.proto.alt.split()) > 3 for chart in charts)
