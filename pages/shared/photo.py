"""A picture that somebody chose, as bytes: decoded only where something is computed from it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property

from PIL import Image, ImageOps

from explainers import read_image


@dataclass(frozen=True)
class Photo:
    """A picture file; `name` is what the visitor knows it by."""

    name: str
    data: bytes

    @cached_property
    def digest(self) -> str:
        """What tells two pictures apart: their bytes, whole."""
        return hashlib.sha256(self.data).hexdigest()

    @cached_property
    def thumbnail(self) -> bytes:
        """A small square JPEG of the photo's middle."""
        stream = io.BytesIO()
        ImageOps.fit(self.image, (200, 200)).save(stream, "JPEG", quality=88)
        return stream.getvalue()

    @property
    def image(self) -> Image.Image:
        """The upright photo. Raises ExplanationError."""
        return read_image(self.data)
