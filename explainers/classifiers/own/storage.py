"""Where people's files lie while their sessions last: private folders, with a budget for each session and for all.

The folders of a server that was killed are removed when the next one starts.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from explainers.classifiers.own.reading import OwnFile, read_own
from explainers.classifiers.own.refusals import SAVE, megabytes
from explainers.errors import ExplanationError

UPLOADS_VARIABLE = "WHYPIXEL_UPLOADS"  # "off": people can't give files of their own
PREFIX = "whypixel-"  # of a server's folder, before the number of its process and what tells it from others
MAX_FILE = 400 * 10**6  # bytes of an uploaded file: enough for a ViT-B in float32
SLACK = 10**8  # of what is kept of a file, beyond a quarter more than it has
MAX_SESSION = 10**9
MAX_ALL = 4 * 10**9


def uploads_allowed() -> bool:
    """Return whether the server's owner lets people give files of their own."""
    return os.environ.get(UPLOADS_VARIABLE, "").strip().lower() not in ("off", "0", "no", "false")


class Storage:
    """The files that people gave, by session, each in a folder of its own that only this user can read.

    parent: where the server's folder is made when the first file comes; None: among the system's temporary files.
    """

    def __init__(self, parent: Path | None = None) -> None:
        self._parent = parent or Path(tempfile.gettempdir())
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._taken: dict[Path, tuple[str, int]] = {}  # of a file's folder: its session, and the bytes it may take

    def keep(self, path: Path, name: str, session: str) -> OwnFile:
        """Read a file, and keep its weights until it is discarded or its session ends.

        path:    of the uploaded file, which is read and not changed.
        name:    as its owner calls it.
        session: whose file it is.

        Raises ExplanationError for a file that isn't read, for a full budget and where uploads are off.
        """
        if not uploads_allowed():
            raise ExplanationError(
                "This server takes no files: its owner switched uploads off. On a computer of your own, they are on."
            )
        size = path.stat().st_size
        if size > MAX_FILE:
            raise ExplanationError(
                f"The file has {megabytes(size)}; up to {megabytes(MAX_FILE)} are taken. A training file also holds "
                f"what its optimiser needs. Save the weights alone: {SAVE}"
            )
        room = min(size * 5 // 4 + SLACK, MAX_FILE)  # an archive may unpack to more than it has
        with self._reserved(session, room) as folder:
            file = read_own(path, name, folder, room)
            with self._lock:
                if folder not in self._taken:
                    raise ExplanationError("The visit that the file belongs to has ended.")
                self._taken[folder] = session, sum(part.stat().st_size for part in folder.iterdir())
            return file

    def discard(self, file: OwnFile) -> None:
        """Remove what is kept of a file."""
        with self._lock:
            self._taken.pop(file.folder, None)
        shutil.rmtree(file.folder, ignore_errors=True)

    def end_session(self, session: str) -> None:
        """Remove what is kept for a session."""
        with self._lock:
            folders = [folder for folder, (owner, _) in self._taken.items() if owner == session]
            for folder in folders:
                del self._taken[folder]
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)

    def taken(self, session: str | None = None) -> int:
        """Return how many bytes are taken by a session, or by all."""
        with self._lock:
            return sum(size for owner, size in self._taken.values() if session in (None, owner))

    def close(self) -> None:
        """Remove everything."""
        with self._lock:
            folder, self._folder = self._folder, None
            self._taken.clear()
        if folder:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def _reserved(self, session: str, room: int) -> Iterator[Path]:
        """Make a folder for a file that needs so much room; it is removed if the file isn't read.

        Raises ExplanationError.
        """
        with self._lock:
            own = sum(size for owner, size in self._taken.values() if owner == session)
            if own + room > MAX_SESSION:
                raise ExplanationError(
                    f"Your files take {megabytes(own)} of the {megabytes(MAX_SESSION)} that a visitor may have; a new "
                    f"one may need {megabytes(room)}. Remove one of them first."
                )
            if sum(size for _, size in self._taken.values()) + room > MAX_ALL:
                raise ExplanationError(
                    f"The files of all visitors take up the {megabytes(MAX_ALL)} that this server has for them. "
                    "Please try again later."
                )
            if self._folder is None:
                remove_leftovers(self._parent)
                self._folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=self._parent))
            folder = Path(tempfile.mkdtemp(dir=self._folder))
            self._taken[folder] = session, room
        try:
            yield folder
        except BaseException:
            with self._lock:
                self._taken.pop(folder, None)
            shutil.rmtree(folder, ignore_errors=True)
            raise


def remove_leftovers(parent: Path) -> None:
    """Remove the folders of servers that have ended without doing so.

    Only this user's own folders go, and only those whose process is gone.
    """
    for folder in parent.glob(f"{PREFIX}*-*"):
        number = folder.name.removeprefix(PREFIX).partition("-")[0]
        with suppress(OSError, ValueError):
            status = folder.lstat()
            is_own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
            if is_own and folder.is_dir() and not folder.is_symlink() and not _runs(int(number)):
                shutil.rmtree(folder, ignore_errors=True)


def _runs(pid: int) -> bool:
    """Whether there is a process of this number. (It may be another one by now; then its folder stays for longer.)"""
    if os.name != "posix":  # where asking so would end it
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


STORAGE = Storage()
