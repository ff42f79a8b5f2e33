"""Widgets follow the declarations of every method."""

from itertools import chain

import pytest
from streamlit.testing.v1 import AppTest

from explainers import EXPLAINERS, Choice, Colour, Layer, Range, Switch
from pages.shared.controls import MAX_SLIDER_POSITIONS


def page():
    """A page that chooses the settings of a method and keeps it."""
    import streamlit as st

    from explainers import EXPLAINERS
    from explainers.classifiers.catalogue import find
    from explainers.classifiers.published import BUNDLED
    from pages.shared import state, work
    from pages.shared.controls import choose_settings

    state.begin()
    kinds = {kind.slug(): kind for kind in EXPLAINERS}
    slug = state.value(state.setting("method", EXPLAINERS[0].slug(), kinds.__contains__), "")
    explainer = choose_settings(kinds[slug], work.classifier(find(BUNDLED), "crop"))
    state.publish()
    st.session_state["explainer"] = explainer


every_method = pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.__name__)


def every_knob(wanted=lambda knob: True):
    """A test for each knob of each method that is wanted."""
    knobs = [(kind, name, knob) for kind in EXPLAINERS for name, knob in kind.knobs().items() if wanted(knob)]
    return pytest.mark.parametrize(
        ("kind", "name", "knob"), knobs, ids=[f"{kind.__name__}-{name}" for kind, name, _ in knobs]
    )


def visit(kind, settings):
    """The page after its first run with a method and settings in the address."""
    at = AppTest.from_function(page, default_timeout=60)
    at.query_params["method"] = kind.slug()
    for name, value in settings.items():
        key = f"{kind.slug()}-{name}"
        at.query_params |= {f"{key}-automatic": "True"} if value is None else {key: str(value)}
    at.run()
    assert not at.exception
    return at


def widget(at, key):
    """The widget of that key, whatever it is; None if it isn't drawn."""
    kinds = (at.selectbox, at.slider, at.number_input, at.toggle, at.color_picker, at.pills)
    return next((element for element in chain(*kinds) if (element.key or "").partition("-of-")[0] == key), None)


def needed(kind, knob):
    """Settings under which a knob matters."""
    return {name: values[0] for name, values in knob.conditions.items()}


def other(knob, default, classifier):
    """A value that isn't the default."""
    match knob:
        case Range():
            return knob.low + knob.step if default == knob.low else knob.low
        case Choice():
            return knob.options[-1]
        case Switch():
            return not default
        case Colour():
            return "#ff8800"
        case Layer():
            return classifier.layers()[0].name
    raise TypeError(knob)


def bad(knob):
    """The text of a value that the widget could not offer."""
    return str(knob.high + knob.step) if isinstance(knob, Range) else "no such value"


@every_knob()
def test_a_knob_is_drawn_when_it_matters(kind, name, knob):
    default, key = getattr(kind(), name), f"{kind.slug()}-{name}"
    at = visit(kind, needed(kind, knob))
    drawn = widget(at, f"{key}-usual" if isinstance(knob, Range) and knob.automatic else key)
    assert drawn.help.startswith(knob.hint)
    if default is None and isinstance(knob, Range):
        assert widget(at, key) is None


@every_knob(lambda knob: knob.only_if)
def test_a_knob_is_not_drawn_when_it_does_not_matter(kind, name, knob):
    for decider, values in knob.conditions.items():
        other = kind.knobs()[decider]
        options = (None, other.low) if isinstance(other, Range) else other.options
        at = visit(kind, {decider: next(option for option in options if option not in values)})
        assert widget(at, f"{kind.slug()}-{name}") is None


@every_knob()
def test_a_knob_sets_the_method(kind, name, knob, bundled):
    settings = needed(kind, knob)
    settings[name] = other(knob, getattr(kind(), name), bundled)
    switches = {f"{name}-automatic": False} if isinstance(knob, Range) and knob.automatic else {}
    at = visit(kind, settings | switches)
    assert at.session_state["explainer"] == kind(**settings)
    assert widget(at, f"{kind.slug()}-{name}").value == settings[name]


@every_knob()
def test_a_value_that_a_knob_could_not_offer_is_dropped(kind, name, knob):
    settings = needed(kind, knob)
    switches = {f"{name}-automatic": False} if isinstance(knob, Range) and knob.automatic else {}
    at = visit(kind, settings | switches | {name: bad(knob)})
    default = getattr(kind(), name)
    first = (knob.first or knob.low) if switches else default
    assert at.session_state["explainer"] == kind(**settings | {name: first})
    assert f"{kind.slug()}-{name}" not in at.query_params


@every_knob(lambda knob: isinstance(knob, Range) and knob.automatic)
def test_a_number_in_the_address_means_that_it_is_wanted(kind, name, knob):
    key = f"{kind.slug()}-{name}"
    at = visit(kind, {name: knob.high})
    assert getattr(at.session_state["explainer"], name) == knob.high
    widget(at, f"{key}-usual").set_value(knob.automatic).run()
    assert getattr(at.session_state["explainer"], name) is None
    assert widget(at, key) is None
    assert f"{key}-automatic" in at.query_params or getattr(kind(), name) is None


@every_knob(lambda knob: isinstance(knob, Range) and knob.automatic)
def test_what_is_no_number_in_the_address_leaves_it_as_it_is_by_default(kind, name, knob):
    for nonsense in ("abc", "", str(knob.high + 1)):
        at = visit(kind, {name: nonsense})
        assert getattr(at.session_state["explainer"], name) == getattr(kind(), name)
        assert at.query_params == {"method": kind.slug()}


@every_knob(lambda knob: isinstance(knob, Range) and knob.automatic)
def test_usual_numbers_are_a_click_away(kind, name, knob):
    key = f"{kind.slug()}-{name}"
    for number in knob.usual or (knob.first or knob.low,):
        at = visit(kind, {name: None})
        widget(at, f"{key}-usual").set_value(f"{number:g}").run()
        assert widget(at, key).value == getattr(at.session_state["explainer"], name) == number
        by_default = getattr(kind(), name) is None
        assert at.query_params.get(f"{key}-automatic") == ("False" if by_default else None)
        assert widget(at, f"{key}-usual").value == f"{number:g}"


@every_knob(lambda knob: isinstance(knob, Range) and knob.automatic)
def test_such_a_number_can_be_typed_beside_its_slider(kind, name, knob):
    key = f"{kind.slug()}-{name}"
    at = visit(kind, {name: knob.high})
    field = widget(at, f"{key}-field") or widget(at, key)
    field.set_value(knob.low + knob.step).run()
    assert widget(at, key).value == getattr(at.session_state["explainer"], name) == knob.low + knob.step
    assert widget(at, f"{key}-usual").value in (None, f"{knob.low + knob.step:g}")


@every_knob(lambda knob: isinstance(knob, Range))
def test_ranges_of_many_numbers_are_typed(kind, name, knob):
    at = visit(kind, needed(kind, knob) | {f"{name}-automatic": False})
    many = (knob.high - knob.low) / knob.step > MAX_SLIDER_POSITIONS
    assert widget(at, f"{kind.slug()}-{name}").type == ("number_input" if many else "slider")


@every_method
def test_labels_of_knobs_are_unique(kind):
    settings = {name: value for knob in kind.knobs().values() for name, value in needed(kind, knob).items()}
    at = visit(kind, settings)
    labels = [element.label for element in chain(at.selectbox, at.slider, at.number_input, at.toggle, at.color_picker)]
    assert len(labels) == len(set(labels))


def test_the_automatic_layer_is_named(bundled):
    (kind,) = (kind for kind in EXPLAINERS if kind.__name__ == "GradCAM")
    at = visit(kind, {})
    first, *others = widget(at, "grad-cam-layer").options
    layers = {layer.name: layer for layer in bundled.layers()}
    names = [name for name, _ in bundled.network.named_modules() if name in layers]
    assert [other.strip() for other in others] == [str(layers[name]) for name in names]
    assert first not in others
    assert any(f"{bundled.layer} " in caption.value for caption in at.caption)
