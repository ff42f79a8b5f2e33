"""A file that a visitor drops: written to the server's disk at once, and read there for as long as the visit lasts."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from explainers.classifiers.own.reading import OwnFile
from explainers.classifiers.own.recognition import Recognition, recognise
from explainers.classifiers.own.storage import MAX_FILE, PREFIX, STORAGE
from explainers.errors import ExplanationError
from pages.shared.visits import VISITS

MAX_MEGABYTES = MAX_FILE // 10**6  # as server.maxUploadSize
CHUNK = 2**20
FAILED = "It could not be read because of a fault of Whypixel's own, which is in the server's log."
_UNREAD: dict[str, list[Upload]] = {}


@dataclass(eq=False)
class Upload:
    """A dropped file.

    number:      which of the visit's files this is.
    name:        as its owner calls it.
    path:        where it lies until it is read.
    file:        what it was read as; None before.
    recognition: which architectures it may be of; None for a folder that says it.
    refusal:     why it wasn't read; empty if it was.
    abandoned:   whether its visit has ended.
    """

    number: int
    name: str
    path: Path
    visit: str
    file: OwnFile | None = None
    recognition: Recognition | None = None
    refusal: str = ""
    abandoned: bool = False
    is_being_read: bool = False

    @classmethod
    def receive(cls, stream: BinaryIO, name: str, number: int, visit: str) -> Upload:
        """Write a file to a private folder, a part at a time: it may be hundreds of megabytes large."""
        folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))  # which the next server removes
        path = folder / "upload"
        with path.open("xb") as file:
            shutil.copyfileobj(stream, file, CHUNK)
        upload = cls(number, name, path, visit)
        _UNREAD.setdefault(visit, []).append(upload)
        return upload

    def read(self) -> None:
        """Read the file, and recognise its architecture; set `refusal` where that fails."""
        self.is_being_read, self.refusal = True, FAILED
        try:
            file = STORAGE.keep(self.path, self.name, self.visit)
            if file.kind != "Hugging Face folder":
                self.recognition = recognise(file.shapes, file.facts.architecture)
                if not self.recognition.candidates:
                    STORAGE.discard(file)
                    raise ExplanationError(self.recognition.sentence)
            self.file, self.refusal = file, ""
        except ExplanationError as error:
            self.refusal = str(error)
        finally:
            self.remove()
        if self.abandoned:  # its visitor left meanwhile
            self.discard()

    @property
    def is_read(self) -> bool:
        return self.file is not None or bool(self.refusal)

    def discard(self) -> None:
        """Remove all that is kept of the file."""
        self.remove()
        if self.file:
            STORAGE.discard(self.file)

    def remove(self) -> None:
        """Remove the file as it came."""
        shutil.rmtree(self.path.parent, ignore_errors=True)
        waiting = _UNREAD.get(self.visit, [])
        if self in waiting:
            waiting.remove(self)


def end_visit(visit: str) -> None:
    """Remove what a visit has brought."""
    for upload in _UNREAD.pop(visit, []):
        upload.abandoned = True
        if not upload.is_being_read:
            upload.remove()
    STORAGE.end_session(visit)


def _close() -> None:
    for visit in list(_UNREAD):
        end_visit(visit)
    STORAGE.close()


VISITS.when_ended(end_visit)
atexit.register(_close)
