"""Decodes the bytes of a file to an upright RGB photo, and refuses files that are no picture, damaged or too large."""

from __future__ import annotations

import math
import re
from io import BytesIO

import numpy as np
from PIL import ExifTags, Image, UnidentifiedImageError
from PIL.TiffImagePlugin import TILELENGTH, TILEWIDTH, TiffImageFile

from explainers.errors import ExplanationError

FORMATS = ("JPEG", "PNG", "WebP", "BMP", "GIF", "TIFF", "AVIF")  # the MPO files of phones open as JPEG
MAX_BYTES = 20 * 10**6
MAX_PIXELS = 50 * 10**6
MIN_SIDE = 8

UPRIGHT_TURNS = {  # by EXIF orientation
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(data: bytes) -> Image.Image:
    """Decode a picture file to an upright RGB photo.

    Transparent pixels are laid on white, 16 bits are scaled to 8, and of an animation the first frame is taken.

    Raises ExplanationError for a file that is empty, larger than MAX_BYTES, in none of FORMATS, damaged or cut short,
    and for a picture of more than MAX_PIXELS (which is not decoded) or with a side under MIN_SIDE.
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
            return _decode(file)
    except ExplanationError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        # Pillow's own limit is higher than ours, but is checked first. Its warning is raised where warnings are errors.
        pixels = re.search(r"\d+", str(error))  # the error has the number in its message only
        raise _too_large(_millions(int(pixels[0])) if pixels else "far too many") from error
    except Exception as error:  # decoders raise errors of any kind on damaged bytes
        if isinstance(error, UnidentifiedImageError) and not _has_known_signature(data):
            formats = f"{', '.join(FORMATS[:-1])} and {FORMATS[-1]}"
            raise ExplanationError(f"This file is not a picture that can be read; {formats} files can.") from error
        raise ExplanationError(
            "The picture cannot be read: its file is damaged, cut short or of an unusual kind."
        ) from error


def _has_known_signature(data: bytes) -> bool:
    """Return whether the first bytes are the signature of one of FORMATS.

    Pillow also raises UnidentifiedImageError for a file of these formats that is damaged soon after its signature.
    """
    accepts = [Image.OPEN[name.upper()][1] for name in FORMATS]
    return any(accept and accept(data[:16]) for accept in accepts)


def _check_size(file: Image.Image) -> None:
    width, height = file.size
    pixels = width * height
    if isinstance(file, TiffImageFile):  # tiles are decoded whole, and may be larger than the picture
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
    """Write a number in millions, rounded up to tenths, so that one just above a limit does not read as the limit."""
    return f"{math.ceil(count / 10**5) / 10:,.15g}"


def _decode(file: Image.Image) -> Image.Image:
    file.load()
    turn = _turn(file)  # after loading, because that turns a TIFF and removes its orientation
    photo = _to_rgb(file)
    photo.info.clear()  # orientation, transparency and so on no longer apply
    return photo if turn is None else photo.transpose(turn)


def _turn(file: Image.Image) -> Image.Transpose | None:
    try:
        return UPRIGHT_TURNS.get(file.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a broken EXIF block is no reason to refuse a good picture
        return None


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "F" or picture.mode.startswith("I"):
        picture = _to_grey(picture)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def _to_grey(picture: Image.Image) -> Image.Image:
    """Scale a picture of integers above 8 bits, or of floating point numbers, to 8 bits.

    Integers range from 0 to 65535. For floating point numbers there is no convention: their maximum is taken to be 1,
    255 or 65535, the first of these that no pixel exceeds. If a pixel exceeds 65535, the brightest one becomes white.
    """
    values = np.nan_to_num(np.array(picture, np.float32), copy=False, posinf=0, neginf=0)
    peak = float(values.max())
    white = next(
        (maximum for maximum in ((1, 255, 65535) if picture.mode == "F" else (65535,)) if peak <= maximum), peak
    )
    if (transparent := picture.info.get("transparency")) is not None:  # the one transparent value of a PNG
        values[values == transparent] = white
    return Image.fromarray((values.clip(0) * (255 / white)).round().astype(np.uint8))
