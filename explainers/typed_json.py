"""Values as JSON and arrays, by the types that their dataclasses declare.

One declaration serves writing, reading, checking and the schema: a new field of a dataclass is saved, restored and
described without another line. Arrays stand apart, under the name of their place, and JSON holds their shape and type.
"""

from __future__ import annotations

import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np

from explainers.arrays import Array
from explainers.errors import ExplanationError

NOT_FINITE = ("nan", "inf", "-inf")  # JSON has no number for these, so they stand as texts
PLAIN = (bool, int, float, str, type(None))
SCHEMA_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
ARRAY_SCHEMA = {
    "type": "object",
    "properties": {
        "array": {"type": "string"},
        "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
        "dtype": {"type": "string"},
    },
    "required": ["array", "shape", "dtype"],
    "additionalProperties": False,
}


def write(value: Any, place: str, arrays: dict[str, Array]) -> Any:
    """Return a value as JSON can hold it, and put its arrays into `arrays` under their places.

    place: where the value stands, as names with dots between them; empty for the whole.
    """
    match value:
        case np.ndarray():
            arrays[place] = value
            return {"array": place, "shape": list(value.shape), "dtype": str(value.dtype)}
        case float() if not math.isfinite(value):
            return str(value)
        case tuple():
            return [write(part, _below(place, number), arrays) for number, part in enumerate(value)]
        case Mapping():
            return {key: write(part, _below(place, key), arrays) for key, part in value.items()}
    if is_dataclass(value):
        values = ((entry.name, getattr(value, entry.name)) for entry in fields(value))
        return {name: write(part, _below(place, name), arrays) for name, part in values}
    assert isinstance(value, PLAIN), f"{place}: {type(value).__name__}"
    return value


def read(kind: Any, document: Any, place: str, arrays: Mapping[str, Array]) -> Any:
    """Return the value of this type that `write` made the document of.

    Raises ExplanationError, with the place, where the document isn't of that type.
    """
    if kind is Any:
        return _checked(document, isinstance(document, PLAIN), place, "a number, a text, true, false or null")
    if is_dataclass(kind):
        return _read_dataclass(kind, document, place, arrays)
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if document is None:
            return _checked(None, type(None) in parts, place, "given")
        (kind,) = (part for part in parts if part is not type(None))
        return read(kind, document, place, arrays)
    if origin is Literal:
        return _checked(document, document in parts, place, f"one of {', '.join(map(str, parts))}")
    if origin is tuple:
        return _read_tuple(parts, document, place, arrays)
    if origin is np.ndarray:
        return _read_array(document, place, arrays)
    if origin is not None and issubclass(origin, Mapping):
        _checked(document, isinstance(document, dict), place, "an object")
        return {key: read(parts[1], part, _below(place, key), arrays) for key, part in document.items()}
    if kind is float:
        if document in NOT_FINITE:
            return float(document)
        is_number = isinstance(document, (int, float)) and not isinstance(document, bool)
        try:
            return float(_checked(document, is_number, place, "a number"))
        except OverflowError as error:  # JSON's whole numbers have no end
            raise ExplanationError(f"{place or 'the whole'} must be a number of up to about 300 digits.") from error
    return _checked(document, type(document) is kind, place, f"a value of type {SCHEMA_TYPES[kind]}")


def schema(kind: Any) -> dict[str, Any]:
    """Return the JSON Schema of what `write` makes of values of this type."""
    if kind is Any:
        return {"type": [SCHEMA_TYPES[plain] for plain in PLAIN]}
    if isinstance(kind, type) and is_dataclass(kind):
        properties = {name: schema(part) for name, part in _hints(kind).items()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return {"anyOf": [schema(part) for part in parts]}
    if origin is Literal:
        return {"enum": list(parts)}
    if origin is tuple:
        if parts[1:] == (...,):
            return {"type": "array", "items": schema(parts[0])}
        return {"type": "array", "prefixItems": list(map(schema, parts)), "minItems": len(parts), "items": False}
    if origin is np.ndarray:
        return ARRAY_SCHEMA
    if origin is not None and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": schema(parts[1])}
    if kind is float:
        return {"anyOf": [{"type": "number"}, {"enum": list(NOT_FINITE)}]}
    return {"type": SCHEMA_TYPES[kind]}


def _read_dataclass(kind: Any, document: Any, place: str, arrays: Mapping[str, Array]) -> Any:
    hints = _hints(kind)
    _checked(document, isinstance(document, dict), place, "an object")
    if strange := sorted(document.keys() ^ hints.keys()):
        what = "has the unknown" if strange[0] in document else "lacks the"
        raise ExplanationError(f"{place or 'the whole'} {what} entry {strange[0]!r}.")
    return kind(**{name: read(part, document[name], _below(place, name), arrays) for name, part in hints.items()})


def _read_tuple(parts: tuple[Any, ...], document: Any, place: str, arrays: Mapping[str, Array]) -> tuple[Any, ...]:
    _checked(document, isinstance(document, list), place, "a list")
    if parts[1:] == (...,):
        parts = parts[:1] * len(document)
    _checked(document, len(parts) == len(document), place, f"a list of {len(parts)}")
    return tuple(
        read(part, entry, _below(place, number), arrays)
        for number, (part, entry) in enumerate(zip(parts, document, strict=True))
    )


def _read_array(document: Any, place: str, arrays: Mapping[str, Array]) -> Array:
    name = document.get("array") if isinstance(document, dict) else None
    _checked(name, isinstance(name, str) and name in arrays, place, "an array of the data")
    array = arrays[document["array"]]
    described = {"array": document["array"], "shape": list(array.shape), "dtype": str(array.dtype)}
    _checked(document, document == described, place, f"an array of shape {array.shape} and type {array.dtype}")
    return array


def _checked(value: Any, is_right: bool, place: str, wanted: str) -> Any:
    if not is_right:
        raise ExplanationError(f"{place or 'the whole'} must be {wanted}.")
    return value


def _below(place: str, name: str | int) -> str:
    return f"{place}.{name}" if place else str(name)


@cache
def _hints(kind: type) -> dict[str, Any]:
    """The types of a dataclass's fields."""
    hints = get_type_hints(kind)
    return {entry.name: hints[entry.name] for entry in fields(kind)}
