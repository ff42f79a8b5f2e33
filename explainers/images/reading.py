"""From the bytes of a file to an upright RGB photo, refusing what is no picture, damaged or too large."""

from __future__ import annotations

import math
import re
from io import BytesIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile

from explainers.errors import ExplanationError

FORMATS = ("JPEG", "PNG", "WebP", "BMP", "GIF", "TIFF", "AVIF")  # what phones write as MPO opens as JPEG
MAX_BYTES = 20 * 10**6
MAX_PIXELS = 50 * 10**6
MIN_SIDE = 8

TURNS = {  # EXIF orientation -> what makes the picture upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(data: bytes) -> Image.Image:
    """The photo in a picture file, upright and RGB: transparency on white, 16 bits scaled to 8, an animation's start.

    Raises ExplanationError for an empty file, one above MAX_BYTES, one that is not of FORMATS, is damaged or cut short,
    and for a picture above MAX_PIXELS (which is not decoded) or with a side under MIN_SIDE.
    """
    if not data:
        raise ExplanationError("The file is empty.")
    if len(data) > MAX_BYTES:
        raise ExplanationError(
            f"The file is {_millions(len(data))} MB large; up to {_millions(MAX_BYTES)} MB are read."
        )
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as file:  # reads the header only
            _check_size(file)
            return _decoded(file)
    except ExplanationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Pillow's own limit lies above ours, but it looks first. The warning is an error where warnings are.
        pixels = re.search(r"\d+", str(error))  # only the message holds them
        raise _too_large(_millions(int(pixels[0])) if pixels else "far too many") from error
    except Exception as error:  # on damaged bytes a decoder may raise anything
        if isinstance(error, UnidentifiedImageError) and not _begins_well(data):
            formats = f"{', '.join(FORMATS[:-1])} and {FORMATS[-1]}"
            raise ExplanationError(f"This file is not a picture that can be read; {formats} files can.") from error
        raise ExplanationError(
            "The picture cannot be read: its file is damaged, cut short or of an unusual kind."
        ) from error


def _begins_well(data: bytes) -> bool:
    """Whether the first bytes are those of FORMATS: Pillow calls a file damaged soon after them unidentified, too."""
    accepts = [Image.OPEN[name.upper()][1] for name in FORMATS]
    return any(accept and accept(data[:16]) for accept in accepts)


def _check_size(file: Image.Image) -> None:
    width, height = file.size
    pixels = width * height
    if isinstance(file, TiffImageFile):  # its tiles are decoded whole, and may claim to be larger than the picture
        pixels = max(pixels, math.prod(int(file.tag_v2.get(tag, 0)) for tag in (TILEWIDTH, TILELENGTH)))
    if pixels > MAX_PIXELS:
        raise _too_large(_millions(pixels))
    if min(width, height) < MIN_SIDE:
        raise ExplanationError(f"The picture is {width} by {height} pixels; each side must have at least {MIN_SIDE}.")


def _too_large(megapixels: str) -> ExplanationError:
    return ExplanationError(
        f"The picture has {megapixels} megapixels; up to {_millions(MAX_PIXELS)} are read. Please scale it down."
    )


def _millions(count: int) -> str:
    """Rounded up to tenths, so that what is just above a limit does not read as the limit itself."""
    return f"{math.ceil(count / 10**5) / 10:,.15g}"


def _decoded(file: Image.Image) -> Image.Image:
    file.load()
    turn = _turn(file)  # after loading: a TIFF turns itself then, and forgets its orientation
    photo = _rgb(file)
    photo.info.clear()  # what the file said of itself (orientation, transparency) is no longer so
    return photo if turn is None else photo.transpose(turn)


def _turn(file: Image.Image) -> Image.Transpose | None:
    try:
        return TURNS.get(file.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a broken EXIF block is no reason to lose a good picture
        return None


def _rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "F" or picture.mode.startswith("I"):
        picture = _grey(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def _grey(picture: Image.Image) -> Image.Image:
    """A picture of more than 8 bits or of fractions, scaled to 8 bits.

    Whole numbers count from 0 to 65535. For fractions no range is agreed on: theirs is 1, 255 or 65535, whichever is
    the first that holds them all. Where even 65535 is too little, the brightest pixel becomes white.
    """
    values = np.nan_to_num(np.array(picture, np.float32), copy=False, posinf=0, neginf=0)
    peak = float(values.max())
    white = next((top for top in ((1, 255, 65535) if picture.mode == "F" else (65535,)) if peak <= top), peak)
    if (clear := picture.info.get("transparency")) is not None:  # in a PNG, the one value that is transparent
        values[values == clear] = white
    return Image.fromarray((values.clip(0) * (255 / white)).round().astype(np.uint8))
