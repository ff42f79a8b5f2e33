"""Reads weights files as descriptions: what they hold, and where the numbers of their tensors are."""

from __future__ import annotations

import os
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from explainers.classifiers.own import archives, facts, pickles
from explainers.classifiers.own.facts import FileFacts
from explainers.classifiers.own.formats import HEAD, Kind, kind_of, kind_of_names, kind_of_zip
from explainers.classifiers.own.header import read_header
from explainers.classifiers.own.refusals import refuse, shown
from explainers.classifiers.own.tensors import ITEM_SIZES, MAX_TENSORS, Region, Storage, Tensor, strides_of
from explainers.errors import ExplanationError

MAX_PICKLE = 64 * 10**6  # bytes; all that a file holds besides the numbers of its tensors


@dataclass(frozen=True)
class Content:
    """What one file holds.

    tree:    all of it, with tensors as descriptions.
    regions: where the numbers of its tensors are.
    kind:    what the file is, for people.
    """

    tree: Mapping[Any, Any]
    regions: Mapping[tuple[Path, str], Region]
    kind: str
    facts: FileFacts = field(default=facts.NOTHING)


def kind_of_file(path: Path, name: str) -> Kind:
    """Return what a file is, by its first bytes and its name.

    Raises ExplanationError for a kind that isn't read.
    """
    with open(path, "rb") as file:
        return kind_of(file.read(HEAD), path.stat().st_size, name)


def read(path: Path, name: str) -> Content:
    """Read a weights file: all that it holds, and where the numbers of its tensors are.

    Raises ExplanationError.
    """
    kind = kind_of_file(path, name)
    with open(path, "rb") as file:
        if kind == "safetensors":
            return _safetensors(file, path)
        if kind == "legacy torch":
            return _legacy(file, path)
        if kind == "pickle":
            raise kind_of_names(pickles.names_in(file), lightning=False)
    with archives.opened(path, max_bytes=sys.maxsize) as archive:
        if kind_of_zip(archive.namelist()) != "torch":
            raise ExplanationError("The zip archive holds another zip archive. Pack the folder with the files alone.")
        return _torch(archive, path)


def _safetensors(file: IO[bytes], path: Path) -> Content:
    header = read_header(file, path.stat().st_size)
    tree = {
        name: Tensor(Storage((path, name), dtype), dtype, 0, shape, strides_of(shape))
        for name, (dtype, shape, _) in header.items()
    }
    return Content(tree, {(path, name): region for name, (_, _, region) in header.items()}, "safetensors")


def _torch(archive: zipfile.ZipFile, path: Path) -> Content:
    """Read a file of torch.save's since release 1.6: a zip archive of a pickle, and of the numbers of its storages."""
    entries = {info.filename: info for info in archive.infolist()}
    tops = [name.removesuffix("data.pkl") for name in entries if name.count("/") == 1 and name.endswith("/data.pkl")]
    if len(tops) != 1:
        raise refuse("unknown")
    top = tops[0]
    if f"{top}byteorder" in entries and archives.content(archive, entries[f"{top}byteorder"], 100) != b"little":
        raise refuse("big-endian")
    data = archives.content(archive, entries[f"{top}data.pkl"], MAX_PICKLE)
    reader = pickles.Reader(BytesIO(data), path)
    tree = _loaded(reader, lambda: pickles.names_in(BytesIO(data)), b"pytorch-lightning_version" in data)
    regions = {}
    for key, storage in reader.storages.items():
        if (info := entries.get(f"{top}data/{key}")) is None:
            raise ExplanationError(f"The file is damaged: it lacks the numbers of the storage {shown(key)}.")
        regions[storage.key] = archives.region_of(archive, info)
    return _content(tree, regions)


def _loaded(reader: pickles.Reader, names: Callable[[], list[str]], lightning: bool) -> Any:
    """Read the next pickle.

    names:     of all that it names, asked for if it names what isn't read.
    lightning: whether Lightning wrote it.
    """
    try:
        return reader.load()
    except pickles.ForbiddenName:
        raise kind_of_names(names(), lightning) from None
    except (MemoryError, ExplanationError):
        raise
    except Exception as error:  # a damaged pickle makes its reader raise errors of any kind
        raise ExplanationError(
            "The file's pickle is damaged or of an unusual kind, and isn't read. "
            'Save the weights again: torch.save(network.state_dict(), "weights.pth")'
        ) from error


def _legacy(file: IO[bytes], path: Path) -> Content:
    """Read a file of torch.save's before release 1.6: five pickles, and then the numbers of each storage."""
    size = path.stat().st_size
    plain = [_loaded(pickles.Reader(file, path), list, False) for _ in range(3)]
    if not isinstance(plain[2], Mapping) or plain[2].get("little_endian") is not True:
        raise refuse("big-endian")
    at = file.tell()
    reader = pickles.Reader(file, path)

    def names() -> list[str]:
        file.seek(at)
        return pickles.names_in(file)

    tree = _loaded(reader, names, False)
    keys = _loaded(pickles.Reader(file, path), list, False)
    if not isinstance(keys, list) or len(keys) > MAX_TENSORS:
        raise refuse("unknown")
    regions = {}
    for key in keys:
        start = file.read(8)
        storage = reader.storages.get(str(key))
        length = int.from_bytes(start, "little") * (ITEM_SIZES.get(storage.dtype, 0) if storage else 0)
        if len(start) < 8 or not storage or not length <= size - file.tell():
            raise ExplanationError("The file is damaged or cut short: it lacks the numbers of its tensors.")
        regions[storage.key] = Region(file.tell(), length)
        file.seek(length, os.SEEK_CUR)
    return _content(tree, regions)


def _content(tree: Any, regions: Mapping[tuple[Path, str], Region]) -> Content:
    if not isinstance(tree, Mapping):
        raise ExplanationError(
            "The file holds no state_dict, which maps names to tensors. "
            'Save it: torch.save(network.state_dict(), "weights.pth")'
        )
    said = facts.from_training(tree)
    if "pytorch-lightning_version" in tree:
        return Content(tree, regions, "Lightning checkpoint", said)
    kind = "timm checkpoint" if said.library == "timm" else "state_dict"
    return Content(tree, regions, kind, said)
