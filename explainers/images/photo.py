"""A picture with its name and its digest, decoded once."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass, field
from functools import cached_property

import torch
from PIL import Image, ImageOps
from torch import Tensor

from explainers.images.reading import read

MAX_KEPT_PIXELS = 2 * 10**6  # of a file's picture: thirty visitors keep theirs; a classifier sees under 0.4 * 10**6
FINGERPRINT = re.compile(r"([1-9][0-9]{0,6})x([1-9][0-9]{0,6})-[0-9a-f]{16}")


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
    size:   the width and height that the upright picture has in its file; None where there is none.
    sample: the name of the installed sample that it is; empty for other pictures.
    """

    name: str
    image: Image.Image | Tensor
    digest: str
    note: str = ""
    levels: str | None = None
    file: bytes = field(default=b"", repr=False)
    size: tuple[int, int] | None = None
    sample: str = ""

    @classmethod
    def read(cls, name: str, data: bytes, levels: str = "automatic") -> Photo:
        """Decode the bytes of a file, and scale it down to MAX_KEPT_PIXELS or fewer.

        Raises ExplanationError as `read_image` does.
        """
        reading = read(data, levels=levels, kept_pixels=MAX_KEPT_PIXELS)
        if not reading.adjustable:
            digest = hashlib.sha256(data).hexdigest()
            return cls(name, reading.image, digest, reading.note, size=reading.file_size)
        chosen = b"" if levels == "automatic" else levels.encode()
        digest = hashlib.sha256(data + chosen).hexdigest()
        return cls(name, reading.image, digest, reading.note, levels, data, reading.file_size)

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
    def fingerprint(self) -> str:
        """What names the picture in an address: its size in pixels and the beginning of a hash of its file."""
        width, height = self.size or _as_image(self.image).size
        digest = hashlib.sha256(self.file).hexdigest() if self.file else self.digest
        return f"{width}x{height}-{digest[:16]}"

    @property
    def nbytes(self) -> int:
        """How much memory the decoded picture and the file's bytes take."""
        if isinstance(self.image, Tensor):
            return self.image.nbytes + len(self.file)
        return len(self.image.getbands()) * self.image.width * self.image.height + len(self.file)

    @cached_property
    def thumbnail(self) -> bytes:
        """The bytes of a small square JPEG of the photo's middle."""
        stream = io.BytesIO()
        ImageOps.fit(_as_image(self.image), (200, 200)).save(stream, "JPEG", quality=88)
        return stream.getvalue()


def is_fingerprint(text: str) -> bool:
    """Whether a text could be a photo's fingerprint."""
    return FINGERPRINT.fullmatch(text) is not None


def size_in_words(fingerprint: str) -> str:
    """Say the size that a fingerprint names."""
    width, height = fingerprint.partition("-")[0].split("x")
    return f"{int(width):,} × {int(height):,} pixels"


def _as_image(picture: Image.Image | Tensor) -> Image.Image:
    """Convert a picture (C, H, W) in pixel units, of one channel or three, to 8 bits; an image is one already."""
    if isinstance(picture, Image.Image):
        return picture
    levels = (picture.detach().clamp(0, 1) * 255).byte().permute(1, 2, 0).cpu().numpy()
    return Image.fromarray(levels[..., 0] if levels.shape[2] == 1 else levels)
