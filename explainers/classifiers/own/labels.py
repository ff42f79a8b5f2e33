"""Reads the names of classes as people have them: lines, numbered lines, JSON, or a table."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from io import StringIO
from typing import Any

from explainers.errors import ExplanationError
from explainers.numbers import counted

MAX_CHARACTERS = 10**6  # of all names together
MAX_NAME_LENGTH = 200
NUMBERED = re.compile(r"\s*(\d{1,6})\s*[:=,;\t)]\s*(\S.*)")
HEADERS = ("label", "labels", "name", "names", "class", "classes", "class_name", "category", "categories", "title")
SEPARATORS = ",;\t"


def read_labels(text: str, classes: int) -> tuple[str, ...]:
    """Read the names of classes, in the order of the network's outputs.

    text: one name a line, which may begin with its number ("0: cat"); a JSON list, a JSON object from numbers to names
          or from names to numbers, or a configuration that has one as "id2label"; names in one line with commas; or a
          table with commas, semicolons or tabs, in which a column of numbers gives the order. Numbers may begin at 1.

    Raises ExplanationError, with a sentence that says what is wrong, unless there is one name for each class.
    """
    if len(text) > MAX_CHARACTERS:
        raise ExplanationError(f"The names have {len(text):,} characters; up to {MAX_CHARACTERS:,} are read.")
    text = text.strip("\ufeff \t\r\n")
    if not text:
        raise ExplanationError(f"There are no names. Give {counted(classes, 'name', 'names')}, one a line.")
    names = _from_json(text, classes) if text[0] in "[{" else _from_lines(text.splitlines(), classes)
    return checked(names, classes)


def checked(names: Sequence[str], classes: int) -> tuple[str, ...]:
    """Return names with their white space made plain. Raises ExplanationError unless there is one for each class."""
    names = tuple(" ".join("".join(char if char.isprintable() else " " for char in name).split()) for name in names)
    if len(names) != classes:
        are = "is" if len(names) == 1 else "are"
        raise ExplanationError(
            f"There {are} {counted(len(names), 'name', 'names')} for {counted(classes, 'class', 'classes')}. Give one "
            "name for each number that the network puts out, in that order."
        )
    first: dict[str, int] = {}
    for number, name in enumerate(names):
        if not name:
            raise ExplanationError(f"Class {number} has no name: its line is blank. Give it one.")
        if len(name) > MAX_NAME_LENGTH:
            raise ExplanationError(
                f"The name of class {number} has {len(name):,} characters; up to {MAX_NAME_LENGTH} are read."
            )
        if name in first:
            raise ExplanationError(
                f"Class {first[name]} and class {number} are both called {name!r}. Give each a name of its own."
            )
        first[name] = number
    return names


def _from_json(text: str, classes: int) -> Sequence[str]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f" in line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise ExplanationError(
            f"The names look like JSON, but can't be read{where}. Or give one name a line."
        ) from error
    if isinstance(content, Mapping) and isinstance(content.get("id2label"), Mapping):
        content = content["id2label"]
    if isinstance(content, Mapping):
        numbers = [_number(key) for key in content]
        if None not in numbers:
            return _in_order(zip(numbers, map(_name, content.values()), strict=True), classes)
        numbers = [_number(value) for value in content.values()]
        if None not in numbers:
            return _in_order(zip(numbers, map(str, content), strict=True), classes)
        raise ExplanationError("A JSON object of names must map numbers to names, or names to numbers.")
    return [_name(item) for item in content]


def _name(item: Any) -> str:
    """Return the name in an item; of several texts, as in ["n01440764", "tench"], it is the last."""
    if isinstance(item, list) and item:
        item = item[-1]
    if isinstance(item, Mapping):
        item = next((item[key] for key in HEADERS if key in item), None)
    if isinstance(item, bool) or not isinstance(item, (str, int)):
        raise ExplanationError("Each name in JSON must be a text.")
    return str(item)


def _number(item: Any) -> int | None:
    if isinstance(item, str) and re.fullmatch(r"\s*\d{1,6}\s*", item):
        return int(item)
    return item if isinstance(item, int) and not isinstance(item, bool) else None


def _from_lines(lines: Sequence[str], classes: int) -> Sequence[str]:
    if len(lines) == 1 and classes > 1:
        (lines,) = csv.reader(lines, skipinitialspace=True)
        return lines
    table = next(filter(None, (_table(lines, separator) for separator in SEPARATORS)), None)
    if table:
        return _from_table(table, classes)
    if all(matches := [NUMBERED.fullmatch(line) for line in lines]):
        return _in_order(((int(match[1]), match[2]) for match in matches if match), classes)
    if len(lines) == classes + 1 and lines[0].strip().lower() in HEADERS:
        return lines[1:]
    return lines


def _table(lines: Sequence[str], separator: str) -> list[list[str]] | None:
    """Return the rows of a table of several columns that has a column of numbers or a known heading; else None.

    Names with commas in them make no table.
    """
    try:
        rows = list(csv.reader(StringIO("\n".join(lines)), delimiter=separator, skipinitialspace=True, strict=True))
    except csv.Error:
        return None
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return None
    is_table = _has_heading(rows[0]) or _column_of_numbers(rows) is not None
    return rows if is_table else None


def _from_table(rows: list[list[str]], classes: int) -> Sequence[str]:
    heading = [cell.strip().lower() for cell in rows[0]]
    order = _column_of_numbers(rows)
    if _has_heading(rows[0]) or (order is not None and _number(rows[0][order]) is None):
        rows = rows[1:]
    columns = [column for column in range(len(heading)) if column != order]
    column = next((column for column in columns if heading[column] in HEADERS), columns[-1])
    if order is None:
        return [row[column] for row in rows]
    return _in_order(((_number(row[order]), row[column]) for row in rows), classes)


def _has_heading(row: Sequence[str]) -> bool:
    return any(cell.strip().lower() in HEADERS for cell in row)


def _column_of_numbers(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the first column that holds numbers, each once, but for a heading."""
    for column in range(len(rows[0])):
        cells = [row[column] for row in rows]
        cells = cells[1:] if _number(cells[0]) is None else cells
        if cells and None not in (numbers := [_number(cell) for cell in cells]) and len(set(numbers)) == len(numbers):
            return column
    return None


def _in_order(numbered: Iterable[tuple[int | None, str]], classes: int) -> Sequence[str]:
    """Return names in the order of their numbers, which begin at 0 or 1."""
    names: dict[int, str] = {}
    for number, name in numbered:
        if number is None or number in names:
            raise ExplanationError(f"The number {number} appears twice among the names. Give each class one name.")
        names[number] = name
    start = 0 if 0 in names else 1
    if missing := [number for number in range(start, start + len(names)) if number not in names]:
        raise ExplanationError(
            f"There is no name with the number {missing[0]}. Number the {counted(classes, 'class', 'classes')} from 0."
        )
    return [names[number] for number in range(start, start + len(names))]
