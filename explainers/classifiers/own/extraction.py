"""Reads a stranger's file in a process of its own, which `reading` starts: one process a file. Imports no torch.

What it leaves in its folder are plain tensors and checked JSON. Nothing in the file is executed.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from explainers.classifiers.own import archives, folders, tensors
from explainers.classifiers.own.contents import Content, kind_of_file, read
from explainers.classifiers.own.formats import kind_of_zip
from explainers.classifiers.own.header import MAX_HEADER
from explainers.classifiers.own.refusals import shown
from explainers.classifiers.own.tensors import Region
from explainers.classifiers.own.wrappers import unwrap
from explainers.errors import ExplanationError
from explainers.processes import allow, be_quiet, limit_files, limit_memory

MAX_MEMORY = 600 * 10**6
MAX_OPEN_FILES = 64
SECONDS, SECONDS_PER_BYTE = 5.0, 4e-8  # of the processor's time
MAX_NOTES, MAX_NOTE = 50, 600
TOO_MUCH_MEMORY = (
    f"Reading the file takes more than {MAX_MEMORY // 10**6} MB of memory besides its tensors. "
    "Save network.state_dict(), and nothing else."
)
WEIGHTS = "weights.safetensors"


def extract(path: Path, name: str, folder: Path, max_bytes: int) -> dict[str, Any]:
    """Read a file, a zip archive or a folder, write its weights into `folder`, and return what was found.

    name:      the file's name, as its owner calls it.
    max_bytes: of the weights, and of what an archive unpacks to.

    Raises ExplanationError.
    """
    if path.is_dir():
        return _from_folder(folders.on_disk(path), folder, max_bytes)
    if kind_of_file(path, name) == "zip":
        with archives.opened(path, max_bytes) as archive:
            if kind_of_zip(archive.namelist()) == "zip":
                return _from_folder(folders.in_archive(archive, folder, max_bytes), folder, max_bytes)
    return _from_file(read(path, name), folder, max_bytes)


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
    parts = {name: read(given.open(name), name) for name in weights}
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
    from explainers.classifiers.own.writing import write  # and NumPy, which a refused file doesn't need

    not_finite = write(pieces, folder / WEIGHTS)
    return {"names": list(pieces), "not_finite": not_finite}


def serve() -> None:
    """Answer one request: a line of JSON with the arguments of `extract`. The answer is JSON, too.

    It may be a refusal, or a bug's traceback, instead of what was found.
    """
    answers = be_quiet()
    request = json.loads(sys.stdin.buffer.readline())
    limit_memory(MAX_MEMORY)
    limit_files(MAX_OPEN_FILES, request["max_bytes"] + 2 * MAX_HEADER)
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
