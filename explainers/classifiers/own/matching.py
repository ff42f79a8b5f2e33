"""Finds the architectures whose files look like a given one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice
from typing import Literal

from explainers.classifiers.own.fingerprint import (
    Outline,
    Shapes,
    alike,
    by_place,
    compared,
    named_hash,
    ordered_hash,
    sketch,
    without,
)
from explainers.classifiers.own.heads import Head, read_head
from explainers.classifiers.own.table import Fingerprint, table

MOST_IN_A_GROUP = 12  # tensors of a head, or of something else beside the network
MOST_SIDES = 2  # and of how many dimensions
MAIN_SHARE = 0.75  # a first part of names that so many bear may be a prefix
MOST_GROUPS = 64  # that are tried as a head: a file of a stranger must not keep the server busy
HEAD_DEPTH = 3  # of a module that is tried as a head
SPARE = 64  # tensors that a file may have beyond those of the largest architecture
Index = Mapping[Outline, Mapping[str, tuple[Fingerprint, ...]]]  # by what is left blank, and by hash


@dataclass(frozen=True)
class Match:
    """A fingerprint that a file has.

    how:      "named": all names and shapes fit. "sizeless": all but those that vary with the image size.
              "headless": all but the head. "ordered": the shapes, in order.
    head:     layers that replace the architecture's own head; None: it has its own.
    prefix:   what has to be taken off the names.
    left_out: names of tensors that are not the network's.
    """

    fingerprint: Fingerprint
    how: Literal["named", "sizeless", "headless", "ordered"]
    classes: int
    channels: int
    size: int
    head: Head | None = None
    prefix: str = ""
    left_out: tuple[str, ...] = ()


def matches(shapes: Shapes) -> tuple[Match, ...]:
    """Return the matches of the strictest kind that there is. All tensors are accounted for in each."""
    shapes = compared(shapes)
    if len(shapes) > max(row.tensors for row in table().fingerprints) + SPARE:
        return ()
    ways = (_named, _sizeless, _headless, _with_something_beside, _prefixed, _ordered)
    return next((found for way in ways if (found := tuple(way(shapes)))), ())


def bodies(shapes: Shapes) -> tuple[Fingerprint, ...]:
    """Return the fingerprints of the architectures that tensors are the whole body of, without any head."""
    shapes = compared(shapes)
    return tuple(row for row in _of_hash(shapes, _indexed("headless")) if shapes)


def nearest(shapes: Shapes, most: int) -> tuple[tuple[Fingerprint, float], ...]:
    """Return the fingerprints with the most tensors in common, and about which share they have; best first."""
    own = sketch(compared(shapes))
    rated = ((row, alike(own, row.sketch)) for row in table().fingerprints)
    return tuple(sorted(rated, key=lambda pair: -pair[1])[:most])


def _named(shapes: Shapes) -> Iterator[Match]:
    for row in _of_hash(shapes, _indexed("named")):
        yield from _told(row, row.outline, shapes, "named")


def _sizeless(shapes: Shapes) -> Iterator[Match]:
    for row in _of_hash(shapes, _indexed("sizeless")):
        if row.outline.role("size"):
            yield from _told(row, row.outline, shapes, "sizeless")


def _headless(shapes: Shapes) -> Iterator[Match]:
    groups = list(_groups(shapes, HEAD_DEPTH))
    heads = ((inside, head) for prefix, inside in reversed(groups) if (head := read_head("", prefix, inside)))
    for inside, head in islice(heads, MOST_GROUPS):
        body = {name: shape for name, shape in shapes.items() if name not in inside}
        for level in ("headless", "trunk"):
            for row in _of_hash(body, _indexed(level)):
                if module := _replaced(row, level):
                    for match in _told(row, row.outline.without_head(), body, "headless", head.classes):
                        yield replace(match, head=replace(head, module=module))


def _with_something_beside(shapes: Shapes) -> Iterator[Match]:
    """Match the rest after a group was left out that can't be a layer between others, for want of a matrix."""
    groups = (inside for _, inside in _groups(shapes, 1) if all(len(shape) < 2 for shape in inside.values()))
    for inside in islice(groups, MOST_GROUPS):
        rest = {name: shape for name, shape in shapes.items() if name not in inside}
        for match in _named(rest):
            yield replace(match, left_out=tuple(inside))


def _ordered(shapes: Shapes) -> Iterator[Match]:
    for places, rows in _by_places(len(shapes)).items():
        if (outline := by_place(shapes, places)) is None:
            continue
        for row in rows.get(ordered_hash(shapes, outline), ()):
            yield from _told(row, outline, shapes, "ordered")


def _prefixed(shapes: Shapes) -> Iterator[Match]:
    (first, count), *_ = Counter(name.partition(".")[0] for name in shapes).most_common(1) or [("", 0)]
    prefix = f"{first}."
    stripped = {name.removeprefix(prefix): shape for name, shape in shapes.items()}
    if len(stripped) == len(shapes) and count >= MAIN_SHARE * len(shapes):
        for way in (_named, _sizeless, _headless, _with_something_beside):
            yield from (replace(match, prefix=prefix) for match in way(stripped))


def _told(
    row: Fingerprint,
    outline: Outline,
    shapes: Shapes,
    how: Literal["named", "sizeless", "headless", "ordered"],
    classes: int | None = None,
) -> Iterator[Match]:
    """Give the match of a row, unless the lengths that vary contradict each other."""
    classes = classes or outline.told("classes", shapes)
    channels = outline.told("channels", shapes) if outline.role("channels") else row.architecture.channels
    size = outline.told("size", shapes) if outline.role("size") else row.architecture.size
    rescales = dict(row.architecture.settings).get("transform_input")
    if classes and channels and size and (channels == row.architecture.channels or not rescales):
        yield Match(row, how, classes, channels, size)


def _groups(shapes: Shapes, depth: int) -> Iterator[tuple[str, Shapes]]:
    """Give modules down to a depth, and tensors at the top: (name, tensors), each of few tensors of few dimensions."""
    inside: dict[str, dict[str, tuple[int, ...]]] = defaultdict(dict)
    for name, shape in shapes.items():
        parts = name.split(".", depth + 1)
        for level in range(1, max(2, min(len(parts), depth + 1))):
            inside[".".join(parts[:level])][name] = shape
    for prefix, tensors in inside.items():
        if len(tensors) <= MOST_IN_A_GROUP and all(len(shape) <= MOST_SIDES for shape in tensors.values()):
            yield prefix, tensors


def _replaced(row: Fingerprint, level: str) -> str | None:
    """The module of the network that another head takes the place of; None where there are several."""
    modules = row.outline.head
    if level == "trunk":
        modules = tuple(dict.fromkeys(module.partition(".")[0] for module in modules))
    return modules[0] if len(modules) == 1 and modules[0] else None


def _of_hash(shapes: Shapes, index: Index) -> Iterator[Fingerprint]:
    for outline, rows in index.items():
        if all(part.name in shapes for part in outline.parts):
            yield from rows.get(named_hash(shapes, outline), ())


def outline_of(level: str, outline: Outline) -> Outline:
    """Return what is left blank for a hash of this level."""
    if level == "named":
        return outline.without_size()
    return outline if level == "sizeless" else Outline(outline.without_head().parts)


def hashed(level: str, shapes: Shapes, outline: Outline) -> str:
    """Return the hash of a level of a network's tensors."""
    modules: Iterable[str] = ()
    if level == "headless":
        modules = outline.head
    elif level == "trunk":
        modules = {module.partition(".")[0] for module in outline.head}
    return named_hash(without(shapes, modules), outline_of(level, outline))


@cache
def _indexed(level: str) -> Index:
    index: dict[Outline, dict[str, tuple[Fingerprint, ...]]] = defaultdict(dict)
    for row in table().fingerprints:
        rows, key = index[outline_of(level, row.outline)], getattr(row, level)
        rows[key] = (*rows.get(key, ()), row)
    return index


@cache
def _by_places(tensors: int) -> Index:
    index: dict[Outline, dict[str, tuple[Fingerprint, ...]]] = defaultdict(dict)
    for row in table().fingerprints:
        if row.places is not None and row.tensors == tensors:
            rows = index[row.places]
            rows[row.ordered] = (*rows.get(row.ordered, ()), row)
    return index
