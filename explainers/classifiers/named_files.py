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
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from explainers.classifiers.classifier import Classifier
from explainers.classifiers.download import Progress
from explainers.classifiers.named_entry import FILE, Entry, are_texts, checked_entry, shown
from explainers.classifiers.published import listing
from explainers.classifiers.refused import RefusedSource
from explainers.classifiers.source import Source, file_state
from explainers.classifiers.view import Fit, View
from explainers.classifiers.weights_source import WeightsSource, published_source
from explainers.errors import ExplanationError

MAX_BYTES = 10**6  # of the file, and of a file of labels


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
            facts += f" {file_state(self.folder / name)}"
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
            if are_texts(names := json.loads(text)):
                return tuple(names)
        raise ExplanationError(f"{where} begins like JSON, and is no list of texts.")


def sources(folder: Path | None) -> tuple[Source, ...]:
    """Return the sources that `models.toml` in a folder names; a mistake is the source of a sentence.

    It is read when it has changed. The files that it names may come, go and change before and after that, so they are
    looked at anew each time, and `load` says which isn't there.
    """
    path = folder and folder / FILE
    try:
        status = path.stat() if path else None
    except OSError:
        return ()
    return tuple(map(_weighed, _read(path, status.st_mtime_ns, status.st_size))) if path and status else ()


def _weighed(source: Source) -> Source:
    """Return a source with the size of its weights file as it is now; without one where there is no such file."""
    if isinstance(source, NamedSource):
        with suppress(OSError, ValueError):  # its name may be one that no file can have
            size = (source.folder / source.entry.weights).stat().st_size
            return replace(source, megabytes=size / 2**20)
    return source


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
        entry = checked_entry(name, table)
        made_of = _architecture(name, entry)
    except ExplanationError as error:
        return _refused(name, str(error))
    return NamedSource(
        name=name,
        title=entry.title or name,
        origin="local",
        accuracy=entry.accuracy,
        size=entry.size or made_of.size,
        licence=entry.licence,
        about=entry.text,
        fit=entry.fit,
        entry=entry,
        folder=folder,
        made_of=made_of,
    )


def _architecture(name: str, entry: Entry) -> WeightsSource:
    """Return the source of the published classifier of that architecture. Raises ExplanationError."""
    try:
        known = listing(entry.architecture)
    except ExplanationError as error:
        raise ExplanationError(
            f"[{name}] in {FILE}: there is no architecture called {shown(entry.architecture)}. Name one of "
            'torchvision\'s, such as "resnet50", or of timm\'s, such as "timm/resnet50".'
        ) from error
    return published_source(entry.architecture, known, "local", Path(entry.weights), title=entry.title or name)


def _inside(folder: Path, name: str, table: str) -> Path:
    """Return the path of a file in the folder. Raises ExplanationError if it isn't there, or lies outside."""
    path = folder / name
    try:
        is_inside = path.resolve(strict=True).is_relative_to(folder.resolve()) and path.is_file()
    except (OSError, ValueError, RuntimeError):  # it isn't there, its name can't be one, or it links to itself
        is_inside = False
    if not is_inside:
        raise ExplanationError(f"[{table}] in {FILE}: there is no file {shown(name)} in that folder.")
    return path


def _refused(name: str, reason: str) -> Source:
    return RefusedSource(name=name, title=name, origin="local", reason=reason)
