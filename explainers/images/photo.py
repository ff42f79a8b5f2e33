"""A picture with its name and its digest, decoded once."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from functools import cached_property

import torch
from PIL import Image, ImageOps
from torch import Tensor

from explainers.images.reading import read

MAX_KEPT_PIXELS = 2 * 10**6  # of a file's picture: thirty visitors keep theirs; a classifier sees under 0.4 * 10**6


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture with its name and its digest.

    name:   the name that the visitor sees.
    image:  the upright photo, or a tensor (C, H, W) in pixel units that has its classifier's input size already.
    digest: identifies the picture: a hash of the file's bytes and of levels that were chosen or, without a file, of
            all pixels.
    note:   what was done to the file's picture, in sentences; empty where nothing was.
    levels: which values of the file are black and white; None where it has 8 bits per channel.
    file:   the file's bytes, where other levels can be chosen.
    """

    name: str
    image: Image.Image | Tensor
    digest: str
    note: str = ""
    levels: str | None = None
    file: bytes = field(default=b"", repr=False)

    @classmethod
    def read(cls, name: str, data: bytes, levels: str = "automatic") -> Photo:
        """Decode the bytes of a file, and scale it down to MAX_KEPT_PIXELS or fewer.

        Raises ExplanationError as `read_image` does.
        """
        reading = read(data, levels=levels, kept_pixels=MAX_KEPT_PIXELS)
        if not reading.adjustable:
            return cls(name, reading.image, hashlib.sha256(data).hexdigest(), reading.note)
        chosen = b"" if levels == "automatic" else levels.encode()
        return cls(name, reading.image, hashlib.sha256(data + chosen).hexdigest(), reading.note, levels, data)

    def with_levels(self, levels: str) -> Photo:
        """Return the file's picture with other values shown black and white."""
        return Photo.read(self.name, self.file, levels)

    @classmethod
    def of(cls, image: Image.Image | Tensor, name: str = "picture") -> Photo:
        """Make a photo of a picture that is decoded already."""
        if isinstance(image, Tensor):
            raw_bytes = image.detach().cpu().contiguous().reshape(-1).view(torch.uint8)
            shape, pixels = f"{image.dtype} {tuple(image.shape)}", raw_bytes.numpy().tobytes()
        else:
            shape, pixels = f"{image.mode} {image.size}", image.tobytes()
        return cls(name, image, hashlib.sha256(shape.encode() + pixels).hexdigest())

    @cached_property
    def thumbnail(self) -> bytes:
        """The bytes of a small square JPEG of the photo's middle."""
        image = _as_image(self.image) if isinstance(self.image, Tensor) else self.image
        stream = io.BytesIO()
        ImageOps.fit(image, (200, 200)).save(stream, "JPEG", quality=88)
        return stream.getvalue()


def _as_image(picture: Tensor) -> Image.Image:
    """Convert a picture (C, H, W) in pixel units, of one channel or three, to 8 bits."""
    levels = (picture.detach().clamp(0, 1) * 255).byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)
