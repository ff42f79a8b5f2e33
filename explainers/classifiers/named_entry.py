"""What a table of `models.toml` may say, and the check of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from explainers.classifiers.admission import Output
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.published import is_published
from explainers.classifiers.view import Fit, Interpolation
from explainers.errors import ExplanationError

FILE = "models.toml"


@dataclass(frozen=True)
class Entry:
    """What a table says; None where it leaves the architecture's usual.

    labels: the names of the classes, or the file in the folder that has one in each line, or a JSON list of them.
    text:   what the classifier knows and is for, for visitors.
    """

    architecture: str
    weights: str
    labels: tuple[str, ...] | str | None = None
    title: str | None = None
    text: str = ""
    licence: str = ""
    accuracy: float | None = None
    size: int | None = None
    resize: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    interpolation: Interpolation | None = None
    fit: Fit = "crop"
    output: Output = "softmax"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


def _is_side(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 4096


def are_texts(value: Any) -> bool:
    """Whether a value is a list of texts, none of them blank."""
    return isinstance(value, list) and len(value) > 0 and all(map(_is_text, value))


def _are_numbers(value: Any) -> bool:
    return isinstance(value, list) and len(value) in (1, 3) and all(map(_is_number, value))


@dataclass(frozen=True)
class Key:
    """What a key of a table accepts, and how that is said."""

    accepts: Callable[[Any], bool]
    words: str


def _one_of(*options: str) -> Key:
    return Key(options.__contains__, "one of " + ", ".join(f'"{option}"' for option in options))


TEXT, SIDE = Key(_is_text, "a text"), Key(_is_side, "a whole number of pixels from 1 to 4096")
KEYS: Mapping[str, Key] = {
    "architecture": TEXT,
    "weights": Key(_is_text, "the name of a file in the folder"),
    "labels": Key(lambda value: _is_text(value) or are_texts(value), "a list of texts or the name of a file"),
    "title": TEXT,
    "text": TEXT,
    "licence": TEXT,
    "accuracy": Key(lambda value: _is_number(value) and 0 <= value <= 100, "a number of per cent from 0 to 100"),
    "size": SIDE,
    "resize": SIDE,
    "mean": Key(_are_numbers, "a list of a number for each channel, where black is 0 and white is 1"),
    "std": Key(
        lambda value: _are_numbers(value) and all(each > 0 for each in value),
        "a list of a number above 0 for each channel, where black is 0 and white is 1",
    ),
    "interpolation": _one_of("nearest", "bilinear", "bicubic"),
    "fit": _one_of("crop", "pad"),
    "output": _one_of("softmax", "sigmoid"),
}


def checked_entry(name: str, table: Any) -> Entry:
    """Return what a table says. Raises ExplanationError for a mistake in it."""
    where = f"[{name}] in {FILE}"
    if not isinstance(table, dict):
        raise ExplanationError(f'{FILE} has "{name}" outside of a table. Begin with the table\'s name, as [{name}].')
    if name in BUNDLED_CLASSIFIERS or is_published(name):
        raise ExplanationError(f"{where} has the name of a classifier that Whypixel knows. Choose another name.")
    for key, value in table.items():
        if key not in KEYS:
            raise ExplanationError(f'{where} has the unknown key "{key}". It may have {", ".join(KEYS)}.')
        if not KEYS[key].accepts(value):
            raise ExplanationError(f"{where}: {key} must be {KEYS[key].words}, not {shown(value)}.")
    for key in ("architecture", "weights"):
        if key not in table:
            raise ExplanationError(f"{where} lacks {key}, which must be {KEYS[key].words}.")
    entry: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Entry(**entry)


def shown(value: Any) -> str:
    """Write a value for an error message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"
