"""The files that an audit's pictures lie in: those of a folder, or of a zip archive, which isn't unpacked.

What a file is called is a stranger's text, and so is a table of paths: nothing above the folder is ever read, by no
"..", no absolute path and no link.
"""

from __future__ import annotations

import os
import posixpath
import stat
from collections.abc import Mapping
from pathlib import Path

from explainers.classifiers.own.refusals import listed, megabytes
from explainers.errors import ExplanationError
from explainers.images.headers import MAX_BYTES
from explainers.images.reading import check_length
from explainers.numbers import counted

MISSING = "There is no such file."
OUTSIDE = "It lies outside the folder of the pictures, and isn't read."
IGNORED = "__MACOSX"


class Files:
    """Files by their names, which are paths from the top with "/" between folders.

    root: the folder or the zip archive that they are in.
    """

    root: Path

    def sizes(self) -> tuple[Mapping[str, int], list[str]]:
        """Return the bytes of each file that isn't hidden, and what was left out, in sentences."""
        raise NotImplementedError

    def size(self, name: str) -> int | None:
        """Return the bytes of a file; None if there is none."""
        raise NotImplementedError

    def read(self, name: str, most: int = MAX_BYTES) -> bytes:
        """Return what is in a file of up to so many bytes. Raises ExplanationError where that can't be had."""
        raise NotImplementedError

    def name(self, path: str, folder: str = "") -> str:
        """Return the name of the file that a table in one of the folders means by a path."""
        return posixpath.normpath(posixpath.join(folder, path.replace("\\", "/")))


class FolderFiles(Files):
    """The files of a folder and of all folders below it."""

    def __init__(self, root: Path) -> None:
        self.given, self.root = os.path.abspath(root), Path(os.path.realpath(root))

    def sizes(self) -> tuple[Mapping[str, int], list[str]]:
        sizes: dict[str, int] = {}
        unnamed, links, closed, folders = 0, list[str](), list[str](), [""]
        while folders:
            folder = folders.pop()
            try:
                with os.scandir(self.root / folder) as scanned:
                    entries = [entry for entry in scanned if not is_hidden(entry.name)]
            except OSError as error:
                if not folder:
                    raise ExplanationError(f"{self.root} could not be read: {error.strerror or error}.") from error
                closed.append(f"{folder} ({error.strerror or error})")
                continue
            for entry in entries:
                name = folder + entry.name
                if not is_text(entry.name):
                    unnamed += 1
                elif entry.is_dir(follow_symlinks=False):
                    folders.append(f"{name}/")
                elif (size := _size(entry)) is not None:
                    sizes[name] = size
                elif entry.is_symlink():
                    links.append(name)
        notes = []
        if unnamed:
            notes.append(
                f"{counted(unnamed, 'file or folder', 'files or folders')} with names that aren't UTF-8 left out."
            )
        if links:
            notes.append(f"Links to folders aren't followed: {listed(sorted(links))}.")
        if closed:
            notes.append(f"Not all folders could be read: {listed(sorted(closed))}.")
        return sizes, notes

    def size(self, name: str) -> int | None:
        try:
            return None if leads_out(name) else os.stat(self.root / name).st_size
        except (OSError, ValueError):
            return None

    def read(self, name: str, most: int = MAX_BYTES) -> bytes:
        if leads_out(name):
            raise ExplanationError(OUTSIDE)
        try:
            path = (self.root / name).resolve(strict=True)
            if not path.is_relative_to(self.root):
                raise ExplanationError("It is a link that leads out of the folder of the pictures, and isn't followed.")
            if not path.is_file():  # to open a pipe would take until somebody writes into it
                raise ExplanationError("It is no plain file.")
            check_most(path.stat().st_size, most)
            with path.open("rb") as file:
                return file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise ExplanationError(MISSING) from error
        except (OSError, ValueError, RuntimeError) as error:  # no right to read it, no name at all, a link to itself
            reason = error.strerror if isinstance(error, OSError) else None
            raise ExplanationError(f"The file could not be read: {reason or error}.") from error

    def name(self, path: str, folder: str = "") -> str:
        name = super().name(path, folder)
        return name.removeprefix(f"{self.root}/").removeprefix(f"{self.given}/")


def check_most(length: int, most: int) -> None:
    """Raise ExplanationError for a file of more bytes than are read."""
    if most == MAX_BYTES:
        check_length(length)
    elif length > most:
        raise ExplanationError(f"The file has {megabytes(length)}; up to {megabytes(most)} are read.")


def leads_out(name: str) -> bool:
    """Return whether a name is that of a file outside."""
    return name == ".." or name.startswith(("/", "../"))


def is_hidden(name: str) -> bool:
    """Return whether what is called so is none of somebody's data."""
    return name.startswith(".") or name == IGNORED


def is_text(name: str) -> bool:
    """Return whether a name is UTF-8, as all texts of a run are."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _size(entry: os.DirEntry[str]) -> int | None:
    """Return the bytes of a file, 0 where it is a link that leads nowhere; None for what isn't a file."""
    try:
        mode = entry.stat().st_mode
    except OSError:  # it has gone, or the link has no end
        return 0
    return entry.stat().st_size if stat.S_ISREG(mode) else None
