"""Tables of pictures: paths with classes and boxes, as CSV, TSV, JSON lines or Parquet."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explainers.classifiers.own.refusals import listed, shown
from explainers.errors import ExplanationError

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
MAX_BYTES = 200 * 10**6
MAX_COLUMNS = 1000

# Headings as they are compared: without case and without all but letters and digits. The first that is there is taken.
PATH = ("filename", "filepath", "path", "file", "imagepath", "imagefile", "imagefilename", "imagename", "image",
        "imgpath", "imgname", "img", "picture", "photo")  # fmt: skip
LABEL = ("label", "labelname", "class", "classname", "category", "categoryname", "target", "labels", "classes",
         "synset", "wnid", "labelindex", "classindex", "targetindex", "imagenetindex", "classid", "labelid",
         "categoryid")  # fmt: skip
CORNERS = (("left", "top", "right", "bottom"), ("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"),
           ("x0", "y0", "x1", "y1"))  # fmt: skip
SIDES = (("x", "y", "width", "height"), ("x", "y", "w", "h"), ("left", "top", "width", "height"),
         ("xmin", "ymin", "width", "height"))  # fmt: skip
BOX_PREFIXES = ("", "box", "bbox", "roi")


@dataclass(frozen=True)
class Table:
    """A table as it is read: texts by the headings of their columns.

    rows:      a mapping from heading to text for each row; what is blank is "".
    path:      the heading of the column with the paths of the pictures.
    label:     that of the classes; None if there is none.
    box:       those of the sides of the boxes; empty if there are none.
    has_sizes: whether the last two of these are widths and heights.
    notes:     which of several columns was taken, in sentences.
    """

    rows: Sequence[Mapping[str, str]]
    path: str
    label: str | None
    box: tuple[str, ...]
    has_sizes: bool
    notes: tuple[str, ...]

    @property
    def others(self) -> tuple[str, ...]:
        """The headings of the columns that hold neither the path nor a side of the box."""
        headings = self.rows[0] if self.rows else ()
        return tuple(heading for heading in headings if heading != self.path and heading not in self.box)


def read_table(name: str, data: bytes) -> Table:
    """Read a table; the ending of its name says of which kind it is.

    Raises ExplanationError for one that can't be read, or in which no column, or more than one, could be the path.
    """
    try:
        rows = _rows(name.lower(), data)
    except ExplanationError as error:
        raise ExplanationError(f"{shown(name)}: {error}") from error
    headings = [*(rows[0] if rows else ())]
    plain = {heading: re.sub("[^a-z0-9]", "", heading.lower()) for heading in headings}
    path, path_note = _column(name, plain, PATH, "path")
    if path is None:
        raise ExplanationError(
            f"{shown(name)} has no column of paths. Its first line must name the columns, and one of them must be "
            f'called "path", "file" or "file_name".'
        )
    label, label_note = _column(name, plain, LABEL, "class")
    box, has_sizes = _box_columns(plain)
    return Table(rows, path, label, box, has_sizes, tuple(filter(None, (path_note, label_note))))


def _rows(name: str, data: bytes) -> list[dict[str, str]]:
    if name.endswith(".parquet"):
        return _from_parquet(data)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExplanationError("The table isn't in UTF-8. Save it in that encoding.") from error
    return _from_json_lines(text) if name.endswith(".jsonl") else _from_text(text, name.endswith(".tsv"))


def _from_text(text: str, has_tabs: bool) -> list[dict[str, str]]:
    first = text.partition("\n")[0]
    separator = "\t" if has_tabs or "\t" in first else max(",;", key=first.count)
    try:
        lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        headings = [heading.strip() for heading in next(lines, [])]
        _check_headings(headings)
        filled = (line for line in lines if any(line))
        return [dict(zip(headings, [*line, *[""] * len(headings)], strict=False)) for line in filled]
    except csv.Error as error:
        raise ExplanationError(f"The table can't be read: {error}.") from error


def _from_json_lines(text: str) -> list[dict[str, str]]:
    rows = []
    for number, line in enumerate(filter(str.strip, text.split("\n")), 1):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise ExplanationError(f"Line {number} is no JSON.") from error
        if not isinstance(row, dict):
            raise ExplanationError(f"Line {number} is no JSON object.")
        rows.append(row)
    headings = list(dict.fromkeys(heading for row in rows for heading in row))
    _check_headings(headings)
    return [{heading: _text(row.get(heading)) for heading in headings} for row in rows]


def _from_parquet(data: bytes) -> list[dict[str, str]]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(pa.BufferReader(data))
    except (OSError, pa.ArrowException) as error:
        raise ExplanationError("The table is damaged, or no Parquet file.") from error
    plain = [field.name for field in table.schema if not pa.types.is_nested(field.type)]
    _check_headings(plain)
    names = _class_names(table.schema.metadata or {})
    rows = table.select(plain).to_pylist()
    return [{key: _named(value, names.get(key, ())) for key, value in row.items()} for row in rows]


def _class_names(metadata: Mapping[bytes, bytes]) -> dict[str, Sequence[str]]:
    """Return the names of the classes that columns of numbers stand for, as Hugging Face's datasets keep them."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        return {
            key: list(map(str, each["names"])) for key, each in features.items() if each.get("_type") == "ClassLabel"
        }
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError):
        return {}


def _named(value: Any, names: Sequence[str]) -> str:
    return names[value] if isinstance(value, int) and 0 <= value < len(names) else _text(value)


def _text(value: Any) -> str:
    """Return a value as the text that a CSV file would have; half a character becomes a question mark."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    return str(value).encode("utf-8", "replace").decode().strip()


def _check_headings(headings: Sequence[str]) -> None:
    if len(headings) > MAX_COLUMNS:
        raise ExplanationError(f"The table has {len(headings):,} columns; up to {MAX_COLUMNS:,} are read.")
    twice = [heading for heading in headings if headings.count(heading) > 1]
    if twice:
        raise ExplanationError(f"Two columns are both called {shown(twice[0])!r}. Give each a name of its own.")


def _column(name: str, plain: Mapping[str, str], wanted: Iterable[str], role: str) -> tuple[str | None, str]:
    """Return the heading that comes first in a list, and a sentence about those that it was chosen before."""
    fitting = list(filter(None, ([heading for heading in plain if plain[heading] == each] for each in wanted)))
    if not fitting:
        return None, ""
    if len(fitting[0]) > 1:
        raise ExplanationError(
            f"{shown(name)} has several columns that could be the {role}: {' and '.join(map(shown, fitting[0]))}. "
            "Rename all but one of them."
        )
    taken, *others = (headings[0] for headings in fitting)
    note = f"The {role} is taken from the column {shown(taken)!r} of {shown(name)}, not from {listed(others)}."
    return taken, note if others else ""


def _box_columns(plain: Mapping[str, str]) -> tuple[tuple[str, ...], bool]:
    """Return the headings of the four sides of boxes, and whether the last two are width and height."""
    by_name = {each: heading for heading, each in plain.items()}
    for has_sizes, groups in ((False, CORNERS), (True, SIDES)):
        for group in groups:
            for prefix in BOX_PREFIXES:
                names = [prefix + side for side in group]
                if all(each in by_name for each in names):
                    return tuple(by_name[each] for each in names), has_sizes
    return (), False
