"""Values of declared types become JSON and arrays, and come back the same or are refused."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import jsonschema
import numpy as np
import pytest

from explainers.arrays import Array
from explainers.errors import ExplanationError
from explainers.typed_json import read, schema, write


@dataclass(frozen=True)
class Inner:
    number: float
    whole: int | None


@dataclass(frozen=True)
class Outer:
    word: Literal["one", "two"]
    several: tuple[Inner, ...]
    pair: tuple[int, str]
    anything: Mapping[str, Any]
    flag: bool
    array: Array | None = None


VALUES = [
    Outer("one", (), (1, "a"), {}, True),
    Outer("two", (Inner(math.inf, 3), Inner(-0.0, None)), (0, ""), {"a": 0.1, "b": None, "c": "x"}, False),
    Outer("two", (Inner(1e-300, -1),), (2, "é"), {"deep": True}, False, np.arange(6, dtype="float32").reshape(2, 3)),
    Outer("one", (), (1, "a"), {}, True, np.zeros((0, 2), "int64")),
]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_comes_back_as_it_was(value):
    arrays = {}
    document = json.loads(json.dumps(write(value, "", arrays), allow_nan=False))
    jsonschema.validate(document, schema(Outer))
    again = read(Outer, document, "", arrays)
    assert repr(again) == repr(value)
    assert again.array is value.array


def test_what_is_not_a_number_comes_back():
    assert math.isnan(read(float, write(math.nan, "", {}), "", {}))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"word": "three"}, "word must be one of one, two"),
        ({"word": []}, "word must be one of one, two"),
        ({"several": {}}, "several must be a list"),
        ({"several": [{"number": 1}]}, "several.0 lacks the entry 'whole'"),
        ({"several": [{"number": "1", "whole": 1}]}, "several.0.number must be a number"),
        ({"several": [{"number": 1, "whole": True}]}, "several.0.whole must be a value of type integer"),
        ({"pair": [1]}, "pair must be a list of 2"),
        ({"anything": {"a": [1]}}, "anything.a must be a number, a text, true, false or null"),
        ({"flag": 1}, "flag must be a value of type boolean"),
        ({"array": 1}, "array must be an array of the data"),
        ({"array": {"array": ["x"]}}, "array must be an array of the data"),
        ({"more": 1}, "the whole has the unknown entry 'more'"),
    ],
)
def test_another_type_is_refused_with_its_place(change, sentence):
    document = write(VALUES[0], "", {}) | change
    with pytest.raises(ExplanationError, match=sentence):
        read(Outer, document, "", {})
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema(Outer))


def test_a_whole_number_that_no_float_holds_is_refused():
    with pytest.raises(ExplanationError, match="must be a number of up to about 300 digits"):
        read(float, 10**400, "", {})
