"""An explanation as files: pictures for people, arrays and JSON for programs, from which it is restored bit for bit."""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import json
import secrets
import shutil
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np
from PIL import Image

from explainers import proof, typed_json
from explainers.arrays import Array
from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from explainers.figures import Look
from explainers.figures.parts import Span
from explainers.report.pictures import map_and_overlay, picture_file

FORMAT: Literal["whypixel explanation"] = "whypixel explanation"
VERSION: Literal[1] = 1
DOCUMENT, DATA = "explanation.json", "values.npz"
SENTENCES = (proof.explained, proof.accuracy, proof.samples, proof.steps, proof.verification, proof.caution, proof.cost)
TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)  # there is something of that name
UNREADABLE = (OSError, ValueError, KeyError, zipfile.BadZipFile, EOFError, RecursionError)


@dataclass(frozen=True)
class Document:
    """What `explanation.json` holds.

    sentences: the proof, in Markdown.
    sha256:    the hash of each array of `values.npz`.
    """

    format: Literal["whypixel explanation"]
    version: Literal[1]
    explanation: Explanation
    sentences: tuple[str, ...]
    sha256: Mapping[str, str]


def save(
    explanation: Explanation,
    folder: str | PathLike[str],
    *,
    photo: Image.Image | None = None,
    look: Look | None = None,
) -> Path:
    """Save an explanation as a new folder, and return its path.

    The folder holds `map.png` and `overlay.png` at the photo's size, `values.npz` (the raw values, the map as it is
    drawn, `heat`, the picture, and whatever else the method has) and `explanation.json` (everything else, the proof in
    sentences, and hashes; `bundle_schema` describes it). The folder is there as a whole or not at all.

    folder: where to save it. What is there is never overwritten: if it isn't empty, a number is added to the name.
    photo:  the upright photo that was explained, for the overlay; None: the overlay shows what the classifier saw.
    look:   how the map is drawn; None: as on the pages.

    Raises ExplanationError where the folder can't be written, and for a photo of another size than the explained one.
    """
    target = Path(folder)
    files = contents(explanation, photo, look)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        beside = target.with_name(f".{secrets.token_hex(8)}")  # short: the target's name may be as long as one can be
        beside.mkdir()
        try:
            for name, data in files.items():
                (beside / name).write_bytes(data)
            return _moved(beside, target)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise ExplanationError(f"{target} could not be written: {error.strerror or error}.") from error


def contents(
    explanation: Explanation, photo: Image.Image | None, look: Look | None, span: Span | None = None
) -> dict[str, bytes]:
    """Return the files of a bundle by their names.

    span: the numbers that get the colours at the ends of the scale; None: the map's own.
    """
    if photo is not None and photo.size != explanation.photo_size:
        raise ExplanationError(f"The photo has {photo.size} pixels, and the explained one {explanation.photo_size}.")
    arrays: dict[str, Array] = {}
    written = typed_json.write(explanation, "", arrays)
    arrays["heat"] = explanation.heat
    document = {  # a `Document`
        "format": FORMAT,
        "version": VERSION,
        "explanation": written,
        "sentences": list(sentences(explanation)),
        "sha256": _hashes(arrays),
    }
    alone, over = map_and_overlay(explanation, look, photo, span)
    return {
        "map.png": picture_file(alone),
        "overlay.png": picture_file(over),
        DATA: _npz(arrays),
        DOCUMENT: json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode(),
    }


def values_file(explanation: Explanation) -> bytes:
    """Return `values.npz` alone, with the arrays that `save` writes."""
    arrays: dict[str, Array] = {}
    typed_json.write(explanation, "", arrays)
    return _npz(arrays | {"heat": explanation.heat})


def load(path: str | PathLike[str]) -> Explanation:
    """Restore an explanation from a folder that `save` wrote, or from a zip of it.

    Raises ExplanationError for anything else, and for a file that was changed.
    """
    place = Path(path)
    try:
        if place.is_dir():
            document, data = (place / DOCUMENT).read_bytes(), (place / DATA).read_bytes()
        else:
            with zipfile.ZipFile(place) as archive:
                document, data = archive.read(DOCUMENT), archive.read(DATA)
        parsed = json.loads(document)
        with np.load(io.BytesIO(data), allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except UNREADABLE as error:
        raise ExplanationError(f"{place.name} holds no saved explanation: {error}.") from error
    saved = _read(parsed, arrays, place.name)
    if saved.sha256 != _hashes(arrays):
        raise ExplanationError(f"{place.name} isn't what was saved: {DATA} was changed, or belongs to another map.")
    return saved.explanation


def sentences(explanation: Explanation) -> tuple[str, ...]:
    """Return the proof of an explanation in sentences, in Markdown."""
    return tuple(sentence for say in SENTENCES if (sentence := say(explanation)))


def bundle_schema() -> dict[str, Any]:
    """Return the JSON Schema of `explanation.json`."""
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, "title": "An explanation saved by Whypixel"} | typed_json.schema(Document)


def _npz(arrays: Mapping[str, Array]) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getvalue()


def _read(document: Any, arrays: Mapping[str, Array], name: str) -> Document:
    """Return what a parsed `explanation.json` says."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ExplanationError(f"{name} holds no saved explanation: {DOCUMENT} is of another kind.")
    if document.get("version") != VERSION:
        raise ExplanationError(
            f"{name} was saved in version {document.get('version')!r} of the format; this Whypixel reads {VERSION}."
        )
    try:
        saved: Document = typed_json.read(Document, document, "", arrays)
    except ExplanationError as error:
        raise ExplanationError(f"{name} isn't what was saved: in {DOCUMENT}, {error}") from error
    return saved


def _hashes(arrays: Mapping[str, Array]) -> dict[str, str]:
    """Return the hash of each array: of its type, shape and numbers."""
    return {
        name: hashlib.sha256(f"{array.dtype} {array.shape}".encode() + array.tobytes()).hexdigest()
        for name, array in arrays.items()
    }


def _moved(folder: Path, target: Path) -> Path:
    """Give a folder the name `target`, or that with the first number that makes it new."""
    for number in itertools.count(1):
        free = target if number == 1 else target.with_name(f"{target.name}-{number}")
        try:
            return folder.rename(free)  # which replaces an empty folder, and nothing else
        except OSError as error:
            if error.errno not in TAKEN:
                raise
    raise AssertionError
