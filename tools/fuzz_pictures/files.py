"""Small picture files of every format in many variants, and mutations of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import numpy as np
import pillow_heif
from PIL import ExifTags, Image, features

from explainers.images.headers import FORMATS

pillow_heif.register_heif_opener()  # which also teaches Pillow to write such files
WRITABLE = tuple(name for name in FORMATS if name != "AVIF" or features.check("avif"))
HEADER_LENGTHS = (64, 200, 10**9)  # a mutation hits the first so many bytes
MUTATED_BYTES = (1, 1, 2, 5, 20)
MARKS = (b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xd8", b"\xff\xda", b"IDAT", b"\x80\0\0\0")


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    """The picture as a file."""
    file = BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def noise(mode: str = "RGB") -> Image.Image:
    """A picture of noise."""
    pixels = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    return Image.fromarray(pixels).convert(mode)


def valid_files() -> dict[str, bytes]:
    """Valid files of every format, in several of its variants."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation], exif[ExifTags.Base.Make] = 6, "Camera"
    coloured, paletted = noise(), noise("P")
    deep = Image.fromarray(np.arange(24 * 32, dtype=np.uint16).reshape(24, 32) * 80)
    more = {"save_all": True, "append_images": [paletted]}
    files = {kind: saved(coloured, kind) for kind in WRITABLE}
    files |= {f"{kind} with EXIF": saved(coloured, kind, exif=exif) for kind in WRITABLE if kind not in ("BMP", "GIF")}
    files |= {f"TIFF {how}": saved(coloured, "TIFF", compression=how) for how in ("tiff_lzw", "jpeg", "packbits")}
    files |= {f"{kind} animated": saved(coloured, kind, **more) for kind in ("PNG", "WebP")}
    return files | {
        "MPO": saved(coloured, "MPO", save_all=True, append_images=[coloured]),
        "GIF animated": saved(paletted, "GIF", save_all=True, append_images=[coloured], transparency=3),
        "PNG palette": saved(paletted, "PNG", transparency=bytes(range(256))),
        "PNG 16 bits": saved(deep, "PNG", transparency=3),
        "PNG grey with alpha": saved(noise("LA"), "PNG"),
        "JPEG progressive": saved(noise("CMYK"), "JPEG", progressive=True),
        "BMP palette": saved(paletted, "BMP"),
        "TIFF fractions": saved(Image.fromarray(np.asarray(deep, np.float32)), "TIFF"),
        "TIFF 16 bits": saved(deep, "TIFF", compression="tiff_deflate"),
        "TIFF 1 bit": saved(noise("1"), "TIFF", compression="group4"),
    }


def mutations(data: bytes, seed: str) -> Iterator[bytes]:
    """An endless series of damaged copies of a file, the same for the same seed."""
    draw = random.Random(seed)
    while True:
        damaged = bytearray(data)
        for _ in range(draw.choice(MUTATED_BYTES)):
            at = draw.randrange(min(draw.choice(HEADER_LENGTHS), len(damaged)))
            if draw.random() < 0.2:
                mark = draw.choice(MARKS)
                damaged[at : at + len(mark)] = mark
            else:
                damaged[at] = draw.randrange(256)
        if draw.random() < 0.1:  # a part twice
            start, end = sorted(draw.randrange(len(damaged)) for _ in range(2))
            damaged[start:start] = damaged[start:end]
        if draw.random() < 0.3:
            del damaged[draw.randrange(len(damaged)) :]
        yield bytes(damaged)
