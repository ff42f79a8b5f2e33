"""A picture with its name and its digest, decoded once."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property

import torch
from PIL import Image, ImageOps
from torch import Tensor
from torchvision.transforms.functional import to_pil_image

from explainers.images.reading import read_image


@dataclass(frozen=True, eq=False)
class Photo:
    """A picture with its name and its digest.

    name:   the name that the visitor sees.
    image:  the upright photo, or a tensor (C, H, W) in pixel units that has its classifier's input size already.
    digest: identifies the picture: a hash of the file's bytes or, without a file, of all pixels.
    """

    name: str
    image: Image.Image | Tensor
    digest: str

    @classmethod
    def read(cls, name: str, data: bytes) -> Photo:
        """Decode the bytes of a file. Raises ExplanationError as `read_image` does."""
        return cls(name, read_image(data), hashlib.sha256(data).hexdigest())

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
        image = to_pil_image(self.image.clamp(0, 1)) if isinstance(self.image, Tensor) else self.image
        stream = io.BytesIO()
        ImageOps.fit(image, (200, 200)).save(stream, "JPEG", quality=88)
        return stream.getvalue()
