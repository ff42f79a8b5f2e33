"""The files that `models.toml` in the owner's folder names, each with its labels, its preprocessing and a text.

    [birds]
    architecture = "timm/resnet34"
    weights = "birds.safetensors"
    labels = "birds.txt"
    title = "Birds of our garden"

A mistake stands in the menu under the name of its table, and whoever chooses it is told; the other tables are as good
as ever.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import torch

from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.classifier import Classifier
from explainers.classifiers.download import Progress
from explainers.classifiers.published import TIMM, is_published, listing
from explainers.classifiers.refused import RefusedSource
from explainers.classifiers.source import Source
from explainers.classifiers.view import Fit, View
from explainers.classifiers.weights_source import TimmSource, TorchvisionSource, WeightsSource
from explainers.errors import ExplanationError

FILE = "models.toml"
MAX_BYTES = 10**6  # of the file, and of a file of labels


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
    interpolation: Literal["nearest", "bilinear", "bicubic"] | None = None
    fit: Fit = "crop"
    output: Literal["softmax", "sigmoid"] = "softmax"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


def _is_side(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= 4096


def _are_texts(value: Any) -> bool:
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
    "labels": Key(lambda value: _is_text(value) or _are_texts(value), "a list of texts or the name of a file"),
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


@dataclass(frozen=True, kw_only=True)
class NamedSource(Source):
    """A classifier whose weights a table names.

    made_of: the published classifier of the same architecture.
    """

    entry: Entry
    folder: Path
    made_of: WeightsSource

    @property
    def digest(self) -> str:
        facts = json.dumps(asdict(self.entry), sort_keys=True)
        for name in filter(None, (self.entry.weights, self._labels_file)):
            with suppress(OSError):  # it may have gone since it was listed
                status = (self.folder / name).stat()
                facts += f" {self.folder / name} {status.st_size} {status.st_mtime_ns}"
        return hashlib.sha256(f"{self.name} {facts}".encode()).hexdigest()

    def load(
        self,
        *,
        fit: Fit | None = None,
        on_progress: Progress | None = None,
        device: str | torch.device | None = None,
    ) -> Classifier:
        entry, usual = self.entry, self.made_of.recipe()
        labels, path = self._labels() or usual.labels, _inside(self.folder, entry.weights, self.name)
        size = entry.size or usual.size
        resize = entry.resize or (usual.resize if entry.size is None else size)
        try:
            return Classifier(
                self.made_of.network(len(labels), path),
                labels,
                size=(size, size),
                mean=entry.mean or usual.mean,
                std=entry.std or usual.std,
                view=View(resize, entry.interpolation or usual.interpolation, fit or entry.fit),
                output=entry.output,
                device=device,
                name=self.title,
                source=self.name,
            )
        except ExplanationError as error:
            raise ExplanationError(f"[{self.name}] in {FILE}: {error}") from error

    @property
    def _labels_file(self) -> str | None:
        return self.entry.labels if isinstance(self.entry.labels, str) else None

    def _labels(self) -> tuple[str, ...]:
        """Return the labels of the table; none if it leaves the architecture's."""
        if self._labels_file is None:
            return tuple(self.entry.labels or ())
        path = _inside(self.folder, self._labels_file, self.name)
        where = f"[{self.name}] in {FILE}: {path.name}"
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ExplanationError(f"{where} is too large for a file of labels.")
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            raise ExplanationError(f"{where} can't be read as text in UTF-8.") from error
        if not text.lstrip().startswith("["):
            return tuple(line.strip() for line in text.splitlines() if line.strip())
        with suppress(ValueError, RecursionError):
            if _are_texts(names := json.loads(text)):
                return tuple(names)
        raise ExplanationError(f"{where} begins like JSON, and is no list of texts.")


def sources(folder: Path | None) -> tuple[Source, ...]:
    """Return the sources that `models.toml` in a folder names; a mistake is the source of a sentence."""
    path = folder and folder / FILE
    try:
        status = path.stat() if path else None
    except OSError:
        return ()
    return _read(path, status.st_mtime_ns, status.st_size) if path and status else ()


@lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> tuple[Source, ...]:
    """Read the file as it was when it changed last."""
    try:
        if size > MAX_BYTES:
            raise ExplanationError(f"{FILE} is larger than {MAX_BYTES // 10**6} MB.")
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except ExplanationError as error:
        return (_refused(FILE, str(error)),)
    except (OSError, ValueError) as error:  # TOMLDecodeError and UnicodeDecodeError are ValueErrors
        return (_refused(FILE, f"{FILE} in the folder of weights can't be read: {str(error).rstrip('.')}."),)
    return tuple(_source(name, table, path.parent) for name, table in tables.items())


def _source(name: str, table: Any, folder: Path) -> Source:
    """Make the source that a table declares, or that of the sentence which says what is wrong with it."""
    try:
        entry = _entry(name, table)
        made_of = _architecture(name, entry)
        path = _inside(folder, entry.weights, name)
        if isinstance(entry.labels, str):
            _inside(folder, entry.labels, name)
    except ExplanationError as error:
        return _refused(name, str(error))
    return NamedSource(
        name=name,
        title=entry.title or name,
        origin="local",
        megabytes=path.stat().st_size / 2**20,
        accuracy=entry.accuracy,
        size=entry.size or made_of.size,
        licence=entry.licence,
        about=entry.text,
        fit=entry.fit,
        entry=entry,
        folder=folder,
        made_of=made_of,
    )


def _entry(name: str, table: Any) -> Entry:
    """Check a table. Raises ExplanationError."""
    where = f"[{name}] in {FILE}"
    if not isinstance(table, dict):
        raise ExplanationError(f'{FILE} has "{name}" outside of a table. Begin with the table\'s name, as [{name}].')
    if name in BUNDLED_CLASSIFIERS or is_published(name):
        raise ExplanationError(f"{where} has the name of a classifier that Whypixel knows. Choose another name.")
    for key, value in table.items():
        if key not in KEYS:
            raise ExplanationError(f'{where} has the unknown key "{key}". It may have {", ".join(KEYS)}.')
        if not KEYS[key].accepts(value):
            raise ExplanationError(f"{where}: {key} must be {KEYS[key].words}, not {_shown(value)}.")
    for key in ("architecture", "weights"):
        if key not in table:
            raise ExplanationError(f"{where} lacks {key}, which must be {KEYS[key].words}.")
    entry: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in table.items()}
    return Entry(**entry)


def _architecture(name: str, entry: Entry) -> WeightsSource:
    """Return the source of the published classifier of that architecture. Raises ExplanationError."""
    try:
        known = listing(entry.architecture)
    except ExplanationError as error:
        raise ExplanationError(
            f"[{name}] in {FILE}: there is no architecture called {_shown(entry.architecture)}. Name one of "
            'torchvision\'s, such as "resnet50", or of timm\'s, such as "timm/resnet50".'
        ) from error
    kind: Any = TimmSource if entry.architecture.startswith(TIMM) else TorchvisionSource
    facts = {"weights": known.weights} if kind is TimmSource else {}
    source: WeightsSource = kind(
        name=entry.architecture,
        title=entry.title or name,
        origin="local",
        size=known.size,
        path=Path(entry.weights),
        **facts,
    )
    return source


def _inside(folder: Path, name: str, table: str) -> Path:
    """Return the path of a file in the folder. Raises ExplanationError if it isn't there, or lies outside."""
    path = folder / name
    try:
        is_inside = path.resolve(strict=True).is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError, RuntimeError):  # it isn't there, its name can't be one, or it links to itself
        is_inside = False
    if not is_inside:
        raise ExplanationError(f"[{table}] in {FILE}: there is no file {_shown(name)} in that folder.")
    return path


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


def _refused(name: str, reason: str) -> Source:
    return RefusedSource(name=name, title=name, origin="local", reason=reason)
