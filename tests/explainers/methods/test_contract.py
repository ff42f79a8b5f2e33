"""What every method promises. A new one is tested by being in EXPLAINERS."""

import gc
import inspect
import json
import math
import pickle
import re
from contextlib import suppress
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import get_args

import jsonschema
import numpy as np
import pytest
import torch
from torch import nn

import explainers
from explainers import EXPLAINERS, ExplanationError, Target
from explainers.classifiers.preparing import FoldedNorm
from explainers.declarations import Family, Preset
from explainers.explanation import ValueKind
from explainers.methods.sampling import Plan
from explainers.passes import Passes
from explainers.report import bundle_schema
from explainers.settings import Choice, Colour, Layer, Range, Switch

SCALES = ("logit", "probability")


def named(values):
    return {"argvalues": values, "ids": [value.__name__ for value in values]}


every_kind = pytest.mark.parametrize("kind", **named(EXPLAINERS))
every_knob = pytest.mark.parametrize(
    ("kind", "name", "knob"),
    [
        pytest.param(kind, *item, id=f"{kind.__name__}-{item[0]}")
        for kind in EXPLAINERS
        for item in kind.knobs().items()
    ],
)


def options(knob):
    """Some values of a knob that its widget could offer."""
    match knob:
        case Range(low=low, high=high, automatic=automatic):
            return [low, min(high, low + 3), *([None] if automatic else [])]
        case Choice(options=words):
            return list(words)
        case Switch():
            return [True, False]
        case Colour():
            return ["#102030"]
        case Layer():
            return [None, "conv2"]


def unlike(knob):
    """Values that the widget of a knob could not offer."""
    wrong = [math.nan, (), "no such option", 1j]
    match knob:
        case Range(low=low, high=high, automatic=automatic):
            return [*wrong, low - 1, high + 1, str(low), True, math.inf, *([] if automatic else [None])]
        case Choice(options=words):
            return [*wrong, words[0].upper(), None, 0]
        case Switch():
            return [*wrong, 0, 1, None, "True"]
        case Colour():
            return [*wrong, "#fff", "red", None, 0]
        case Layer():
            return [math.nan, (), 0, True, ""]


def rough(kind, **settings):
    """The method with few passes, where a promise doesn't hang on how many there are."""
    return kind(**kind.examples.few, **settings)


@pytest.fixture(autouse=True)
def _small_segments(monkeypatch):
    """Pictures of 24 pixels needn't be blown up to 224 to be segmented."""
    monkeypatch.setattr("explainers.images.segments.SEGMENTED_SIDE", 56)


@pytest.fixture
def suitable(small, attentive, kind):
    """What makes the small network or, for methods that read attention, the small transformer."""
    return attentive if kind.needs_attention else small


@pytest.fixture(scope="module")
def _made():
    return {}


@pytest.fixture
def once(request, _made, kind):
    """(make) -> what it makes, once for all cases of a test whose methods read attention, and once for the others."""

    def ask(make):
        key = request.function, kind.needs_attention
        if key not in _made:
            _made[key] = make()
        return _made[key]

    return ask


@pytest.fixture(scope="module")
def _classifiers(small, attentive, classify):
    """(whether it has attention, size, ...) -> a classifier that tests share."""

    @cache
    def make(attends, size, channels, **more):
        return classify(
            (attentive if attends else small)(channels, more.get("classes", 3)), size, channels=channels, **more
        )

    return make


@pytest.fixture
def classifier_of(_classifiers, kind):
    """(size, channels=3, ...) -> a classifier around a suitable network, which no test may change."""

    def choose(size, channels=3, **more):
        return _classifiers(kind.needs_attention, size, channels, **more)

    return choose


@pytest.fixture
def conv(conv, suited, kind):
    return suited(kind, conv)


@pytest.fixture
def conv64(conv64, suited, kind):
    return suited(kind, conv64)


@pytest.fixture(scope="module")
def known():
    """The rough maps so far, by method."""
    return {}


@pytest.fixture
def rough_map(known, conv, noise, kind):
    """What the method answers on the small network, roughly: other tests ask the same in other ways."""
    if kind not in known:
        known[kind] = rough(kind)(conv, noise(conv.size), Target(1))
    return known[kind]


# Declarations


@every_kind
def test_its_docstring_opens_with_one_line_for_a_visitor(kind):
    assert not re.match(rf"{kind.__name__}\(", kind.__doc__)  # which is what `dataclass` writes where there is none
    first, _, more = inspect.cleandoc(kind.__doc__).partition("\n\n")
    assert "\n" not in first
    assert first == kind.summary()
    assert kind.about().endswith(".")
    assert re.fullmatch(r"[A-Z].{20,110}\.", first)
    assert more


@every_kind
def test_it_names_its_paper(kind):
    assert re.fullmatch(r"https://\S+\.\S+", kind.paper)


def test_titles_and_addresses_are_unique():
    assert len({kind.title for kind in EXPLAINERS}) == len({kind.slug() for kind in EXPLAINERS}) == len(EXPLAINERS)


@every_kind
def test_its_scales_are_known(kind):
    assert kind.scales
    assert set(kind.scales) <= set(SCALES)


@every_kind
def test_it_declares_its_family_its_unit_and_what_it_stands_on(kind):
    assert kind.family in get_args(Family)
    assert kind.unit.kind in (None, *get_args(ValueKind))
    assert kind.unit.text.format(scale="logit", inner="").strip()
    assert kind.stands_on or kind.ours
    assert not (kind.stands_on + kind.ours).endswith(".")  # cells of a table
    assert set(kind.presets) <= set(get_args(Preset))


@every_kind
def test_a_method_over_a_layer_lies_on_its_grid_or_says_that_it_is_scaled_up(kind, conv, rough_map):
    assert (rough_map.values.shape[1:] == conv.size) == (kind.lies_on == "picture")


@every_kind
def test_its_examples_are_settings_of_its_own(kind):
    for settings in (kind.examples.uncut, kind.examples.per_pixel, kind.examples.many, kind.examples.definite):
        assert settings is None or kind(**settings)


@pytest.mark.parametrize("preset", get_args(Preset))
def test_places_in_a_preset_are_unique(preset):
    places = [kind.presets[preset] for kind in EXPLAINERS if preset in kind.presets]
    assert sorted(places) == list(range(1, len(places) + 1))


@every_knob
def test_a_knob_has_a_hint_and_a_default_that_it_accepts(kind, name, knob):
    assert re.fullmatch(r"[A-Z].+\.", knob.hint)
    assert knob.accepts(getattr(kind(), name))
    assert set(knob.only_if) < set(kind.knobs())
    for other, values in knob.conditions.items():
        assert len(values) > 0
        assert all(kind.knobs()[other].accepts(value) for value in values)


@every_knob
def test_a_setting_is_written_in_the_words_of_the_pages(kind, name, knob):
    for value in options(knob):
        ((title, text),) = kind.in_words({name: value})
        assert title.strip()[0].isupper()
        assert "_" not in title
        assert text.strip() not in ("", "True", "False", "None")


@every_knob
def test_what_is_offered_first_in_place_of_automatic_is_accepted(kind, name, knob):
    first = getattr(knob, "first", None)
    assert first is None or (knob.automatic and knob.accepts(first))


@every_knob
def test_it_refuses_what_the_widget_could_not_offer(kind, name, knob):
    for bad in unlike(knob):
        with pytest.raises(ExplanationError, match=f"^{re.escape(kind.title)}: {name} must be .*, not .*\\.$"):
            kind(**{name: bad})


@pytest.fixture
def _few_at_most(monkeypatch):
    """Automatic numbers of samples end at 64: a tolerance is accepted whether or not so many reach it."""
    of = Plan.of
    monkeypatch.setattr(
        Plan, "of", lambda name, chosen, most, *more, **named: of(name, chosen, min(most, 64), *more, **named)
    )


@every_knob
@pytest.mark.usefixtures("_few_at_most")
def test_it_takes_what_the_widget_could_offer(conv, noise, kind, name, knob):
    for value in options(knob):
        needed = {other: values[0] for other, values in knob.conditions.items()}
        explanation = kind(**{**kind.examples.few, **needed, name: value})(conv, noise(conv.size), Target(1))
        assert np.isfinite(explanation.values).all()
        assert explanation.facts.settings[name] == value


# The map


@every_kind
@pytest.mark.parametrize(("channels", "size"), [(1, (37, 41)), (3, (24, 25))])
def test_its_heat_is_as_large_as_the_picture(classifier_of, noise, kind, channels, size):
    classifier = classifier_of(size, channels)
    explanation = rough(kind, **kind.examples.uncut)(classifier, noise(size, channels), Target(1))
    assert explanation.heat.shape == size
    assert explanation.heat.dtype == explanation.values.dtype == explanation.picture.dtype == np.float32
    assert explanation.values.ndim == 3
    assert explanation.picture.shape == (channels, *size)
    assert explanation.heat.any()
    if kind.lies_on == "picture":
        assert explanation.values.shape == (channels, *size)


@every_kind
@pytest.mark.parametrize(("classes", "output"), [(1, "sigmoid"), (2, "sigmoid"), (2, "softmax")])
def test_it_works_on_one_and_two_classes(classifier_of, noise, kind, classes, output):
    classifier = classifier_of((16, 16), classes=classes, output=output)
    for scale in kind.scales:
        explanation = rough(kind)(classifier, noise((16, 16)), Target(classes - 1, scale=scale))
        assert np.isfinite(explanation.heat).all()


@every_kind
def test_a_network_of_one_logit_explains_no_as_well_as_yes(once, suitable, classify, noise, kind):
    def make():
        one, two = (suitable(classes=classes, dtype=torch.float64) for classes in (1, 2))
        two.load_state_dict(one.state_dict() | {key: two.state_dict()[key] for key in ("head.weight", "head.bias")})
        with torch.no_grad():
            for mine, theirs in zip(two.head.parameters(), one.head.parameters(), strict=True):
                mine.copy_(torch.cat([-theirs, theirs]))
        labels = {"labels": ["not cat", "cat"], "output": "sigmoid"}
        return [classify(network, (16, 16), **labels) for network in (one, two)]

    (sided, plain), explainer = once(make), rough(kind, **kind.examples.uncut)
    assert (sided.two_sided, plain.two_sided) == (True, False)
    for scale in kind.scales:
        found, expected = (
            explainer(each, noise((16, 16), dtype=torch.float64), Target(0, scale=scale)) for each in (sided, plain)
        )
        np.testing.assert_allclose(found.values, expected.values, rtol=1e-4, atol=1e-5 * abs(expected.values).max())
        assert found.score == pytest.approx(expected.score)
        assert (found.facts.label, found.facts.opposite, found.facts.negated) == ("not cat", "cat", True)


@every_kind
def test_the_same_question_has_the_same_answer_bit_for_bit(conv, noise, kind):
    first, second = (kind()(conv, noise(conv.size), Target(1)) for _ in range(2))
    assert first.values.tobytes() == second.values.tobytes()
    assert first.score == second.score
    first, second = (replace(each.facts, seconds=0, checks=0) for each in (first, second))
    assert first == second


@every_kind
@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode, torch.enable_grad])
def test_it_works_whatever_the_caller_has_switched_off(conv, noise, rough_map, kind, around):
    with around():
        found = rough(kind)(conv, noise(conv.size).clone(), Target(1)).values
        assert torch.is_inference_mode_enabled() == (around is torch.inference_mode)
        assert torch.is_grad_enabled() == (around is torch.enable_grad)
    assert (found == rough_map.values).all()


@every_kind
def test_it_works_on_a_classifier_made_in_inference_mode(once, suitable, classify, conv, noise, rough_map, kind):
    def make():
        network = suitable()
        with torch.inference_mode():
            return classify(network, conv.size, mean=conv.mean, std=conv.std)

    assert (rough(kind)(once(make), noise(conv.size), Target(1)).values == rough_map.values).all()


@pytest.mark.parametrize(
    "kind", **named([kind for kind in EXPLAINERS if any(isinstance(knob, Layer) for knob in kind.knobs().values())])
)
def test_every_layer_gives_the_map_of_the_network_as_it_was(once, small, classify, noise, apart, kind):
    def make():
        network, more = small(dtype=torch.float64), {"mean": (0.4, 0.5, 0.6), "std": (0.2, 0.3, 0.25)}
        return [classify(network, (29, 24), prepare=prepare, **more) for prepare in (True, False)]

    fused, unfused = once(make)
    assert isinstance(fused.prepared.bn1, FoldedNorm)  # so a convolution's output is another there
    for layer in fused.layers():
        explainer = kind(**kind.examples.uncut, **{kind.on_axis("layer"): layer.name})
        found, expected = (explainer(each, noise((29, 24)), Target(1)) for each in (fused, unfused))
        assert apart(found.values, expected.values) < 1e-6


@every_kind
@pytest.mark.parametrize("versus", [False, True])
def test_a_batch_is_a_loop(conv64, noise, apart, kind, versus):
    targets = [Target(index, (index + 1) % 3 if versus else None) for index in (1, 0)]
    pictures = torch.stack([noise(conv64.size, seed=seed, dtype=torch.float64) for seed in range(2)])
    explainer = rough(kind, **kind.examples.uncut)
    with Passes(conv64, targets, fused=explainer.uses_fused(conv64)) as passes:
        found = explainer.attribute(passes, pictures)
    for row, (target, picture) in enumerate(zip(targets, pictures, strict=True)):
        single = explainer(conv64, picture, target)
        assert apart(found.values[row].detach(), single.values) < 1e-5
        if found.baseline_scores is not None:
            assert float(found.scores[row]) == pytest.approx(single.score, rel=1e-5)
            assert float(found.baseline_scores[row].mean()) == pytest.approx(single.baseline_score, rel=1e-5)
            torch.testing.assert_close(found.baselines[row].float(), torch.from_numpy(single.baselines))
        if found.traces is not None:
            assert found.traces[row].slopes == pytest.approx(single.trace.slopes, rel=1e-5, abs=1e-9)


@pytest.mark.parametrize("kind", **named([kind for kind in EXPLAINERS if kind.linear]))
def test_the_map_of_a_difference_is_the_difference_of_the_maps(conv64, noise, apart, kind):
    for scale in kind.scales:
        both, one, other = (
            rough(kind, **kind.examples.uncut)(conv64, noise(conv64.size, dtype=torch.float64), target)
            for target in (Target(0, versus=2, scale=scale), Target(0, scale=scale), Target(2, scale=scale))
        )
        assert both.score == pytest.approx(one.score - other.score, rel=1e-5)
        assert apart(both.values, one.values - other.values) < 1e-5


class Blinkered(nn.Module):
    """A network that sees the left half of its picture only."""

    def __init__(self, network, columns):
        super().__init__()
        self.network, self.columns = network, columns

    def forward(self, x):
        return self.network(x * (torch.arange(x.shape[-1]) < self.columns))


@pytest.mark.parametrize(
    "kind", **named([kind for kind in EXPLAINERS if kind.lies_on == "picture" and not kind.by_region])
)
def test_a_dead_pixel_gets_nothing(once, suitable, classify, noise, kind):
    classifier = once(lambda: classify(Blinkered(suitable(), 12), (24, 24)))
    explainer = kind(**kind.examples.per_pixel, **kind.examples.uncut)
    explanation = explainer(classifier, noise((24, 24)), Target(1))
    assert np.abs(explanation.values[..., 12:]).max() <= kind.examples.rounding <= 1e-6
    assert np.abs(explanation.values[..., :12]).max() > 1e-5


@pytest.mark.parametrize("kind", **named([kind for kind in EXPLAINERS if kind.asks_score]))
def test_a_map_of_nothing_is_zero_not_a_crash(once, suitable, classify, noise, kind):
    def make():
        constant = suitable()
        nn.init.zeros_(constant.head.weight)  # it always says the same
        return classify(constant, (24, 24))

    classifier = once(make)
    for picture in (noise((24, 24)), torch.zeros(3, 24, 24)):
        explanation = rough(kind)(classifier, picture, Target(1))
        assert not explanation.heat.any()
        assert explanation.gap is None


@pytest.mark.parametrize("kind", **named([kind for kind in EXPLAINERS if kind.examples.many is not None]))
def test_memory_does_not_grow_with_the_passes(small, classify, watched, noise, monkeypatch, kind):
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", 4)  # so that few pictures make more than forty chunks
    monkeypatch.setattr("explainers.passes.FORWARD_CHUNK_FACTOR", 1)
    gc.collect()  # so that nothing of another test is counted
    size, alive = (31, 23), []

    def watch(batch):
        alive.append(None)
        if len(alive) in (5, 40):
            tensors = [each for each in gc.get_objects() if type(each) is torch.Tensor and each.shape[-2:] == size]
            alive[-1] = sum(each.numel() for each in tensors)

    classifier = classify(watched(small(), watch), size)
    alive.clear()
    kind(**kind.examples.many)(classifier, noise(size), Target(1))
    assert len(alive) > 40
    assert 0 < alive[39] < 1.5 * alive[4]  # in the fortieth chunk as in the fifth


# What can't be explained


@every_kind
@pytest.mark.parametrize("target", [Target(3), Target(-1), Target(0, versus=3), Target(0, versus=-1)], ids=str)
def test_a_class_that_is_not_there_is_refused(conv, noise, kind, target):
    with pytest.raises(ExplanationError, match=r"^conv has classes 0 to 2, not (3|-1)\.$"):
        kind()(conv, noise(conv.size), target)


@every_kind
@pytest.mark.parametrize("scale", SCALES)
def test_a_scale_is_explained_where_declared_and_refused_elsewhere(conv, noise, kind, scale):
    target = Target(1, scale=scale)
    if scale in kind.scales:
        explanation = rough(kind)(conv, noise(conv.size), target)
        answer = conv.predict(noise(conv.size), 3)
        assert explanation.score == pytest.approx({p.index: getattr(p, scale) for p in answer}[1], rel=1e-4)
    else:
        with pytest.raises(
            ExplanationError, match=f"^{re.escape(kind.title)} explains the logit only, not the probability\\."
        ):
            rough(kind)(conv, noise(conv.size), target)


@every_kind
def test_a_layer_that_is_not_there_is_refused(conv, noise, kind):
    for name, knob in kind.knobs().items():
        if isinstance(knob, Layer):
            with pytest.raises(ExplanationError, match="conv has no layer 'layer9'"):
                replace(kind(), **{name: "layer9"})(conv, noise(conv.size), Target(1))


# Nothing is left behind


class Stop(BaseException):
    """Raised by a progress bar whose visitor has left."""


@every_kind
@pytest.mark.parametrize("cancelled", [False, True])
def test_networks_are_left_as_they_were(once, suitable, classify, noise, state, kind, cancelled):
    given, classifier = once(lambda: (given := suitable().train().requires_grad_(True), classify(given, (24, 24))))
    networks = (given, classifier.network, classifier.prepared)
    before = [state(network) for network in networks]

    def cancel(progress):
        raise Stop

    if cancelled:
        with pytest.raises(Stop):
            rough(kind)(classifier, noise((24, 24)), Target(1), on_progress=cancel)
    else:
        rough(kind)(classifier, noise((24, 24)), Target(1))
    assert [state(network) for network in networks] == before
    assert torch.overrides._get_current_function_mode_stack() == []
    assert torch.is_grad_enabled()


@every_kind
def test_the_picture_and_the_global_random_numbers_are_left_as_they_were(conv, noise, kind):
    picture = noise(conv.size).clone()
    before, numbers = picture.clone(), torch.random.get_rng_state()
    rough(kind)(conv, picture, Target(1))
    assert picture.equal(before)
    assert not picture.requires_grad
    assert torch.random.get_rng_state().equal(numbers)


# Cost and progress


@pytest.fixture
def counted(once, suitable, classify, watched, conv, noise, kind):
    """A classifier like `conv`, a picture of the method's own, and the size of each pass of the network, in order."""

    def make():
        batches = []
        network = watched(suitable(), lambda x: batches.append(len(x)))
        classifier = classify(network, conv.size, mean=conv.mean, std=conv.std)
        assert classifier.layers()
        assert classifier.activations  # which are read once, by a pass of their own
        return classifier, batches

    classifier, batches = once(make)
    batches.clear()
    # What has been checked for one picture isn't checked again.
    return classifier, noise(conv.size, seed=EXPLAINERS.index(kind)), batches


@every_kind
def test_its_cost_is_what_it_said_and_progress_stays_below(counted, kind):
    classifier, picture, batches = counted
    told, explainer = [], kind(**kind.examples.definite)
    explanation = explainer(classifier, picture, Target(1), on_progress=told.append)
    between = [progress for progress in told if progress.preview is None]
    batches, checks = batches[: len(between)], batches[len(between) :]
    assert checks == [1] * explanation.facts.checks
    assert explanation.facts.passes == explainer.passes(classifier) == sum(batches)
    assert {progress.total for progress in told} == {explainer.passes(classifier)}
    assert [progress.done for progress in between] == [sum(batches[:number]) for number in range(len(batches))]


@every_kind
def test_it_costs_no_more_than_it_said_and_progress_never_passes_its_own_total(counted, kind):
    classifier, picture, batches = counted
    told, explainer = [], kind()
    explanation = explainer(classifier, picture, Target(1), on_progress=told.append)
    between = [progress for progress in told if progress.preview is None]
    batches, checks = batches[: len(between)], batches[len(between) :]
    assert checks == [1] * explanation.facts.checks
    assert explanation.facts.passes == sum(batches) <= explainer.passes(classifier)
    assert explainer.passes_vary or sum(batches) == explainer.passes(classifier)
    assert [progress.done for progress in between] == [sum(batches[:number]) for number in range(len(batches))]
    assert all(progress.total is None or progress.done < progress.total for progress in between)
    assert len(told) - len(between) <= 1  # previews


@every_kind
def test_any_exception_of_the_progress_passes_through(conv, noise, kind):
    for error in (ValueError, RuntimeError, KeyboardInterrupt, Stop):

        def cancel(progress, error=error):
            raise error("left")

        with pytest.raises(error, match="left"):
            rough(kind)(conv, noise(conv.size), Target(1), on_progress=cancel)
    assert rough(kind)(conv, noise(conv.size), Target(1)).heat.any()


# The result travels


@every_kind
def test_the_result_is_picklable_and_its_facts_are_json(conv, noise, kind):
    explanation = rough(kind)(conv, noise(conv.size), Target(1, versus=2))
    again = pickle.loads(pickle.dumps(explanation))
    assert (again.values == explanation.values).all()
    assert again.target == explanation.target
    assert again.facts == explanation.facts
    assert json.loads(json.dumps(explanation.facts.json(), allow_nan=False)) == again.facts.json()
    assert explanation.facts.json()["method"] == kind.title
    assert not any(isinstance(value, torch.Tensor) for value in vars(explanation).values())


@pytest.fixture(scope="module")
def check_document():
    """(document) -> nothing; it keeps to the published schema, which is itself checked once for all methods."""
    schema = bundle_schema()
    kind = jsonschema.validators.validator_for(schema)
    kind.check_schema(schema)
    return kind(schema).validate


@every_kind
def test_the_result_is_saved_and_restored_bit_for_bit(conv, noise, check_document, kind, tmp_path):
    explanation = rough(kind)(conv, noise(conv.size), Target(1, versus=2))
    restored = explainers.load(explainers.save(explanation, tmp_path / "map"))
    assert_equal(restored, explanation)
    assert restored.heat.tobytes() == explanation.heat.tobytes()
    check_document(json.loads((tmp_path / "map" / "explanation.json").read_text("utf-8")))


def assert_equal(value, other):
    """Compare two values and all they consist of, arrays by their bytes."""
    assert type(value) is type(other)
    if isinstance(value, np.ndarray):
        assert (value.dtype, value.shape, value.tobytes()) == (other.dtype, other.shape, other.tobytes())
    elif is_dataclass(value):
        for entry in fields(value):
            assert_equal(getattr(value, entry.name), getattr(other, entry.name))
    elif isinstance(value, tuple):
        for part, other_part in zip(value, other, strict=True):
            assert_equal(part, other_part)
    else:
        assert value == other


class ChangesItsInput(nn.Module):
    """A network that changes what it is given, in place or not, before anything else."""

    def __init__(self, body, change):
        super().__init__()
        self.body, self.change = body, change

    def forward(self, pictures):
        return self.body(self.change(pictures))


CHANGES = {
    "rectified": (lambda x: x.relu_(), lambda x: x.relu()),
    "normalised": (lambda x: x.sub_(0.5).div_(0.25), lambda x: (x - 0.5) / 0.25),
}


@every_kind
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_network_that_changes_its_input_in_place_has_the_maps_of_one_that_does_not(
    kind, change, small, classify, noise
):
    maps = []
    for each in change:
        classifier = classify(ChangesItsInput(small(), each), (24, 24))
        try:
            maps.append(rough(kind)(classifier, noise((24, 24)), Target(1)).values)
        except ExplanationError as error:
            maps.append(str(error))
    if isinstance(maps[1], str):
        assert maps[0] == maps[1]
    else:
        np.testing.assert_allclose(*maps, rtol=0, atol=1e-4 * np.abs(maps[1]).max())


class Constant(nn.Module):
    """A network whose answer is a constant, without a gradient, to pictures of which `at` is true."""

    def __init__(self, body, at):
        super().__init__()
        self.body, self.at = body, at

    def forward(self, pictures):
        answers = [torch.ones(1, 3) if self.at(picture) else self.body(picture[None]) for picture in pictures]
        return torch.cat(answers)


@every_kind
@pytest.mark.parametrize(
    "at", [lambda x: x.mean() < 0.02, lambda x: x.mean() > 0.45], ids=["black", "the picture itself"]
)
def test_a_score_that_is_constant_at_some_pictures_has_a_map_or_a_sentence_says_why_not(
    kind, at, small, classify, noise
):
    classifier = classify(Constant(small(), at), (24, 24))
    picture = noise((24, 24)).clamp(0.45, 1) + 0.01
    for method in (rough(kind), kind()):
        with suppress(ExplanationError):
            assert np.isfinite(method(classifier, picture, Target(1)).values).all()
