"""The folder of a run: what lies in it, how that is written, and who may write it."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from explainers.errors import ExplanationError

MANIFEST, CASES, PARTS, LOCK = "manifest.json", "cases.parquet", "parts", "lock"
UNFINISHED = ".writing-"  # what the names of files begin with that aren't whole yet


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is there as a whole or not at all, whatever ends the program. Raises OSError."""
    beside = path.with_name(f"{UNFINISHED}{secrets.token_hex(8)}")
    try:
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def unwritable(folder: Path, error: OSError) -> ExplanationError:
    """Say why a run could not be written."""
    return ExplanationError(f"{folder} could not be written: {error.strerror or error}.")


def remove(folder: Path, files: Sequence[Path]) -> None:
    """Remove files of a run. Raises ExplanationError where they can't be removed."""
    try:
        for file in files:
            file.unlink(missing_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def names_in(folder: Path) -> set[str]:
    """Return the names in a folder of a run, but for what isn't finished; none if there is no folder.

    Raises ExplanationError where it can't be read.
    """
    try:
        return {name for name in os.listdir(folder) if not name.startswith(UNFINISHED)}
    except FileNotFoundError:
        return set()
    except OSError as error:
        raise ExplanationError(f"{folder} could not be read: {error.strerror or error}.") from error


def check_place(folder: Path) -> None:
    """Raise ExplanationError for a folder with other things in it than a run."""
    names = names_in(folder)
    # Whoever is killed while it makes a run leaves a list of pictures, and no part.
    if MANIFEST not in names and (names - {CASES, PARTS, LOCK} or names_in(folder / PARTS)):
        raise ExplanationError(f"{folder} isn't empty, and holds no audit. Give this one a folder of its own.")


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Make the folder of a run, and keep other processes from computing the run at the same time.

    Two that did would write the same rows, each with all of the work. The lock ends with the process, however that
    ends, and its children don't hold it. On a system or a disk without locks, nothing is locked.

    Raises ExplanationError where another process computes the run, and where the folder can't be written or is another.
    """
    check_place(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise unwritable(folder, error) from error
    try:
        _lock(file, folder)
        yield
    finally:
        os.close(file)


def _lock(file: int, folder: Path) -> None:
    try:
        import fcntl
    except ImportError:  # on Windows
        return
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN):
            raise ExplanationError(f"Another process is computing the audit in {folder} already.") from error
