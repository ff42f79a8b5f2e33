"""What hostile files are made of: pickles by hand, and archives of any entries."""

from __future__ import annotations

import io
import json
import pickle
import struct
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CANARY = "canary"  # the file that code in a hostile file would make, in the folder of that file
START, STOP = pickle.PROTO + b"\x02", pickle.STOP
MAGIC = 0x1950A86A20F9469CFC6C  # of torch's files before release 1.6


@dataclass(frozen=True)
class Hostile:
    """A hostile file.

    name: what it is, for the table.
    make: writes it into an empty folder, and returns where it is.
    """

    name: str
    make: Callable[[Path], Path]


def named(module: str, name: str) -> bytes:
    """Return the pickle of a function or class."""
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()


def value(plain: Any) -> bytes:
    """Return the pickle of a plain value; bytes are taken for a pickle themselves."""
    match plain:
        case bytes():
            return plain
        case None | True | False:
            return {None: pickle.NONE, True: pickle.NEWTRUE, False: pickle.NEWFALSE}[plain]
        case str():
            text = plain.encode("utf-8", "surrogatepass")
            return pickle.BINUNICODE + struct.pack("<I", len(text)) + text
        case int():
            data = pickle.encode_long(plain)
            return pickle.LONG4 + struct.pack("<i", len(data)) + data
        case float():
            return pickle.BINFLOAT + struct.pack(">d", plain)
        case tuple():
            return pickle.MARK + b"".join(map(value, plain)) + pickle.TUPLE
        case list():
            return pickle.EMPTY_LIST + pickle.MARK + b"".join(map(value, plain)) + pickle.APPENDS
        case dict():
            items = b"".join(value(part) for item in plain.items() for part in item)
            return pickle.EMPTY_DICT + pickle.MARK + items + pickle.SETITEMS
    raise TypeError(type(plain))


def called(function: bytes, *arguments: Any) -> bytes:
    """Return the pickle of a call."""
    return function + value(arguments) + pickle.REDUCE


def tensor(
    shape: Any = (2, 2),
    strides: Any = (2, 1),
    offset: Any = 0,
    *,
    key: Any = "0",
    kind: str = "FloatStorage",
    count: Any = 4,
    hooks: bytes | None = None,
    metadata: Any = None,
) -> bytes:
    """Return the pickle of a tensor."""
    storage = value(("storage", named("torch", kind), key, "cpu", count)) + pickle.BINPERSID
    more = () if metadata is None else (metadata,)
    empty = called(named("collections", "OrderedDict")) if hooks is None else hooks
    return called(named("torch._utils", "_rebuild_tensor_v2"), storage, offset, shape, strides, False, empty, *more)


def state(**tensors: Any) -> bytes:
    """Return a whole pickle of a dict."""
    return START + value(tensors) + STOP


def archive(
    entries: Mapping[str, bytes],
    path: Path,
    compression: int = zipfile.ZIP_STORED,
    infos: Mapping[str, Any] | None = None,
) -> Path:
    """Write a zip archive.

    infos: attributes of entries that are set before they are written.
    """
    with zipfile.ZipFile(path, "w", compression) as file:
        for name, data in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = compression
            for key, attribute in (infos or {}).get(name, {}).items():
                setattr(info, key, attribute)
            file.writestr(info, data)
    return path


def torch_file(data: bytes, path: Path, storages: Mapping[str, bytes] | None = None, **more: Any) -> Path:
    """Write a file as torch.save does since release 1.6, with a storage of four numbers unless others are given."""
    numbers = {"0": struct.pack("<4f", 1, 2, 3, 4)} if storages is None else storages
    entries = {"archive/data.pkl": data, "archive/byteorder": b"little", "archive/version": b"3\n"}
    return archive(entries | {f"archive/data/{key}": part for key, part in numbers.items()}, path, **more)


def legacy_file(data: bytes, path: Path) -> Path:
    """Write a file as torch.save did before release 1.6."""
    head = [pickle.dumps(part, 2) for part in (MAGIC, 1001, {"protocol_version": 1001, "little_endian": True})]
    numbers = struct.pack("<q4f", 4, 1, 2, 3, 4)
    path.write_bytes(b"".join(head) + data + pickle.dumps(["0"], 2) + numbers)
    return path


def safetensors_file(header: Any, data: bytes, path: Path, length: int | None = None) -> Path:
    """Write a .safetensors file.

    header: bytes, or what is written as JSON.
    length: that it claims of its header, if it lies.
    """
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text) if length is None else length) + text + data)
    return path


def plain_safetensors(path: Path) -> Path:
    """Write a sound .safetensors file."""
    header = {"fc.weight": {"dtype": "F32", "shape": [2, 2], "data_offsets": [0, 16]}}
    return safetensors_file(header, struct.pack("<4f", 1, 2, 3, 4), path)


def zipped(data: bytes) -> bytes:
    """Return a zip archive with one entry, deflated."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("weights.pth", data)
    return file.getvalue()
