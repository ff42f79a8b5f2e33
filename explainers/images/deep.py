"""Reads the values of pictures with more than 8 bits per channel, of which Pillow itself shows 8."""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.ImageFile import ImageFile
from PIL.TiffImagePlugin import BITSPERSAMPLE, PHOTOMETRIC_INTERPRETATION, SAMPLEFORMAT, TiffImageFile

from explainers.arrays import Array
from explainers.images.headers import open_picture
from explainers.images.levels import DataType

SIGNED, FLOATING = 2, 3  # sample formats of TIFF
LOW_BYTES = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}  # by the byte order of 16 bits
Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class DeepPicture:
    """A decoded picture of more than 8 bits per channel.

    picture:     all values or, of colours of 16 bits, the high bytes, and opacity.
    low:         the low bytes, if `picture` has the high ones.
    data_type:   the type of the values.
    transparent: (channels,) the values of pixels that are transparent, if there are such.
    """

    picture: Image.Image
    low: Image.Image | None
    data_type: DataType
    transparent: Array | None

    @classmethod
    def load(cls, file: ImageFile, data: bytes) -> DeepPicture | None:
        """Decode an opened file; return None where it has 8 bits per channel."""
        transparency, data_type = file.info.get("transparency"), _data_type(file)
        transparent = None if transparency is None else np.atleast_1d(transparency)
        if file.mode == "F" or file.mode.startswith("I"):
            file.load()
            return cls(file, None, data_type, transparent)
        layout, _, order = _rawmode(file).partition(";16")
        if order not in LOW_BYTES or layout not in ("LA", "RGB", "RGBX", "RGBA"):
            return None
        if layout == "LA":  # of four bytes per pixel, like RGBA; Pillow has no name for the low ones
            _set_rawmode(file, "RGBA")
            file.load()
            high, low, opacity, _ = file.split()
            return cls(Image.merge("LA", (high, opacity)), low, data_type, transparent)
        other = open_picture(data, file.width * file.height)
        _set_rawmode(other, f"{layout};16{LOW_BYTES[order]}")
        file.load()
        other.load()
        return cls(file, other, data_type, transparent)

    def values(self, box: Box) -> Array:
        """Return the values (h, w, channels) in this box, grey or colour."""
        values: Array = np.atleast_3d(np.asarray(self.picture.crop(box)))
        if self.low is not None:
            channels = 1 if self.picture.mode == "LA" else 3
            low: Array = np.atleast_3d(np.asarray(self.low.crop(box)))
            values = np.asarray(values[..., :channels] * np.uint16(256) + low[..., :channels])
        unsigned = self.data_type.high > np.iinfo(np.int32).max  # Pillow takes all integers of 32 bits for signed ones
        return values.view(np.uint32) if unsigned else values

    def opacity(self, box: Box, values: Array) -> Array | None:
        """Return how opaque the pixels (h, w, 1) of this box are, from 0 to 1; None where all are opaque."""
        opacity: Array | None = None
        if self.transparent is not None:
            opacity = (values != self.transparent).any(-1, keepdims=True)
        elif self.picture.mode in ("LA", "RGBA"):
            opacity = np.asarray(self.picture.crop(box).getchannel("A"))[..., None] / 255
        return opacity


def _rawmode(file: ImageFile) -> str:
    """Return the name that Pillow has for how the pixels lie in an opened file."""
    args = file.tile[0].args if file.tile else None
    return str(args[0] if isinstance(args, tuple) else args)


def _set_rawmode(file: ImageFile, name: str) -> None:
    file.tile = [
        tile._replace(args=(name, *tile.args[1:]) if isinstance(tile.args, tuple) else name) for tile in file.tile
    ]


def _data_type(file: ImageFile) -> DataType:
    """Return the type of the values of an opened file that isn't decoded."""
    bits, kind, negative = 16, 1, False
    if isinstance(file, TiffImageFile):
        bits, kind = int(file.tag_v2.get(BITSPERSAMPLE, (1,))[0]), int(file.tag_v2.get(SAMPLEFORMAT, (1,))[0])
        negative = file.tag_v2.get(PHOTOMETRIC_INTERPRETATION) == 0
    if file.mode == "F":
        return DataType(f"{bits}-bit floating-point numbers", 0, 1, whole=False, negative=negative)
    if kind == SIGNED:
        return DataType(f"signed {bits}-bit integers", -(2 ** (bits - 1)), 2 ** (bits - 1) - 1, negative=negative)
    return DataType(f"{bits}-bit integers", 0, 2**bits - 1, negative=negative)
