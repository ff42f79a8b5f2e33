"""Reads pickles without running what they name: every object in them becomes a plain value that does nothing.

`torch.load(weights_only=True)` does the same, but it needs torch, which takes seconds and hundreds of megabytes in the
process that reads, and it makes tensors while it reads. Here a pickle is only a description: the names that weights and
training files need stand for what `inert` has, and every other name ends the reading.
"""

from __future__ import annotations

import pickle
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from explainers.classifiers.own.inert import KNOWN, STORAGES
from explainers.classifiers.own.tensors import Storage

MODULES = {"__builtin__": "builtins"}  # as the protocols of Python 2 call them, and as they are called today
MAX_NAMES = 50  # of what a refused pickle names


class ForbiddenName(Exception):
    """A pickle names something that isn't needed for weights."""


class Reader(pickle.Unpickler):
    """Reads pickles as plain values.

    path: of the file that its storages are in.
    """

    def __init__(self, file: IO[bytes], path: Path) -> None:
        super().__init__(file, encoding="utf-8")  # of texts that Python 2 wrote
        self._path = path
        self.storages: dict[str, Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        """Return what a name stands for here.

        Raises ForbiddenName for all but the few that weights need.
        """
        if (found := KNOWN.get((MODULES.get(module, module), name))) is None:
            raise ForbiddenName(f"{module}.{name}")
        return found

    def persistent_load(self, pid: Any) -> Storage:
        """Return the storage that a pickle names, without its numbers."""
        _, kind, key, *_ = pid
        if not isinstance(kind, str) or not kind.startswith("storage ") or not isinstance(key, (str, int)):
            raise pickle.UnpicklingError("a storage of an unusual kind")
        storage = Storage((self._path, str(key)), STORAGES[kind.removeprefix("storage ")])
        return self.storages.setdefault(str(key), storage)


class Anything:
    """An object of any kind, which does nothing."""

    def __init__(self, *arguments: Any) -> None:
        pass

    def __call__(self, *arguments: Any) -> Anything:
        return self

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, value: Any) -> None:
        """Take nothing of an item."""

    def extend(self, values: Any) -> None:
        """Take nothing of items."""

    def update(self, values: Any) -> None:
        """Take nothing of items."""


class NameReader(pickle.Unpickler):
    """Reads only which names a pickle has; every object in it becomes one that does nothing."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file, encoding="latin-1")
        self.names: list[str] = []

    def find_class(self, module: str, name: str) -> Any:
        """Note a name."""
        if (full := f"{MODULES.get(module, module)}.{name}") not in self.names:
            if len(self.names) == MAX_NAMES:
                raise pickle.UnpicklingError("enough names")
            self.names.append(full)
        return Anything

    def persistent_load(self, pid: Any) -> Any:
        """Return an object that does nothing."""
        return Anything()


def names_in(file: IO[bytes]) -> list[str]:
    """Return the names of functions and classes in a pickle, in order, as far as it can be read."""
    reader = NameReader(file)
    with suppress(Exception):  # what comes after a pickle's damage is unknown
        reader.load()
    return reader.names
