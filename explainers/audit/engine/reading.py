"""Reads and decodes the pictures of a part in a thread of its own, a little ahead of what computes."""

from __future__ import annotations

import hashlib
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from explainers.audit.cases.listing import Case, LostSourceError, read
from explainers.classifiers import Classifier
from explainers.classifiers.view import Box
from explainers.errors import ExplanationError
from explainers.explainer import Seen
from explainers.images.photo import Photo


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture of an audit as the classifier sees it.

    number: in the list of cases.
    sha256: of its file; None where that can't be read.
    size:   the width and height of the upright photo.
    seen:   what the classifier sees of it; None where it can't be read. Its box is in pixels of `Photo.image`.
    scale:  pixels of the upright photo in a pixel of `Photo.image`, across and down.
    error:  why it can't be read.
    """

    number: int
    case: Case
    sha256: str | None = None
    size: tuple[int, int] | None = None
    seen: Seen | None = None
    scale: tuple[float, float] = (1.0, 1.0)
    error: str = ""

    @property
    def view(self) -> Box:
        """(left, top, right, bottom) of what the classifier sees, in pixels of the upright photo."""
        assert self.seen
        left, top, right, bottom = self.seen.box
        across, down = self.scale
        return left * across, top * down, right * across, bottom * down

    @property
    def box(self) -> Box | None:
        """The box around the object, in pixels of `Photo.image`."""
        if self.case.box is None:
            return None
        left, top, right, bottom = self.case.box
        across, down = self.scale
        return left / across, top / down, right / across, bottom / down


def open_picture(source: str | Path, case: Case, number: int, classifier: Classifier) -> Picture:
    """Read and decode a picture, with the limits that photos have everywhere.

    Raises LostSourceError where the pictures are out of reach altogether; what is wrong with this one is its `error`.
    """
    sha256 = None
    try:
        data = read(source, case)
        sha256 = hashlib.sha256(data).hexdigest()
        photo = Photo.read(case.path.rpartition("/")[2], data)
        seen = Seen.of(classifier, photo.image)
    except LostSourceError:
        raise
    except ExplanationError as error:
        return Picture(number, case, sha256, error=str(error))
    assert seen.photo_size
    width, height = photo.size or seen.photo_size
    scale = width / seen.photo_size[0], height / seen.photo_size[1]
    return Picture(number, case, sha256, (width, height), seen, scale)


@contextmanager
def read_ahead(
    source: str | Path, cases: Sequence[Case], numbers: Sequence[int], classifier: Classifier, ahead: int
) -> Iterator[Iterator[Picture]]:
    """Hand out the pictures of these numbers in their order, of which up to `ahead` are decoded before they are asked.

    An error that ends the reading is raised when its picture is asked for. The thread ends with the block.
    """
    read_pictures: queue.Queue[Picture | BaseException] = queue.Queue(ahead)
    stopped = threading.Event()

    def put(item: Picture | BaseException) -> None:
        while not stopped.is_set():
            with suppress(queue.Full):
                read_pictures.put(item, timeout=0.1)
                break

    def work() -> None:
        try:
            for number in numbers:
                if stopped.is_set():
                    return
                put(open_picture(source, cases[number], number, classifier))
        except BaseException as error:
            put(error)

    def pictures() -> Iterator[Picture]:
        for _ in numbers:
            item = read_pictures.get()
            if isinstance(item, BaseException):
                raise item
            yield item

    thread = threading.Thread(target=work, name="whypixel pictures", daemon=True)
    thread.start()
    try:
        yield pictures()
    finally:
        stopped.set()
        thread.join()
