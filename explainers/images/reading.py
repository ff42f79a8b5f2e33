"""Decodes the bytes of a file to an upright RGB photo, and refuses files that are no picture, damaged or too large."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from explainers.errors import ExplanationError
from explainers.images.decoder import DECODER
from explainers.images.headers import MAX_BYTES, MAX_PIXELS, millions
from explainers.images.levels import LEVELS

UPRIGHT_TURNS = {  # by EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
QUARTER_TURNS = (5, 6, 7, 8)  # EXIF orientations that swap width and height


@dataclass(frozen=True)
class Reading:
    """A picture that was read from a file.

    image:      the upright photo in RGB.
    file_size:  the width and height of the upright photo, before it was scaled down.
    note:       what was done to its values and its size, in sentences; empty where nothing was.
    adjustable: whether other levels would give another picture.
    """

    image: Image.Image
    file_size: tuple[int, int]
    note: str
    adjustable: bool


def read_image(data: bytes, *, levels: str = "automatic") -> Image.Image:
    """Decode a picture file to an upright RGB photo.

    Transparent pixels are laid on white, and of an animation the first frame is taken. Where a pixel holds more than 8
    bits, `levels`, one of LEVELS, chooses the values that become black and white.

    The file is decoded in a process of its own, with bounded memory and time; callers take turns.

    Raises ExplanationError for a file that is empty, larger than MAX_BYTES, in none of FORMATS, damaged or cut short,
    or that takes too much to decode, and for a picture of more than MAX_PIXELS (which is not decoded) or with a side
    under MIN_SIDE.
    """
    return read(data, levels=levels).image


def check_length(length: int) -> None:
    """Raise ExplanationError for a file of more than MAX_BYTES bytes."""
    if length > MAX_BYTES:
        raise ExplanationError(f"The file is {millions(length)} MB large; up to {millions(MAX_BYTES)} MB are read.")


def read(data: bytes, *, levels: str = "automatic", kept_pixels: int | None = None) -> Reading:
    """Decode a picture file as `read_image` does, scaled down by a whole number to `kept_pixels` or fewer."""
    if levels not in LEVELS:
        raise ExplanationError(f"The levels must be one of {', '.join(LEVELS)}, not {levels!r}.")
    if not data:
        raise ExplanationError("The file is empty.")
    check_length(len(data))
    answer = DECODER.decode(data, levels=levels, max_pixels=MAX_PIXELS, kept_pixels=kept_pixels)
    turn = UPRIGHT_TURNS.get(answer.orientation)
    image = answer.image if turn is None else answer.image.transpose(turn)
    width, height = answer.file_size
    file_size = (height, width) if answer.orientation in QUARTER_TURNS else (width, height)
    return Reading(image, file_size, answer.note, answer.adjustable)
