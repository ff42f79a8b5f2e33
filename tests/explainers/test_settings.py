"""What each knob accepts, and what it says when it doesn't."""

import pytest

from explainers.settings import Choice, Colour, Layer, Range, Switch

WHOLE = Range(1, 9, hint="")
REAL = Range(0.5, 2.0, 0.1, hint="")
OPTIONAL = Range(1, 9, automatic="a fifth", hint="")
WORDS = Choice(("black", "white"), hint="")
NAN = float("nan")


@pytest.mark.parametrize(
    ("knob", "good", "bad"),
    [
        (WHOLE, [1, 5, 9], [0, 10, -1, 5.0, 5.5, "5", None, True, False, NAN, float("inf"), [5]]),
        (REAL, [0.5, 1, 1.234, 2.0], [0.49, 2.01, "1", None, True, NAN, float("inf"), 1j]),
        (OPTIONAL, [None, 1, 9], [0, 10, "automatic", True]),
        (WORDS, ["black", "white"], ["grey", "Black", "", None, 0, ("black",)]),
        (Switch(hint=""), [True, False], [0, 1, None, "True"]),
        (
            Colour(hint=""),
            ["#000000", "#7f7F7f"],
            ["#fff", "7f7f7f", "#7f7f7g", "#7f7f7f7f", "#7f7f7f\n", "red", None, 0],
        ),
        (Layer(hint=""), [None, "layer4", "features.3"], ["", 3, True, ("layer4",)]),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, list) else "",
)
def test_a_knob_accepts_what_its_widget_could_offer(knob, good, bad):
    assert [value for value in good if not knob.accepts(value)] == []
    assert [value for value in bad if knob.accepts(value)] == []


@pytest.mark.parametrize(
    ("knob", "words"),
    [
        (WHOLE, "a whole number between 1 and 9"),
        (REAL, "between 0.5 and 2.0"),
        (OPTIONAL, "a whole number between 1 and 9 (or None: automatic)"),
        (WORDS, "one of black, white"),
        (Switch(hint=""), "True or False"),
        (Colour(hint=""), "a colour such as #7f7f7f"),
        (Layer(hint=""), "the name of a layer that gives a grid"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_a_knob_says_what_it_accepts(knob, words):
    assert str(knob) == words


@pytest.mark.parametrize(
    ("only_if", "settings", "matters"),
    [
        ({}, {}, True),
        ({"baseline": "random"}, {"baseline": "random"}, True),
        ({"baseline": "random"}, {"baseline": "black"}, False),
        ({"baseline": ("random", "blurred")}, {"baseline": "blurred"}, True),
        ({"baseline": "random", "steps": 3}, {"baseline": "random", "steps": 4}, False),
        ({"steps": range(1, 11)}, {"steps": 1}, True),
        ({"steps": range(1, 11)}, {"steps": 10}, True),
        ({"steps": range(1, 11)}, {"steps": 11}, False),
        ({"steps": range(1, 11)}, {"steps": None}, False),
        ({"steps": range(1, 11), "on": True}, {"steps": 5, "on": False}, False),
    ],
)
def test_a_knob_matters_only_under_its_condition(only_if, settings, matters):
    assert Switch(hint="", only_if=only_if).matters(settings) == matters


def test_conditions_are_containers():
    only_if = {"baseline": "random", "colour": ("red", "blue"), "steps": range(1, 11), "on": False}
    expected = {"baseline": ("random",), "colour": ("red", "blue"), "steps": range(1, 11), "on": (False,)}
    assert Switch(hint="", only_if=only_if).conditions == expected
