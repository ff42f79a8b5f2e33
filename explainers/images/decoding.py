"""Decodes pictures in a process of its own, which `decoder` starts. Imports no torch, which would take seconds."""

from __future__ import annotations

import json
import logging
import math
import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import pillow_heif
from PIL import AvifImagePlugin, ExifTags, Image
from PIL.TiffImagePlugin import SAMPLESPERPIXEL, TiffImageFile

from explainers.errors import ExplanationError
from explainers.images.deep import Box, DeepPicture
from explainers.images.headers import millions, open_picture, pixels_to_decode, refusal
from explainers.images.levels import Survey, choose_levels, describe, to_8_bits
from explainers.processes import allow, be_quiet, limit_memory

MAX_MEMORY = 600 * 10**6
TOO_MUCH_MEMORY = f"Decoding the picture takes more than {millions(MAX_MEMORY)} MB of memory. Please scale it down."
OPEN_SECONDS = 0.5  # of the processor's time, to read what a file says of itself
DECODE_SECONDS, DECODE_SECONDS_PER_PIXEL = 0.5, 2e-7  # the slowest formats take a fifth of it
ROWS_PIXELS = 2**18  # in the rows that are worked on at once
pillow_heif.register_heif_opener(decode_threads=1, thumbnails=False, depth_images=False, aux_images=False)


@dataclass(frozen=True)
class Decoded:
    """A picture as it comes out of its file.

    size:        its width and height, before it is turned upright.
    file_size:   those that it has in the file, before it was scaled down.
    orientation: how to turn it, as EXIF says it.
    note:        what was done to it, in sentences.
    adjustable:  whether its levels can be chosen.
    rows:        its bytes in RGB, some rows at a time.
    """

    size: tuple[int, int]
    file_size: tuple[int, int]
    orientation: int
    note: str
    adjustable: bool
    rows: Iterator[bytes]


def decode(data: bytes, levels: str, max_pixels: int, kept_pixels: int | None) -> Decoded:
    """Decode a picture.

    levels:      how black and white are chosen, one of LEVELS.
    max_pixels:  a picture of more isn't decoded.
    kept_pixels: a picture of more is reduced.

    Raises ExplanationError for a file that can't be read, also while its rows are taken.
    """
    allow(OPEN_SECONDS)
    with _refusing(data):
        file = open_picture(data, max_pixels)
        allow(DECODE_SECONDS + DECODE_SECONDS_PER_PIXEL * pixels_to_decode(file))
        bands = file.tag_v2.get(SAMPLESPERPIXEL, 1) if isinstance(file, TiffImageFile) else 0
        deep = DeepPicture.load(file, data)
        file.load()
        orientation = _orientation(file)  # after loading, because that turns a TIFF and removes its orientation
    (width, height), notes = file.size, []
    if bands > (shown := len(file.getbands())):
        notes.append(f"Of its {bands} bands, only {f'the first {shown} are' if shown > 1 else 'the first is'} shown.")
    black = white = 0.0
    if deep:
        survey = Survey.of((deep.values(box) for box in _boxes(file.size)), width * height)
        black, white = choose_levels(levels, survey, deep.data_type)
        notes.append(describe(survey, deep.data_type, black, white))
    factor = math.ceil(math.sqrt(width * height / kept_pixels)) if kept_pixels else 1
    size = math.ceil(width / factor), math.ceil(height / factor)
    if factor > 1:
        notes.append(
            f"It was scaled down from {width:,} × {height:,} to {size[0]:,} × {size[1]:,} pixels when it was read."
        )

    def rows() -> Iterator[bytes]:
        for box in _boxes(file.size, factor):
            if deep:
                part = _to_8_bits(deep, box, black, white)
            else:
                with _refusing(data):
                    part = _to_rgb(file.crop(box))
            yield part.reduce(factor).convert("RGB").tobytes()

    return Decoded(size, (width, height), orientation, " ".join(notes), deep is not None, rows())


def _boxes(size: tuple[int, int], factor: int = 1) -> Iterator[Box]:
    """Yield boxes that cover a picture, of a multiple of `factor` rows each."""
    width, height = size
    step = factor * max(1, ROWS_PIXELS // (width * factor))
    for top in range(0, height, step):
        yield 0, top, width, min(top + step, height)


def _orientation(file: Image.Image) -> int:
    try:
        return int(file.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a broken EXIF block is no reason to refuse a good picture
        return 1


def _to_rgb(picture: Image.Image) -> Image.Image:
    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture.convert("RGB")


def _to_8_bits(deep: DeepPicture, box: Box, black: float, white: float) -> Image.Image:
    values = deep.values(box)
    opacity = deep.opacity(box, values)
    shown = to_8_bits(values, black, white)
    if opacity is not None:
        shown = (shown * opacity + 255 * (1 - opacity)).round().astype(np.uint8)
    return Image.fromarray(shown.squeeze(-1) if shown.shape[-1] == 1 else shown)


@contextmanager
def _refusing(data: bytes) -> Iterator[None]:
    """Turn whatever Pillow raises on damaged bytes into a sentence."""
    try:
        yield
    except (ExplanationError, MemoryError):
        raise
    except Exception as error:  # decoders raise errors of any kind
        raise refusal(data, error) from error


def serve() -> None:
    """Answer requests until there are no more.

    A request is a line of JSON, the arguments of `decode` with the number of the file's bytes in place of the file, and
    these bytes. The answer is a line with the size and so on, and then some rows at a time, after a line that says how
    many bytes they have, until this is 0. Instead of any line there may be one with a refusal or a bug's traceback.
    """
    Image.MAX_IMAGE_PIXELS = None  # the limits are in `headers`
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # or its threads' stacks count as memory
    warnings.simplefilter("ignore")  # Pillow warns and logs what it finds broken, and reads on
    logging.disable()
    limit_memory(MAX_MEMORY)
    requests, answers = sys.stdin.buffer, os.fdopen(be_quiet(), "wb")
    while line := requests.readline():
        request = json.loads(line)
        for message, payload in _answer(requests.read(request.pop("bytes")), request):
            answers.write(json.dumps(message).encode() + b"\n" + payload)
            answers.flush()


def _answer(data: bytes, request: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
    try:
        picture = decode(data, **request)
        yield (
            {
                "size": picture.size,
                "file_size": picture.file_size,
                "orientation": picture.orientation,
                "note": picture.note,
                "adjustable": picture.adjustable,
            },
            b"",
        )
        for rows in picture.rows:
            yield {"bytes": len(rows)}, rows
        yield {"bytes": 0}, b""
    except ExplanationError as error:
        yield {"refusal": str(error)}, b""
    except MemoryError:
        yield {"refusal": TOO_MUCH_MEMORY}, b""
    except Exception:
        yield {"bug": traceback.format_exc()}, b""
    finally:
        allow(0)
