"""Pictures that a program has, as samples of the strip."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

from PIL import Image

from explainers.errors import ExplanationError
from explainers.images.encoding import encode
from explainers.images.reading import read_image
from explainers.images.samples import Sample, given_sample

Picture = Image.Image | str | PathLike[str]


def as_samples(images: Mapping[str, Picture] | Iterable[Picture] | None) -> list[Sample]:
    """Return pictures as samples of the strip. Raises ExplanationError for one that can't be read."""
    if isinstance(images, (Image.Image, str, PathLike)):
        images = [images]
    if isinstance(images, Mapping):
        return [given_sample(str(title), _content(picture)) for title, picture in images.items()]
    return [
        given_sample(Path(picture).stem if isinstance(picture, (str, PathLike)) else f"Picture {number}", content)
        for number, picture in enumerate(images or (), 1)
        for content in [_content(picture)]
    ]


def _content(picture: Picture) -> bytes:
    """Return the bytes of a picture's file, which is a PNG for one in memory. Raises ExplanationError."""
    if isinstance(picture, Image.Image):
        return encode(picture if picture.mode in ("L", "RGB", "RGBA", "I;16") else picture.convert("RGB"))
    if not isinstance(picture, (str, PathLike)):
        raise ExplanationError(f"A picture must be a PIL image or a path, not a {type(picture).__name__}.")
    try:
        content = Path(picture).read_bytes()
    except OSError as error:
        raise ExplanationError(f"{Path(picture)} can't be read: {error.strerror or error}.") from error
    read_image(content)  # so that a file that is no picture is refused here, and not on the page
    return content
