"""The files of a zip archive, which isn't unpacked: each is read when it is its turn."""

from __future__ import annotations

import os
import sys
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import ExitStack
from functools import lru_cache
from pathlib import Path

from explainers.audit.cases.files import MISSING, OUTSIDE, Files, check_most, is_hidden, leads_out
from explainers.classifiers.own import archives
from explainers.errors import ExplanationError
from explainers.images.headers import MAX_BYTES

MAX_ENTRIES, MAX_DIRECTORY = 500_000, 100 * 10**6  # files, and bytes of their list, which is held in memory


class ZipFiles(Files):
    """The files of a zip archive. It stays open as long as this lives."""

    def __init__(self, root: Path) -> None:
        self.root, self._stack = Path(os.path.realpath(root)), ExitStack()
        try:
            self._archive = self._stack.enter_context(
                archives.opened(self.root, sys.maxsize, max_entries=MAX_ENTRIES, max_directory=MAX_DIRECTORY)
            )
        except OSError as error:
            raise ExplanationError(f"{root} could not be read: {error.strerror or error}.") from error

    def sizes(self) -> tuple[Mapping[str, int], list[str]]:
        entries = (each for each in self._archive.infolist() if not each.is_dir())
        shown = (each for each in entries if not any(map(is_hidden, each.filename.split("/"))))
        return {each.filename: each.file_size for each in shown}, []

    def size(self, name: str) -> int | None:
        entry = self._archive.NameToInfo.get(name)
        return None if entry is None else entry.file_size

    def read(self, name: str, most: int = MAX_BYTES) -> bytes:
        if leads_out(name):
            raise ExplanationError(OUTSIDE)
        entry = self._archive.NameToInfo.get(name)
        if entry is None or entry.is_dir():
            raise ExplanationError(MISSING)
        check_most(entry.file_size, most)
        try:
            return archives.content(self._archive, entry, most)
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error) as error:
            raise ExplanationError("The file is damaged in its zip archive.") from error


def zip_files(path: Path) -> ZipFiles:
    """Return the files of a zip archive as it is now; its list is read once in a process.

    Raises ExplanationError for one that is damaged, encrypted, too large or strange.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise ExplanationError(f"{path} could not be read: {error.strerror or error}.") from error
    # A process that was forked would share the place in the file with the one above it.
    return _opened(path, status.st_mtime_ns, status.st_size, os.getpid())


@lru_cache(maxsize=2)
def _opened(path: Path, changed: int, size: int, process: int) -> ZipFiles:
    """Open an archive as it was when it changed last."""
    return ZipFiles(path)
