"""Reads a classifier's file, or a folder's, in a process of its own with limits, and checks what that process says."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from explainers import processes
from explainers.classifiers.own.facts import FileFacts
from explainers.classifiers.own.folders import UNPACKED
from explainers.classifiers.own.header import read_header
from explainers.classifiers.own.refusals import SAVE, listed, megabytes, shown
from explainers.errors import ExplanationError

FileKind = Literal[
    "state_dict", "safetensors", "timm checkpoint", "Lightning checkpoint", "timm folder", "Hugging Face folder"
]
WEIGHTS = "weights.safetensors"
PROGRAM = processes.program("explainers.classifiers.own.extraction")
MAX_BYTES = 2 * 10**9  # of a file or of its weights, wherever they come from; uploads have a lower limit
MAX_SECONDS = 120.0  # until a process that stands still is ended; the limit of the processor's time is in `extraction`
MAX_ANSWER = 16 * 10**6  # bytes
MAX_NOTES, MAX_NOTE, MAX_NAME = 60, 1000, 200
AT_ONCE = threading.BoundedSemaphore(2)  # files that are read at the same time; the others wait
CHUNK = 2**20
DAMAGED = f"The file can't be read: it is damaged or of an unusual kind. Save the weights again: {SAVE}"
TOO_LONG = f"The file can't be read: that takes too long. Save the weights alone: {SAVE}"


@dataclass(frozen=True)
class OwnFile:
    """A classifier's file as it was read.

    name:    the file's name, a stranger's text.
    folder:  private, holds all that is kept of it.
    weights: plain, contiguous tensors by cleaned names, in `folder`.
    shapes:  of these tensors.
    notes:   what was unwrapped, left out or ignored, in sentences.
    facts:   what the file itself says of its classifier.
    bytes:   of the file or the folder.
    digest:  SHA-256 of the file's content, or of the contents of a folder's files.
    """

    name: str
    kind: FileKind
    folder: Path
    weights: Path
    shapes: Mapping[str, tuple[int, ...]]
    notes: tuple[str, ...]
    facts: FileFacts
    bytes: int
    digest: str


def read_own(path: Path, name: str, folder: Path, max_bytes: int = MAX_BYTES) -> OwnFile:
    """Read a file with a classifier's weights, the zip archive of a folder, or a folder.

    name:      the file's name, as its owner calls it.
    folder:    an empty private folder; what is kept of the file is written there.
    max_bytes: of the file, and of its weights.

    Raises ExplanationError for whatever isn't read, with a sentence that says what to do.
    """
    path = path.resolve()
    size = _size(path, max_bytes)
    request = {"path": str(path), "name": name[:MAX_NAME], "folder": str(folder), "max_bytes": max_bytes, "size": size}
    try:
        with AT_ONCE:
            answer = _ask(request)
        return OwnFile(
            name=shown(name),
            folder=folder,
            weights=folder / WEIGHTS,
            bytes=size,
            digest=_digest(path),
            **_checked(answer, folder / WEIGHTS),
        )
    except BaseException:
        _remove(folder.glob("*"))
        raise
    finally:
        _remove(folder.glob(f"{UNPACKED}*"))


def _remove(files: Iterable[Path]) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def _size(path: Path, max_bytes: int) -> int:
    """Return how many bytes a file or a folder's files have.

    Raises ExplanationError.
    """
    try:
        size = sum(file.lstat().st_size for file in _files(path))
    except OSError as error:
        raise ExplanationError(f"{shown(path.name)} can't be read: {error.strerror}.") from error
    if size > max_bytes:
        raise ExplanationError(
            f"The file has {megabytes(size)}; up to {megabytes(max_bytes)} are read. Save the weights alone: {SAVE}"
        )
    return size


def _files(path: Path) -> list[Path]:
    """Return a file itself, or the plain files directly in a folder, in order."""
    if path.is_dir():
        return sorted(file for file in path.iterdir() if stat.S_ISREG(file.lstat().st_mode))
    if not stat.S_ISREG(path.lstat().st_mode):
        raise ExplanationError(f"{shown(path.name)} is no plain file.")
    return [path]


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    for file in _files(path):
        if path.is_dir():
            digest.update(f"{file.name}\0{file.lstat().st_size}\0".encode("utf-8", "surrogateescape"))
        with open(file, "rb", opener=_open_plain) as stream:
            while part := stream.read(CHUNK):
                digest.update(part)
    return digest.hexdigest()


def _open_plain(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))


def _ask(request: dict[str, Any]) -> dict[str, Any]:
    """Let a process of its own read the file, and return what it answers.

    Raises ExplanationError for a refusal, and RuntimeError for a bug.
    """
    process = processes.start(PROGRAM)
    timer = threading.Timer(MAX_SECONDS, process.kill)
    timer.start()
    try:
        assert process.stdin
        assert process.stdout
        with suppress(BrokenPipeError):  # it ended at once; its exit status says why
            process.stdin.write(json.dumps(request).encode() + b"\n")
        text = bytearray()
        while len(text) <= MAX_ANSWER and (part := process.stdout.read(CHUNK)):
            text += part
        if len(text) > MAX_ANSWER:
            raise ExplanationError(DAMAGED)
        code = process.wait()
    finally:
        timer.cancel()
        processes.end(process)
    if code < 0:
        raise ExplanationError(TOO_LONG if processes.took_too_long(code) else DAMAGED)
    if code > 0:
        raise RuntimeError(f"the process that reads files ended with {code}")
    with _doubting():
        answer: dict[str, Any] = json.loads(bytes(text))
        if "bug" in answer:
            raise RuntimeError(f"in the process that reads files:\n{answer['bug']}")
        if "refusal" in answer:
            raise ExplanationError(str(answer["refusal"])[:MAX_NOTE])
    return answer


@contextmanager
def _doubting() -> Iterator[None]:
    """Take an answer that isn't as agreed for that of a damaged file."""
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError, OSError) as error:
        raise ExplanationError(DAMAGED) from error


def _checked(answer: dict[str, Any], weights: Path) -> dict[str, Any]:
    """Check what the process says it found; its weights file speaks for itself.

    Raises ExplanationError.
    """
    with _doubting():
        with open(weights, "rb", opener=_open_plain) as file:
            header = read_header(file, os.fstat(file.fileno()).st_size)
        kind, names = answer["kind"], answer["names"]
        if kind not in get_args(FileKind) or sorted(names) != sorted(header):  # they are in the file's own order
            raise ValueError
        notes = [note[:MAX_NOTE] for note in answer["notes"][:MAX_NOTES] if note.isprintable()]
        not_finite = [name for name in answer["not_finite"] if name in header]
        facts = FileFacts.checked(answer["facts"])
    if not_finite:
        notes.append(
            f"{len(not_finite):,} of {len(header):,} tensors hold NaN or infinity ({listed(not_finite)}), so the "
            "network's answers may be no numbers."
        )
    return {
        "kind": kind,
        "shapes": {name: header[name].shape for name in names},
        "notes": tuple(notes),
        "facts": facts,
    }
