"""Reads and decodes the pictures of a part in a thread of its own, a little ahead of what computes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from explainers.audit.cases.listing import Case, LostSourceError, read
from explainers.classifiers import Classifier
from explainers.classifiers.view import Box
from explainers.errors import ExplanationError
from explainers.explainer import Seen
from explainers.images.photo import Photo
from explainers.runtime.ahead import done_ahead


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


def read_ahead(
    source: str | Path, cases: Sequence[Case], numbers: Sequence[int], classifier: Classifier, ahead: int
) -> AbstractContextManager[Iterator[Picture]]:
    """Hand out the pictures of these numbers in their order; up to `ahead` are decoded before they are asked for.

    An error that ends the reading is raised when its picture is asked for. The thread ends with the block.
    """
    return done_ahead(
        numbers, lambda number: open_picture(source, cases[number], number, classifier), ahead, name="whypixel pictures"
    )
