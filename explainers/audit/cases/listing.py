"""The cases of an audit: pictures with the classes they show, from a folder, a table or a zip archive.

What is listed depends on the files alone, not on the order in which a file system names them. No picture is opened for
it: one that is broken, missing or not to be read is a case like the others, and reading it says why.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from explainers.audit.cases import tables
from explainers.audit.cases.class_folders import labels_by_folder
from explainers.audit.cases.entries import Entry, entries, with_boxes
from explainers.audit.cases.files import Files, FolderFiles, is_text, leads_out
from explainers.audit.cases.tables import Table, read_table
from explainers.audit.cases.zip_files import zip_files
from explainers.classifiers.own.refusals import listed, shown
from explainers.classifiers.view import Box
from explainers.errors import ExplanationError
from explainers.images.headers import SUFFIXES
from explainers.numbers import counted

METADATA = tuple(f"metadata{suffix}" for suffix in tables.SUFFIXES)  # of a folder of Hugging Face's
Found = tuple[list[Entry], list[str]]


@dataclass(frozen=True)
class Case:
    """One picture of an audit.

    path:   where it is within its source, with "/" between folders.
    label:  the class that it shows, as the source names it; None where that isn't known.
    box:    (left, top, right, bottom) around its object, in pixels of the upright photo; None where there is none.
    nbytes: the size of its file when it was listed.
    """

    path: str
    label: str | None = None
    box: Box | None = None
    nbytes: int = 0


class LostSourceError(ExplanationError):
    """The pictures of an audit are out of reach altogether, which is no fault of any of them."""


@dataclass(frozen=True)
class Listing:
    """The cases of a source.

    source: the folder or the zip archive that the pictures lie in.
    cases:  sorted by their paths.
    notes:  what was left out, and what was chosen where there was a choice, in sentences.
    """

    source: Path
    cases: tuple[Case, ...]
    notes: tuple[str, ...]


def list_cases(source: Path, *, boxes: Path | None = None, pictures: Path | None = None) -> Listing:
    """List the pictures of a folder, of a table of paths, or of a zip archive with either in it.

    source:   a folder, in which sub-folders are classes, or which has the metadata.csv, .jsonl or .parquet of a folder
              of Hugging Face's; a table (CSV, TSV, JSON lines or Parquet) with a column of paths and, where it has
              them, of classes and of the sides of boxes; or a zip archive of a folder, with one table at its top or
              none.
    boxes:    a table of boxes. A row of it belongs to the pictures of the same path that have the same text in every
              other column that both tables have.
    pictures: the folder that a table's paths begin in, and that they can't lead out of; None: the table's own.

    Raises ExplanationError for a source that can't be read, or that holds no picture.
    """
    if source.suffix.lower() in tables.SUFFIXES and not source.is_dir():
        files: Files = FolderFiles(pictures or source.parent)
        found, notes = entries(_table(source), "", files)
    else:
        if pictures:
            raise ExplanationError("A folder of pictures can be named for a table only.")
        files = _files(source)
        found, notes = _in_files(files)
    if boxes:
        table = _table(boxes)
        if not table.box:
            raise ExplanationError(f"{shown(boxes.name)} has no columns of boxes: left, top, right and bottom.")
        of_boxes, more = entries(table, "", files)
        found, left = with_boxes(found, of_boxes)
        notes += more + left
    if not found:
        raise ExplanationError(f"{source} holds no picture.")
    if not is_text(str(files.root)):
        raise ExplanationError(f"{shown(str(files.root))} has a name that isn't UTF-8. Give it one that is.")
    cases, more = _cases(found, files)
    return Listing(files.root, tuple(cases), (*notes, *more))


def read(source: str | Path, case: Case) -> bytes:
    """Return the bytes of a picture's file.

    Raises LostSourceError where the source as a whole isn't there, and else ExplanationError where the file can't be
    read or isn't what was listed.
    """
    data = _files(Path(source)).read(case.path)
    if len(data) != case.nbytes:
        raise ExplanationError(
            f"The file has changed since the pictures were listed: it had {case.nbytes:,} bytes, and has {len(data):,}."
        )
    return data


def _files(source: Path) -> Files:
    """Return the files of a folder or a zip archive. Raises ExplanationError where it is neither."""
    try:
        is_folder, is_there = source.is_dir(), source.exists()
    except (OSError, ValueError) as error:  # no name that a file could have
        raise LostSourceError(f"{shown(str(source))} isn't there.") from error
    if is_folder:
        return FolderFiles(source)
    if not is_there:
        raise LostSourceError(f"{shown(str(source))} isn't there.")
    if source.suffix.lower() != ".zip":
        raise ExplanationError(
            f"{shown(source.name)} is neither a folder nor a zip archive, nor a table ({', '.join(tables.SUFFIXES)})."
        )
    return zip_files(source)


def _in_files(files: Files) -> Found:
    """Find the pictures in a folder or a zip archive: by its tables if it has some, else by its folders."""
    sizes, notes = files.sizes()
    pictures = [name for name in sizes if name.lower().endswith(SUFFIXES)]
    named = sorted(name for name in sizes if posixpath.basename(name) in METADATA)
    at_top = _tables_at_top([*sizes])
    if not named and len(at_top) == 1 and not isinstance(files, FolderFiles):  # of a folder, a table can be named
        named = at_top
    if not named:
        if at_top:
            notes.append(f"Classes and boxes aren't taken from {listed(at_top)}: that needs to be given as the source.")
        found = [Entry(name, label) for name, label in labels_by_folder(pictures).items()]
        return found, notes
    found = []
    for name in named:
        of_table, more = entries(read_table(name, files.read(name, tables.MAX_BYTES)), posixpath.dirname(name), files)
        found += of_table
        notes += more
    unnamed = sorted({*pictures} - {entry.name for entry in found})
    if unnamed:
        notes.append(f"{_pictures(len(unnamed))} left out, because no table names them: {listed(unnamed)}.")
    return found, notes


def _tables_at_top(names: Sequence[str]) -> list[str]:
    """Return the names of the tables at the top, or in the one top folder."""
    tops = {name.partition("/")[0] for name in names}
    depth = 1 if len(tops) == 1 and all("/" in name for name in names) else 0
    return sorted(name for name in names if name.count("/") == depth and name.lower().endswith(tables.SUFFIXES))


def _table(path: Path) -> Table:
    """Read a table that the user named."""
    if path.suffix.lower() not in tables.SUFFIXES:
        raise ExplanationError(f"{shown(path.name)} is no table ({', '.join(tables.SUFFIXES)}).")
    file = path.resolve()
    return read_table(path.name, FolderFiles(file.parent).read(file.name, tables.MAX_BYTES))


def _cases(found: Sequence[Entry], files: Files) -> tuple[list[Case], list[str]]:
    """Return the cases of entries, by their paths, and what is to be known of them, in sentences."""
    entries, notes = sorted({*found}, key=lambda entry: (entry.name, entry.label or "", entry.box or ())), []
    sizes = {entry.name: files.size(entry.name) for entry in entries}
    outside = [name for name in sizes if leads_out(name)]
    missing = [name for name, size in sizes.items() if size is None and not leads_out(name)]
    if outside:
        notes.append(f"{_pictures(len(outside))} outside the folder, and can't be read: {listed(outside)}.")
    if missing:
        notes.append(f"{_pictures(len(missing))} missing: {listed(missing)}.")
    if len(sizes) < len(entries):
        notes.append(
            f"{len(entries):,} rows of tables speak of {counted(len(sizes), 'picture')}; each row is a case of its own."
        )
    return [Case(each.name, each.label, each.box, sizes[each.name] or 0) for each in entries], notes


def _pictures(count: int) -> str:
    return f"{counted(count, 'picture')} {'is' if count == 1 else 'are'}"
