"""Zip archives and folders that reach for other files, or hold more than they seem to."""

from __future__ import annotations

import json
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.hostile_files.making import (
    CANARY,
    Hostile,
    archive,
    called,
    legacy_file,
    named,
    plain_safetensors,
    state,
    tensor,
    torch_file,
    zipped,
)

GIGABYTE = 10**9
CONFIG = {"model_type": "vit", "hidden_size": 32, "num_hidden_layers": 1}


def _zip(entries: dict[str, bytes], **more: Any) -> Callable[[Path], Path]:
    return lambda folder: archive(entries, folder / "folder.zip", **more)


def _patched(change: Callable[[bytearray], None]) -> Callable[[Path], Path]:
    """A zip archive with a sound entry, some bytes of which are changed."""

    def make(folder: Path) -> Path:
        path = archive({"weights.pth": bytes(100)}, folder / "folder.zip", zipfile.ZIP_DEFLATED)
        data = bytearray(path.read_bytes())
        change(data)
        path.write_bytes(data)
        return path

    return make


def _encrypted(data: bytearray) -> None:
    data[data.index(b"PK\1\2") + 8] |= 1


def _many_declared(data: bytearray) -> None:
    struct.pack_into("<HH", data, data.index(b"PK\5\6") + 8, 60_000, 60_000)


def _wrong_directory(data: bytearray) -> None:
    struct.pack_into("<I", data, data.index(b"PK\5\6") + 16, 2**31)


def _wrong_checksum(data: bytearray) -> None:
    data[data.index(b"PK\1\2") + 16] ^= 0xFF


def _lying(folder: Path) -> Path:
    """An entry that says that it has 100 bytes, and unpacks to 10 MB."""
    path = archive({"weights.pth": bytes(10**7)}, folder / "folder.zip", zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, 100)
    path.write_bytes(data)
    return path


def _huge(data: bytearray) -> None:
    struct.pack_into("<I", data, data.index(b"PK\1\2") + 24, 3 * GIGABYTE)


def _overlapping(folder: Path) -> Path:
    """Many entries of the list that all are the same bytes."""
    content = bytes(10**7)
    body, checksum = zlib.compress(content)[2:-4], zlib.crc32(content)
    said = (0, 8, 0, 0, checksum, len(body), len(content))  # flags, method, time, date and so on
    local = struct.pack("<4s5H3I2H", b"PK\3\4", 20, *said, 1, 0) + b"w" + body
    entry = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, 20, *said, 4, 0, 0, 0, 0, 0, 0)
    entries = b"".join(entry + f"{number:04}".encode() for number in range(300))
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 300, 300, len(entries), len(local), 0)
    (folder / "folder.zip").write_bytes(local + entries + end)
    return folder / "folder.zip"


def _twice(folder: Path) -> Path:
    path = folder / "folder.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("model.safetensors", b"1")
        file.filelist.append(file.filelist[0])
    return path


def _link(folder: Path) -> Path:
    info = {"model.safetensors": {"external_attr": (stat.S_IFLNK | 0o777) << 16}}
    return archive({"model.safetensors": b"/etc/passwd"}, folder / "folder.zip", infos=info)


def _device(folder: Path) -> Path:
    info = {"model.safetensors": {"external_attr": (stat.S_IFCHR | 0o777) << 16}}
    return archive({"model.safetensors": b""}, folder / "folder.zip", infos=info)


ZIPS = (
    Hostile("an entry ../../canary", _zip({f"../../{CANARY}": b"x"})),
    Hostile("an entry with an absolute name", lambda folder: archive({f"{folder}/{CANARY}": b"x"}, folder / "f.zip")),
    Hostile("an entry ..\\canary", _zip({f"..\\{CANARY}": b"x"})),
    Hostile("an entry C:/canary", _zip({f"C:/{CANARY}": b"x"})),
    Hostile("an entry that is a link to /etc/passwd", _link),
    Hostile("an entry that is a device", _device),
    Hostile("two entries of one name", _twice),
    Hostile("an encrypted entry", _patched(_encrypted)),
    Hostile("an entry compressed by LZMA", _zip({"weights.pth": bytes(100)}, compression=zipfile.ZIP_LZMA)),
    Hostile("an entry that unpacks to 3 GB", _patched(_huge)),
    Hostile("an entry that unpacks to more than it says", _lying),
    Hostile("300 entries that are the same bytes", _overlapping),
    Hostile("a zip archive in a zip archive in a zip archive", _zip({"weights.pth": zipped(zipped(b"x"))})),
    Hostile("25,000 entries", _zip({f"{number}": b"" for number in range(25_000)})),
    Hostile("60,000 entries that aren't there", _patched(_many_declared)),
    Hostile("a list of entries behind the end", _patched(_wrong_directory)),
    Hostile("a wrong checksum", _patched(_wrong_checksum)),
    Hostile("a name of control characters", _zip({"\x1b[2J\a.pth": b"x"})),
    Hostile("folders 1,000 deep", _zip({"a/" * 1000 + "weights.pth": b"x"})),
    Hostile("only the end of a zip archive", lambda folder: _written(folder, "a.zip", b"PK\5\6" + bytes(18))),
    Hostile(
        "a torch file whose tensors are compressed",
        lambda folder: torch_file(state(w=tensor()), folder / "weights.pth", compression=zipfile.ZIP_DEFLATED),
    ),
    Hostile(
        "a torch file that holds two pickles",
        _zip({"a/data.pkl": state(w=tensor()), "b/data.pkl": state(w=tensor())}),
    ),
)


def _written(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def _folder(config: bytes | dict[str, Any], *, weights: bool = True, **files: bytes) -> Callable[[Path], Path]:
    """A folder on the server."""

    def make(folder: Path) -> Path:
        inside = folder / "folder"
        inside.mkdir()
        (inside / "config.json").write_bytes(config if isinstance(config, bytes) else json.dumps(config).encode())
        if weights:
            plain_safetensors(inside / "model.safetensors")
        for name, data in files.items():
            _written(inside, name.replace("__", "."), data)
        return inside

    return make


def _index(*files: str) -> dict[str, bytes]:
    content = {"weight_map": {f"w{number}": file for number, file in enumerate(files)}}
    return {"model__safetensors__index__json": json.dumps(content).encode()}


def _special(make_file: Callable[[Path], None]) -> Callable[[Path], Path]:
    """A folder whose weights file is no plain one."""

    def make(folder: Path) -> Path:
        inside = _folder(CONFIG, weights=False)(folder)
        make_file(inside / "model.safetensors")
        return inside

    return make


def _pickle_in_folder(folder: Path) -> Path:
    inside = _folder(CONFIG, weights=False)(folder)
    legacy_file(state(w=called(named("os", "system"), f"touch {folder / CANARY}")), inside / "pytorch_model.bin")
    return inside


FOLDERS = (
    Hostile("a config.json of depth 100,000", _folder(b'{"a":' * 10**5 + b"1" + b"}" * 10**5)),
    Hostile("a config.json of 10 MB", _folder(b"[" + b"1," * 5_000_000 + b"1]")),
    Hostile("a config.json that is a list", _folder(b"[1, 2]")),
    Hostile("an index that names /etc/passwd", _folder(CONFIG, weights=False, **_index("/etc/passwd"))),
    Hostile("an index that names ../weights", _folder(CONFIG, weights=False, **_index("../weights.safetensors"))),
    Hostile("an index of 1,000 files", _folder(CONFIG, weights=False, **_index(*(f"{n}.bin" for n in range(1000))))),
    Hostile("a weights file that is a link", _special(lambda path: path.symlink_to("/etc/passwd"))),
    Hostile("a weights file that is a pipe", _special(lambda path: os.mkfifo(path))),
    Hostile("os.system in pytorch_model.bin", _pickle_in_folder),
)
