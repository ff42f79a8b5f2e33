"""Judges a picture by what its file says of itself, before memory is taken for its pixels."""

from __future__ import annotations

import math
from contextlib import suppress
from io import BytesIO

from PIL import Image, UnidentifiedImageError
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.TiffImagePlugin import (
    SAMPLESPERPIXEL,
    STRIPOFFSETS,
    TILELENGTH,
    TILEOFFSETS,
    TILEWIDTH,
    ImageFileDirectory_v2,
    TiffImageFile,
)

from explainers.errors import ExplanationError

FORMATS = ("JPEG", "PNG", "WebP", "BMP", "GIF", "TIFF", "AVIF", "HEIF")  # the MPO files of phones open as JPEG
FORMAT_NAMES = (*FORMATS[:-1], "HEIC")  # as people know them
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif", ".heic", ".heif")
MAX_BYTES = 20 * 10**6
MAX_PIXELS = 50 * 10**6
MAX_WEBP_PIXELS = 35 * 10**6  # its decoder takes 16 bytes for each
MAX_PARTS = 2**16  # strips or tiles of a TIFF file
MAX_SCANS = 100  # of a JPEG file; progressive ones have about ten
MIN_SIDE = 8
START_OF_SCAN = b"\xff\xda"  # what is coded in a scan never has these bytes
DAMAGED = "The picture cannot be read: its file is damaged, cut short or of an unusual kind."


def open_picture(data: bytes, max_pixels: int) -> ImageFile:
    """Open a file that is small enough, without decoding it.

    Raises ExplanationError for a picture of too many pixels or parts or with too short a side and, for a file that
    can't be opened, errors of any kind.
    """
    if size := _webp_size(data):  # Pillow takes memory for all of its pixels when it opens the file
        _check_pixels(math.prod(size), min(max_pixels, MAX_WEBP_PIXELS))
    file = Image.open(BytesIO(data), formats=FORMATS)
    _check_pixels(pixels_to_decode(file), max_pixels)
    if min(file.size) < MIN_SIDE:
        width, height = file.size
        raise ExplanationError(f"The picture is {width} by {height} pixels; each side must have at least {MIN_SIDE}.")
    if isinstance(file, JpegImageFile) and (scans := data.count(START_OF_SCAN)) > MAX_SCANS:
        raise ExplanationError(
            f"The JPEG file stores its pixels in {scans:,} scans; up to {MAX_SCANS} are read. "
            "Please save it again in an image editor."
        )
    if isinstance(file, TiffImageFile):
        parts = max(len(file.tag_v2.get(tag, ())) for tag in (STRIPOFFSETS, TILEOFFSETS))
        if parts > MAX_PARTS:
            raise ExplanationError(
                f"The TIFF file stores its pixels in {parts:,} parts; up to {MAX_PARTS:,} are read. "
                "Please save it again in an image editor."
            )
    return file


def pixels_to_decode(file: ImageFile) -> int:
    """Return the number of pixels that are decoded: tiles of a TIFF are decoded whole, and may be larger than it."""
    pixels = math.prod(file.size)
    if isinstance(file, TiffImageFile):
        return max(pixels, math.prod(int(file.tag_v2.get(tag, 0)) for tag in (TILEWIDTH, TILELENGTH)))
    return pixels


def refusal(data: bytes, error: Exception) -> ExplanationError:
    """Say what is wrong with a file that couldn't be opened or decoded, which raised this error."""
    if isinstance(error, UnidentifiedImageError):
        if not _has_known_signature(data):
            formats = f"{', '.join(FORMAT_NAMES[:-1])} and {FORMAT_NAMES[-1]}"
            return ExplanationError(f"This file is not a picture that can be read; {formats} files can.")
        if (bands := _tiff_bands(data)) not in (1, 3):
            return ExplanationError(
                f"The TIFF file has {bands} bands that don't make a grey or colour picture. "
                "Please save the 1 or 3 bands that you want to see as a file of their own."
            )
    return ExplanationError(DAMAGED)


def millions(count: int) -> str:
    """Write a number in millions, rounded up to tenths, so that one just above a limit does not read as the limit."""
    return f"{math.ceil(count / 10**5) / 10:,.15g}"


def _check_pixels(pixels: int, limit: int) -> None:
    if pixels > limit:
        raise ExplanationError(
            f"The picture has {millions(pixels)} megapixels; up to {millions(limit)} are read. Please scale it down."
        )


def _webp_size(data: bytes) -> tuple[int, int] | None:
    """Return the size that the header of a WebP file names; None for any other file."""
    if data[:4] != b"RIFF" or data[8:12] != b"WEBP":
        return None
    match data[12:16]:
        case b"VP8X":  # 24 bits each, less 1
            return int.from_bytes(data[24:27], "little") + 1, int.from_bytes(data[27:30], "little") + 1
        case b"VP8L":  # 14 bits each, less 1
            bits = int.from_bytes(data[21:25], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    return int.from_bytes(data[26:28], "little") & 0x3FFF, int.from_bytes(data[28:30], "little") & 0x3FFF


def _has_known_signature(data: bytes) -> bool:
    """Return whether the first bytes are the signature of one of FORMATS.

    Pillow also raises UnidentifiedImageError for a file of these formats that is damaged soon after its signature.
    """
    accepts = [Image.OPEN[name.upper()][1] for name in FORMATS]
    return any(accept and accept(data[:16]) for accept in accepts)


def _tiff_bands(data: bytes) -> int:
    """Return how many bands a TIFF file says that it has, or 1."""
    with suppress(Exception):  # anything may be wrong with a file that couldn't be opened
        tags, stream = ImageFileDirectory_v2(data[:8]), BytesIO(data)
        stream.seek(tags.next)
        tags.load(stream)
        return int(tags.get(SAMPLESPERPIXEL, 1))
    return 1
