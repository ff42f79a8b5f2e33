"""Pictures as images and as the bytes of files."""

from __future__ import annotations

import base64
import io
from typing import Literal

import numpy as np
from PIL import Image

from explainers.arrays import Array

Kind = Literal["png", "jpeg"]
JPEG_QUALITY = 92
PNG_LEVEL = 6  # of zlib's 9
QUICK_LEVEL = 3  # half the time for 4% more bytes of a photo


def as_image(picture: Array) -> Image.Image:
    """Convert a picture (C, H, W) in pixel units to RGB; of more than three channels, the first three are shown."""
    levels = (np.clip(picture, 0, 1) * 255).round().astype(np.uint8)
    channels = levels[:3] if len(levels) >= 3 else np.repeat(levels[:1], 3, 0)
    return Image.fromarray(np.ascontiguousarray(channels.transpose(1, 2, 0)))


def encode(image: Image.Image, kind: Kind = "png", quality: int = JPEG_QUALITY, *, png_level: int = PNG_LEVEL) -> bytes:
    """Return the bytes of an image's file; PNG loses nothing, and has no quality to choose."""
    stream = io.BytesIO()
    image.save(stream, kind, **({"quality": quality} if kind == "jpeg" else {"compress_level": png_level}))
    return stream.getvalue()


def data_address(image: Image.Image, kind: Kind = "png", quality: int = JPEG_QUALITY) -> str:
    """Return an address that holds an image, for a page or a figure."""
    return f"data:image/{kind};base64,{base64.b64encode(encode(image, kind, quality)).decode()}"
