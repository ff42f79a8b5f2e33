"""Zip archives of strangers: what is in them is checked before any of it is unpacked."""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from explainers.classifiers.own.refusals import SAVE, megabytes, shown
from explainers.classifiers.own.tensors import CHUNK, Region
from explainers.errors import ExplanationError

MAX_ENTRIES = 20_000
MAX_DIRECTORY = 8 * 10**6  # bytes, of the list of entries at an archive's end
MAX_DEPTH = 8
LOCAL_HEADER = struct.Struct("<4s22xHH")
END = struct.Struct("<4s4xHHII2x")
END_LENGTH, LONGEST_COMMENT = 22, 2**16
DAMAGED = "The zip archive is damaged or cut short. Please make it again."


@contextmanager
def opened(
    path: Path, max_bytes: int, *, max_entries: int = MAX_ENTRIES, max_directory: int = MAX_DIRECTORY
) -> Iterator[zipfile.ZipFile]:
    """Open a zip archive whose entries have sound names and take up to so many bytes when they are unpacked.

    Raises ExplanationError.
    """
    with open(path, "rb") as file:
        _check_directory(file, max_entries, max_directory)
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OverflowError, OSError) as error:
            raise ExplanationError(DAMAGED) from error
        with archive:
            if any(not 0 <= info.header_offset < path.stat().st_size for info in archive.infolist()):
                raise ExplanationError(DAMAGED)
            _check_entries(archive.infolist(), max_bytes)
            try:
                yield archive
            except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error) as error:
                raise ExplanationError(DAMAGED) from error


def files_of(archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Return the files of an archive, by their names in its one top folder, if it has one."""
    files = {
        info.filename: info
        for info in archive.infolist()
        if not info.is_dir() and "__MACOSX" not in PurePosixPath(info.filename).parts and not _is_hidden(info.filename)
    }
    tops = {name.partition("/")[0] for name in files if "/" in name}
    if len(tops) == 1 and all("/" in name for name in files):
        return {name.partition("/")[2]: info for name, info in files.items()}
    return files


def region_of(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Region:
    """Find the bytes of an entry that isn't compressed in its archive's file.

    Raises ExplanationError.
    """
    if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
        raise ExplanationError(
            f"The file's tensors are compressed, as those of torch.save aren't. Save it again: {SAVE}"
        )
    file = archive.fp
    assert file
    file.seek(info.header_offset)
    header = file.read(LOCAL_HEADER.size)
    if len(header) < LOCAL_HEADER.size or not header.startswith(b"PK\x03\x04"):
        raise ExplanationError(DAMAGED)
    _, name_length, extra_length = LOCAL_HEADER.unpack(header)
    start = info.header_offset + LOCAL_HEADER.size + name_length + extra_length
    if start + info.file_size > file.seek(0, 2):
        raise ExplanationError(DAMAGED)
    return Region(start, info.file_size)


def content(archive: zipfile.ZipFile, info: zipfile.ZipInfo, max_bytes: int) -> bytes:
    """Read an entry of up to so many bytes.

    Raises ExplanationError.
    """
    if info.file_size > max_bytes:
        raise ExplanationError(
            f"{shown(info.filename)} in the zip archive has {megabytes(info.file_size)}; up to "
            f"{megabytes(max_bytes)} are read."
        )
    with archive.open(info) as entry:
        return entry.read(max_bytes + 1)


def unpack(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> None:
    """Write an entry to a new file, in as many bytes as the archive says that it has."""
    with archive.open(info) as entry, open(path, "xb") as file:
        while part := entry.read(CHUNK):
            file.write(part)


def _check_directory(file: IO[bytes], max_entries: int, max_directory: int) -> None:
    """Check how many entries an archive has before a list of them is made."""
    size = file.seek(0, 2)
    file.seek(max(0, size - END_LENGTH - LONGEST_COMMENT))
    tail = file.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < END_LENGTH:
        raise ExplanationError(DAMAGED)
    _, _, count, length, _ = END.unpack_from(tail, at)
    if length == 0xFFFFFFFF or count == 0xFFFF:  # the numbers are in another record, before this one
        at64 = tail.rfind(b"PK\x06\x06", 0, at)
        if at64 < 0 or len(tail) - at64 < 56:
            raise ExplanationError(DAMAGED)
        count, length = struct.unpack_from("<QQ", tail, at64 + 32)
    if count > max_entries or length > max_directory:
        raise ExplanationError(
            f"The zip archive has {count:,} entries, whose names take {megabytes(length)}; up to {max_entries:,} "
            f"entries and {megabytes(max_directory)} are read."
        )


def _check_entries(entries: list[zipfile.ZipInfo], max_bytes: int) -> None:
    names = set[str]()
    for info in entries:
        name = info.filename
        parts = PurePosixPath(name).parts
        wrong = (
            "has a name that can't be printed"
            if not name.isprintable() or not name
            else "lies outside of its folder"
            if name.startswith("/") or "\\" in name or ".." in parts or ":" in parts[0]
            else "lies in too many folders"
            if len(parts) > MAX_DEPTH
            else "is a link"
            if stat.S_ISLNK(info.external_attr >> 16)
            else "is no plain file"
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR)
            else "is encrypted"
            if info.flag_bits & 1
            else "is compressed in an unusual way"
            if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            else "is there twice"
            if name in names
            else ""
        )
        if wrong:
            raise ExplanationError(
                f"The zip archive isn't unpacked: {shown(name)} in it {wrong}. Pack the plain files of one folder."
            )
        names.add(name)
    if (total := sum(info.file_size for info in entries)) > max_bytes:
        raise ExplanationError(f"The zip archive unpacks to {megabytes(total)}; up to {megabytes(max_bytes)} are read.")


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(name).parts)
