"""What tables say of pictures: an entry for each picture and each object in it."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from explainers.audit.cases.files import Files
from explainers.audit.cases.tables import Table
from explainers.classifiers.own.refusals import listed
from explainers.classifiers.view import Box
from explainers.errors import ExplanationError
from explainers.numbers import counted


@dataclass(frozen=True)
class Entry:
    """A picture, by the name of its file, with its class and the box around an object.

    row: what its table says besides, by the headings of the columns.
    """

    name: str
    label: str | None = None
    box: Box | None = None
    row: Mapping[str, str] = field(default_factory=dict, compare=False)


def entries(table: Table, folder: str, files: Files) -> tuple[list[Entry], list[str]]:
    """Return an entry for each row of a table whose paths begin in a folder, and what was left out, in sentences.

    Raises ExplanationError for boxes in shares of the picture.
    """
    found, blank, no_boxes = list[Entry](), 0, list[str]()
    for row in table.rows:
        path = row[table.path].strip()
        if not path:
            blank += 1
            continue
        sides = [row[heading].strip() for heading in table.box]
        box = _box(sides, table.has_sizes) if any(sides) else None
        if any(sides) and box is None:
            no_boxes.append(path)
        label = row[table.label].strip() if table.label else ""
        others = {heading: row[heading].strip() for heading in table.others}
        found.append(Entry(files.name(path, folder), label or None, box, others))
    boxes = [entry.box for entry in found if entry.box]
    if boxes and max(max(box) for box in boxes) <= 1:
        raise ExplanationError(
            "The boxes seem to be in shares of the picture. Give their sides in pixels of the upright photo."
        )
    notes = list(table.notes)
    if blank:
        notes.append(f"{counted(blank, 'row')} without a path left out.")
    if no_boxes:
        notes.append(f"{counted(len(no_boxes), 'box', 'boxes')} without an area left out: {listed(no_boxes)}.")
    return found, notes


def with_boxes(given: Sequence[Entry], boxes: Sequence[Entry]) -> tuple[list[Entry], list[str]]:
    """Return the entries with the boxes of those that say the same of the same picture, and what fitted nothing.

    A picture with several boxes has an entry for each.
    """
    by_name = defaultdict(list)
    for entry in boxes:
        by_name[entry.name].append(entry)
    joined, used = list[Entry](), set[int]()
    for entry in given:
        fitting = [each for each in by_name.get(entry.name, ()) if each.box and _agree(entry.row, each.row)]
        used.update(map(id, fitting))
        joined += [replace(entry, box=each.box) for each in fitting] or [entry]
    left = [entry.name for entry in boxes if id(entry) not in used]
    notes = [f"{counted(len(left), 'box', 'boxes')} of no listed picture and class left out: {listed(left)}."]
    return joined, notes if left else []


def _agree(first: Mapping[str, str], second: Mapping[str, str]) -> bool:
    return all(first[heading] == second[heading] for heading in first.keys() & second.keys())


def _box(sides: Sequence[str], has_sizes: bool) -> Box | None:
    """Return the box with these sides; None if it has no area."""
    try:
        left, top, right, bottom = map(float, sides)
    except ValueError:
        return None
    if has_sizes:
        right, bottom = left + right, top + bottom
    box = left, top, right, bottom
    return box if all(map(math.isfinite, box)) and left < right and top < bottom else None
