"""The folders of timm and Hugging Face classifiers, on disk or in a zip archive."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from explainers.classifiers.own import archives, facts
from explainers.classifiers.own.facts import FileFacts
from explainers.classifiers.own.refusals import EXTENSIONS, refuse, shown
from explainers.errors import ExplanationError

CONFIG, PROCESSING = "config.json", "preprocessor_config.json"
UNPACKED = "unpacked-"  # what the names of unpacked files begin with
WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # the first that is there is read
MAX_JSON = 4 * 10**6  # bytes
MAX_DEPTH = 20  # of what is within another in a JSON file
MAX_SHARDS = 100
MAX_FILES = 1000
KINDS = ("timm folder", "Hugging Face folder")


@dataclass(frozen=True)
class Folder:
    """A folder's files.

    names:      of all of them.
    open:       gives the path of one on disk.
    config:     of a timm or Hugging Face folder; None: it is a folder with a single weights file.
    processing: how Hugging Face's processor prepares a picture; empty if that isn't said.
    notes:      what was ignored, in sentences.
    """

    names: tuple[str, ...]
    open: Callable[[str], Path]
    config: dict[str, Any] | None
    processing: dict[str, Any]
    notes: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """What it is, for people."""
        return KINDS[0] if self.config and "architecture" in self.config else KINDS[1]

    def facts(self) -> FileFacts:
        """Return what it says of its classifier."""
        config = self.config or {}
        return facts.from_timm(config) if self.kind == KINDS[0] else facts.from_hugging_face(config, self.processing)

    def cleaned(self) -> dict[str, str]:
        """Return its JSON files as they are kept, by name."""
        files = {CONFIG: self.config, PROCESSING: self.processing}
        return {name: json.dumps(content) for name, content in files.items() if content}

    def weights(self) -> tuple[str, ...]:
        """Return the names of its weights files.

        Raises ExplanationError.
        """
        if self.config is None:
            candidates = [name for name in self.names if name.lower().endswith(EXTENSIONS)]
            if len(candidates) > 1:
                raise ExplanationError(
                    f"The folder has {len(candidates):,} weights files and no config.json. Give the one file alone."
                )
            if not candidates:
                raise refuse("zip without weights")
            return (candidates[0],)
        for name in WEIGHTS:
            if name in self.names:
                return (name,)
            if (index := f"{name}.index.json") in self.names:
                return self._shards(index)
        if any(name.endswith((".h5", ".msgpack")) for name in self.names):
            raise refuse("flax" if "flax_model.msgpack" in self.names else "tensorflow")
        raise ExplanationError(
            f"The folder has a config.json, but neither {WEIGHTS[0]} nor {WEIGHTS[1]}. Save it with save_pretrained()."
        )

    def _shards(self, index: str) -> tuple[str, ...]:
        files = _json(self.open(index), index).get("weight_map")
        if not isinstance(files, dict) or not all(isinstance(file, str) for file in files.values()):
            raise ExplanationError(f"{index} doesn't say which file each tensor is in.")
        shards = sorted({*files.values()})
        if len(shards) > MAX_SHARDS:
            raise ExplanationError(f"{index} names {len(shards):,} files; up to {MAX_SHARDS} are read.")
        for shard in shards:
            if "/" in shard or "\\" in shard or shard not in self.names:
                raise ExplanationError(f"{index} names the file {shown(shard)}, which isn't in the folder.")
            if not shard.endswith((".safetensors", ".bin")):
                raise ExplanationError(f"{index} names the file {shown(shard)}, which isn't a weights file.")
        return tuple(shards)


def on_disk(path: Path) -> Folder:
    """Look at a folder; links and what isn't a plain file are not followed.

    Raises ExplanationError.
    """
    names = list[str]()
    for entry in os.scandir(path):
        if len(names) >= MAX_FILES:
            raise ExplanationError(f"The folder has more than {MAX_FILES:,} files. Give a folder with one classifier.")
        if not entry.name.startswith(".") and not entry.is_dir(follow_symlinks=False):
            names.append(entry.name)
    return _folder(tuple(sorted(names)), partial(_plain_file, path))


def in_archive(archive: zipfile.ZipFile, folder: Path, max_bytes: int) -> Folder:
    """Look at an archive's files; those that are opened are unpacked into `folder`.

    Raises ExplanationError.
    """
    files = archives.files_of(archive)

    def unpacked(name: str) -> Path:
        path = folder / f"{UNPACKED}{sorted(files).index(name)}"
        if not path.exists():
            archives.unpack(archive, files[name], path)
        return path

    return _folder(tuple(sorted(files)), unpacked)


def _folder(names: tuple[str, ...], open_file: Callable[[str], Path]) -> Folder:
    if CONFIG not in names:
        return Folder(names, open_file, None, {})
    config = _json(open_file(CONFIG), CONFIG)
    processing = _json(open_file(PROCESSING), PROCESSING) if PROCESSING in names else {}
    notes = []
    if config.pop("auto_map", None) or processing.pop("auto_map", None):
        notes.append("The folder names code of its own, which is not run.")
    if not {"architecture", "model_type"} & config.keys():
        raise ExplanationError(
            "The folder's config.json names neither an architecture of timm nor a model_type of Hugging Face. Save the "
            "folder with save_pretrained() or timm.models.save_for_hf()."
        )
    return Folder(names, open_file, config, processing, tuple(notes))


def _plain_file(folder: Path, name: str) -> Path:
    path = folder / name
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        raise ExplanationError(f"{shown(name)} is a link to another file. Put the file itself into the folder.")
    if not stat.S_ISREG(mode):
        raise ExplanationError(f"{shown(name)} is no plain file.")
    return path


def _json(path: Path, name: str) -> dict[str, Any]:
    if (size := path.stat().st_size) > MAX_JSON:
        raise ExplanationError(f"{name} has {size:,} bytes; up to {MAX_JSON:,} are read.")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise ExplanationError(f"{name} is no valid JSON, or it is nested too deeply.") from error
    if not isinstance(content, dict) or _depth(content) > MAX_DEPTH:
        raise ExplanationError(f"{name} is no JSON object, or it is nested too deeply.")
    return content


def _depth(content: Any, above: int = 0) -> int:
    if above > MAX_DEPTH or not isinstance(content, (dict, list)) or not content:
        return above
    return max(_depth(value, above + 1) for value in (content.values() if isinstance(content, dict) else content))
