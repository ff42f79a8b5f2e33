"""The small maps of an audit as pictures: by themselves, and over the thumbnails of what the classifier saw."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from explainers.arrays import Array
from explainers.figures.colours import peak, rgb
from explainers.figures.map import Look
from explainers.images.encoding import encode

CLIP = 99.0  # percentile of a map's magnitudes that gets the strongest colour
OPACITY, LEVELS = 0.9, 256
MAP_SIDE, OVERLAY_SIDE = 128, 128  # pixels of the pictures
QUALITY = 85
NO_PICTURE = (128, 128, 128)


def map_picture(heat: Array, side: int = MAP_SIDE) -> Image.Image:
    """Draw a small map (h, w) of magnitudes, its cells running into each other, on a scale of its own."""
    return Image.fromarray(rgb(Look.colours, LEVELS)[_levels(heat, (side, side))])


def overlay_file(thumbnail: bytes | None, heat: Array | None, side: int = OVERLAY_SIDE) -> bytes:
    """Return a JPEG of the small map (h, w) over its thumbnail, transparent where it is zero.

    A thumbnail that is missing or damaged is grey; without a map, it stands alone.
    """
    below = _opened(thumbnail)
    below.thumbnail((side, side))
    if heat is not None:
        levels = _levels(heat, below.size)
        opacity = np.rint(levels * OPACITY).astype(np.uint8)
        below = Image.composite(Image.fromarray(rgb(Look.colours, LEVELS)[levels]), below, Image.fromarray(opacity))
    return encode(below, "jpeg", QUALITY)


def _opened(thumbnail: bytes | None) -> Image.Image:
    try:
        return Image.open(io.BytesIO(thumbnail or b""), formats=["JPEG"]).convert("RGB")
    except (OSError, SyntaxError, ValueError):  # what Pillow raises for damaged files
        return Image.new("RGB", (OVERLAY_SIDE, OVERLAY_SIDE), NO_PICTURE)


def _levels(heat: Array, size: tuple[int, int]) -> Array:
    """Return a map at the size (width, height) of a picture, in LEVELS levels, (h, w) uint8."""
    heat = np.ascontiguousarray(heat, np.float32)
    shares = np.clip(heat / peak(heat, CLIP), 0, 1)
    placed = Image.fromarray(shares).resize(size, Image.Resampling.BILINEAR)
    levels: Array = np.rint(np.asarray(placed).clip(0, 1) * (LEVELS - 1)).astype(np.uint8)
    return levels
