"""Reads a stranger's file in a process of its own, which `reading` starts: one process a file. Imports no torch.

What it leaves in its folder are plain tensors and checked JSON. Nothing in the file is executed.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from explainers.classifiers.own import archives, facts, folders, pickles, tensors
from explainers.classifiers.own.facts import FileFacts
from explainers.classifiers.own.formats import HEAD, kind_of, kind_of_names, kind_of_zip, refuse, shown
from explainers.classifiers.own.tensors import Region, Storage, Tensor
from explainers.classifiers.own.wrappers import unwrap
from explainers.errors import ExplanationError
from explainers.processes import allow, be_quiet, limit_files, limit_memory

MAX_MEMORY = 600 * 10**6
MAX_OPEN_FILES = 64
SECONDS, SECONDS_PER_BYTE = 10.0, 4e-8  # of the processor's time
MAX_PICKLE = 64 * 10**6  # bytes; all that a file holds besides the numbers of its tensors
MAX_NOTES, MAX_NOTE = 50, 600
TOO_MUCH_MEMORY = (
    f"Reading the file takes more than {MAX_MEMORY // 10**6} MB of memory besides its tensors. "
    "Save network.state_dict(), and nothing else."
)
WEIGHTS = "weights.safetensors"


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


def extract(path: Path, name: str, folder: Path, max_bytes: int) -> dict[str, Any]:
    """Read a file, a zip archive or a folder, write its weights into `folder`, and return what was found.

    name:      the file's name, as its owner calls it.
    max_bytes: of the weights, and of what an archive unpacks to.

    Raises ExplanationError.
    """
    if path.is_dir():
        return _from_folder(folders.on_disk(path), folder, max_bytes)
    if _kind(path, name) == "zip":
        with archives.opened(path, max_bytes) as archive:
            if kind_of_zip(archive.namelist()) == "zip":
                return _from_folder(folders.in_archive(archive, folder, max_bytes), folder, max_bytes)
    return _from_file(_read(path, name, max_bytes), folder, max_bytes)


def _from_file(content: Content, folder: Path, max_bytes: int) -> dict[str, Any]:
    state, notes = unwrap(content.tree)
    return _written(state, content.regions, folder, max_bytes) | {
        "kind": content.kind,
        "facts": content.facts.as_json(),
        "notes": list(notes),
    }


def _from_folder(given: folders.Folder, folder: Path, max_bytes: int) -> dict[str, Any]:
    """Read a folder with a config.json, or one that holds a single weights file."""
    weights = given.weights()
    parts = {name: _read(given.open(name), name, max_bytes) for name in weights}
    if given.config is None:
        ((_, content),) = parts.items()
        return _from_file(content, folder, max_bytes)
    state: dict[str, Any] = {}
    for content in parts.values():
        if again := [key for key in content.tree if key in state]:
            raise ExplanationError(f"Two files of the folder hold the tensor {shown(again[0])}.")
        state.update(content.tree)
    regions = {key: region for content in parts.values() for key, region in content.regions.items()}
    notes: tuple[str, ...] = ()
    tree: Mapping[str, Any] = state
    if given.kind == "timm folder":
        tree, notes = unwrap(state)
    elif set(state) == {"state_dict"}:
        raise ExplanationError("The folder's weights file holds no plain state_dict. Save it with save_pretrained().")
    for file, text in given.cleaned().items():
        (folder / file).write_text(text, encoding="utf-8")
    return _written(tree, regions, folder, max_bytes) | {
        "kind": given.kind,
        "facts": given.facts().as_json(),
        "notes": [*given.notes, *notes],
    }


def _written(
    state: Mapping[str, Any], regions: Mapping[tuple[Path, str], Region], folder: Path, max_bytes: int
) -> dict[str, Any]:
    pieces = tensors.place(state, regions, max_bytes)
    not_finite = tensors.write(pieces, folder / WEIGHTS)
    return {"names": list(pieces), "not_finite": not_finite}


def _kind(path: Path, name: str) -> str:
    with open(path, "rb") as file:
        return kind_of(file.read(HEAD), path.stat().st_size, name)


def _read(path: Path, name: str, max_bytes: int) -> Content:
    """Read a file that isn't a folder's archive."""
    kind = _kind(path, name)
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
    header, _ = tensors.read_header(file, path.stat().st_size)
    tree = {
        name: Tensor(Storage((path, name), dtype, 0), dtype, 0, shape, tensors.strides_of(shape))
        for name, (dtype, shape, _) in header.items()
    }
    return Content(tree, {(path, name): region for name, (_, _, region) in header.items()}, "safetensors")


def _torch(archive: zipfile.ZipFile, path: Path) -> Content:
    """Read a file of torch.save's since release 1.6: a zip archive of a pickle, and of the numbers of its storages."""
    entries = {info.filename: info for info in archive.infolist()}
    (top,) = {name.removesuffix("data.pkl") for name in entries if name.count("/") == 1 and name.endswith("/data.pkl")}
    if f"{top}byteorder" in entries and archives.content(archive, entries[f"{top}byteorder"], 100) != b"little":
        raise ExplanationError("The file's numbers are stored big end first. Save it on a machine of today.")
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
        raise ExplanationError("The file's numbers are stored big end first. Save it on a machine of today.")
    at = file.tell()
    reader = pickles.Reader(file, path)

    def names() -> list[str]:
        file.seek(at)
        return pickles.names_in(file)

    tree = _loaded(reader, names, False)
    keys = _loaded(pickles.Reader(file, path), list, False)
    if not isinstance(keys, list) or len(keys) > tensors.MAX_TENSORS:
        raise refuse("unknown")
    regions = {}
    for key in keys:
        start = file.read(8)
        storage = reader.storages.get(str(key))
        length = int.from_bytes(start, "little") * (tensors.ITEM_SIZES.get(storage.dtype, 0) if storage else 0)
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


def serve() -> None:
    """Answer one request: a line of JSON with the arguments of `extract`. The answer is JSON, too.

    It may be a refusal, or a bug's traceback, instead of what was found.
    """
    answers = be_quiet()
    request = json.loads(sys.stdin.buffer.readline())
    limit_memory(MAX_MEMORY)
    limit_files(MAX_OPEN_FILES, request["max_bytes"] + 2 * tensors.MAX_HEADER)
    allow(SECONDS + SECONDS_PER_BYTE * request.pop("size"))
    try:
        answer = extract(Path(request["path"]), request["name"], Path(request["folder"]), request["max_bytes"])
        answer["notes"] = [_clean(note) for note in answer["notes"][:MAX_NOTES]]
    except ExplanationError as error:
        answer = {"refusal": _clean(str(error))}
    except MemoryError:
        answer = {"refusal": TOO_MUCH_MEMORY}
    except RecursionError:
        answer = {"refusal": "The file is nested too deeply. Save network.state_dict(), and nothing else."}
    except OSError as error:
        answer = {"refusal": f"The file can't be read: {error.strerror}."}
    except Exception:
        answer = {"bug": traceback.format_exc()}
    with os.fdopen(answers, "wb") as stream:
        stream.write(json.dumps(answer).encode())


def _clean(note: str) -> str:
    """Return a sentence of which a stranger's names may be a part."""
    return "".join(character if character.isprintable() else "�" for character in note)[:MAX_NOTE]
