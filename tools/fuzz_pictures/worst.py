"""The worst pictures known: files made so that reading them takes much memory or time."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import numpy as np
from PIL import Image

from explainers.images.headers import MAX_BYTES
from tools.fuzz_pictures.files import noise, saved

WIDE, HIGH = 8160, 6120  # nearly 50 megapixels
START = 2  # bytes of a JPEG file before its first segment


def _padded(padding: bytes) -> bytes:
    """A JPEG file with as much of this before its first segment as fits."""
    data = saved(noise(), "JPEG")
    return data[:START] + padding * ((MAX_BYTES - len(data)) // len(padding)) + data[START:]


def _scans() -> bytes:
    """A progressive JPEG with its last scan, of a few bytes, again and again."""
    data = saved(Image.new("L", (WIDE, HIGH)), "JPEG", progressive=True)
    at = data.rfind(b"\xff\xda")
    scan = data[at:-2]
    return data[:-2] + scan * ((MAX_BYTES - len(data)) // len(scan)) + data[-2:]


def _chunk(name: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _png(chunk: bytes, count: int) -> bytes:
    """A PNG file with a chunk many times over."""
    data = saved(noise(), "PNG")
    at = data.index(b"IDAT") - 4
    return data[:at] + chunk * count + data[at:]


def _gif() -> bytes:
    """A GIF file with a comment of ten million blocks."""
    data = saved(noise("L"), "GIF")
    at = data.index(b",\0\0\0\0")  # of the frame
    return data[:at] + b"!\xfe" + b"\x01a" * 9_800_000 + b"\0" + data[at:]


def _webp() -> bytes:
    """A WebP file of 90 bytes that names a canvas of 268 megapixels."""
    canvas = _riff(b"VP8X", bytes([2, 0, 0, 0]) + b"\xff\x3f\0" * 2)
    frames = _riff(b"ANIM", bytes(6)) + _riff(b"ANMF", bytes(38))
    return _riff(b"RIFF", b"WEBP" + canvas + frames)


def _riff(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data


def tiff(strips: int, compression: int = 1) -> bytes:
    """A TIFF file of so many strips of one row, which are all the same bytes."""
    row = zlib.compress(bytes(8)) if compression == 8 else bytes(8)
    offsets = 8 + len(row)
    counts = offsets + 4 * strips
    tags = [(256, 1, 8), (257, 1, strips), (258, 1, 8), (259, 1, compression), (262, 1, 1)]
    tags += [(273, strips, offsets), (277, 1, 1), (278, 1, 1), (279, strips, counts)]
    return b"".join(
        (
            b"II*\0" + struct.pack("<I", counts + 4 * strips) + row,
            struct.pack("<I", 8) * strips + struct.pack("<I", len(row)) * strips,
            struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", tag, 4, *rest) for tag, *rest in tags),
            bytes(4),
        )
    )


def _tags() -> bytes:
    """A TIFF file whose tags all have the same 19 MB for their value."""
    data = saved(noise("L"), "TIFF")
    at = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, at)[0]
    entries = [data[at + 2 + 12 * number :][:12] for number in range(count)]
    entries += [struct.pack("<HHII", 60000 + number, 1, 19 * 10**6, len(data)) for number in range(5000)]
    directory = struct.pack("<H", len(entries)) + b"".join(entries) + bytes(4)
    return data[:4] + struct.pack("<I", len(data)) + data[8:] + directory + bytes(19 * 10**6)


WORST: dict[str, Callable[[], bytes]] = {
    "WebP, 90 bytes": _webp,
    "JPEG, 20 MB of empty comments": lambda: _padded(b"\xff\xfe\0\2"),
    "JPEG, 20 MB of full segments": lambda: _padded(b"\xff\xe1\xff\xf0" + bytes(0xFFEE)),
    "JPEG, 20 MB of fill bytes": lambda: _padded(b"\xff"),
    "JPEG, 20 MB of tables": lambda: _padded(b"\xff\xdb\0\x43\0" + b"\1" * 64),
    "JPEG, 20 MB of scans": _scans,
    "TIFF, 500,000 strips": lambda: tiff(500_000),
    "TIFF, 500,000 deflated strips": lambda: tiff(500_000, compression=8),
    "TIFF, 5,000 tags of 19 MB": _tags,
    "PNG, 1,600,000 empty chunks": lambda: _png(_chunk(b"aaAa"), 1_600_000),
    "PNG, 18,000 deflated texts of 1 MB": lambda: _png(_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(10**6))), 18_000),
    "GIF, 9,800,000 blocks of comment": _gif,
    "PNG, 50 megapixels with alpha": lambda: saved(Image.new("RGBA", (WIDE, HIGH)), "PNG", compress_level=1),
    "TIFF, 50 megapixels of fractions": lambda: saved(
        Image.fromarray(np.ones((HIGH, WIDE), np.float32)), "TIFF", compression="tiff_deflate"
    ),
    "JPEG, 50 megapixels, progressive": lambda: saved(Image.new("RGB", (WIDE, HIGH)), "JPEG", progressive=True),
}
