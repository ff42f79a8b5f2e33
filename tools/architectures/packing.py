"""Packs the table into the file that is shipped."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

from explainers.classifiers.own.fingerprint import Outline
from explainers.classifiers.own.table import CONFIGURATION, HASHES, Architecture, Fingerprint

LIBRARIES = ("torch", "torchvision", "timm")


class _Shared:
    """Values that many rows share: each is written once, and rows hold its number."""

    def __init__(self) -> None:
        self.values: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, value: Any) -> int:
        """Return the number of a value."""
        if value not in self._numbers:
            self._numbers[value] = len(self.values)
            self.values.append(value)
        return self._numbers[value]


def packed(rows: Iterable[tuple[str, Fingerprint]]) -> bytes:
    """Return the file for fingerprints and the keys of their architectures, with the versions installed here."""
    lists = {name: _Shared() for name in ("configurations", "settings", "traits", "outlines")}
    every: dict[str, Architecture] = {}
    fingerprints = []
    for key, row in rows:
        every.setdefault(key, row.architecture)
        outline, places = (each and lists["outlines"].number(_plain(each)) for each in (row.outline, row.places))
        hashes = (getattr(row, name) for name in HASHES)
        fingerprints.append((key, row.tensors, outline, places, *hashes, row.sketch.hex()))
    architectures = [
        (
            key,
            own.told,
            lists["configurations"].number(tuple(getattr(own, name) for name in CONFIGURATION)),
            lists["settings"].number(own.settings),
            lists["traits"].number(own.traits),
        )
        for key, own in every.items()
    ]
    content = {
        "versions": {library: version(library) for library in LIBRARIES},
        "shared": {name: shared.values for name, shared in lists.items()},
        "architectures": architectures,
        "fingerprints": fingerprints,
    }
    return lzma.compress(json.dumps(content, separators=(",", ":")).encode(), preset=9 | lzma.PRESET_EXTREME)


def _plain(outline: Outline) -> tuple[Any, ...]:
    return tuple(tuple(part) for part in outline.parts), outline.untold
