"""The rows of a run as arrays, for what is shown and chosen of them. Thumbnails stay on the disk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa

from explainers.arrays import Array
from explainers.audit.browsing.measures import MEASURES
from explainers.audit.cases.labels import unmatched
from explainers.audit.runs.columns import UNKNOWN, class_names, vectors, whole
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.rows import MAP_SIDE
from explainers.audit.runs.run import Run
from explainers.errors import ExplanationError

COLUMNS = (
    *("number", "path", "label", "label_index", "error", "prediction", "prediction_index", "correct", "box_area"),
    *("converged", "removal", "map", *MEASURES),
)


@dataclass(frozen=True, eq=False)
class Table:
    """The rows that are there, in the order of their numbers.

    numbers:     (n,) of the pictures.
    paths:       n of them.
    errors:      n sentences; empty where there is a map.
    labels:      (n,) the index of the class that a picture shows; UNKNOWN where that isn't known.
    predictions: (n,) the index of the likeliest class; UNKNOWN where there is none.
    correct:     (n,) 1 where the prediction is the label, 0 where it isn't, UNKNOWN where that isn't known.
    removal:     n verdicts of the test by deletion and insertion; empty where there is none.
    measures:    (n,) by their names, NaN where there is none; also the box's area and whether the map converged.
    maps:        (n, MAP_SIDE, MAP_SIDE) float16, zero where there is none.
    names:       of the classes, by their index.
    unmatched:   which of the pictures' own labels name no class, in a sentence; empty where each does.
    """

    numbers: Array
    paths: tuple[str, ...]
    errors: tuple[str, ...]
    labels: Array
    predictions: Array
    correct: Array
    removal: tuple[str, ...]
    measures: Mapping[str, Array]
    maps: Array
    names: Mapping[int, str]
    unmatched: str

    def __len__(self) -> int:
        return len(self.numbers)

    @property
    def has_map(self) -> Array:
        """(n,) bool: whether the picture could be read and explained."""
        return np.array([not error for error in self.errors], bool)

    def places(self, numbers: Array) -> Array:
        """Return where in the table the pictures of these numbers are, in their order; what isn't there is left out."""
        numbers = np.asarray(numbers, int)
        places = np.searchsorted(self.numbers, numbers).clip(max=max(0, len(self) - 1))
        return places[self.numbers[places] == numbers] if len(self) else places[:0]

    def mean_map(self, places: Array) -> Array | None:
        """Return the mean (MAP_SIDE, MAP_SIDE) of the maps in these places of the table; None where there is none."""
        mapped = places[self.has_map[places]]
        return self.maps[mapped].astype(np.float32).mean(0) if len(mapped) else None

    def classes(self, indexes: Array) -> list[int]:
        """Return the classes that occur among these, by their names."""
        return sorted({int(index) for index in np.unique(indexes)} - {UNKNOWN}, key=lambda index: self.names[index])


def read_table(run: Run) -> Table:
    """Return the rows of a run that are there; the last runs are kept, so that a page that is drawn anew reads nothing.

    Raises ExplanationError where they can't be read.
    """
    try:
        done = run.done()
        written = tuple(run.part_file(part).stat().st_mtime_ns for part in done)  # a part may have been made anew
        return _read(run.folder, run_identity(run.plan), tuple(done), written)
    except (OSError, pa.ArrowException) as error:
        raise ExplanationError(f"A part of {run.folder.name} can't be read: its file is damaged, or gone.") from error


@lru_cache(maxsize=4)
def _read(folder: Path, identity: str, done: tuple[int, ...], written: tuple[int, ...]) -> Table:
    run = Run.open(folder)
    rows = run.table(COLUMNS).sort_by("number").combine_chunks()
    numbers, labels = rows["number"].to_numpy(), whole(rows["label_index"])
    errors = tuple(error or "" for error in rows["error"].to_pylist())
    measures = {name: _floats(rows[name]) for name in (*MEASURES, "box_area", "converged")}
    return Table(
        numbers=numbers,
        paths=tuple(rows["path"].to_pylist()),
        errors=errors,
        labels=labels,
        predictions=whole(rows["prediction_index"]),
        correct=whole(rows["correct"].cast(pa.int8())),
        removal=tuple(verdict or "" for verdict in rows["removal"].to_pylist()),
        measures=measures,
        maps=vectors(rows["map"], MAP_SIDE**2, np.float16, missing=0).reshape(-1, MAP_SIDE, MAP_SIDE),
        names=class_names(rows),
        unmatched=_unmatched(run, numbers, labels),
    )


def _unmatched(run: Run, numbers: Array, labels: Array) -> str:
    """Say which labels of the list of pictures name no class, by the rows of these numbers, whose classes are `labels`.

    Where the list is damaged, nothing is said: the rows are as good as ever.
    """
    try:
        own = [run.cases[number].label for number in numbers]
    except ExplanationError:
        return ""
    named = {label for label, index in zip(own, labels, strict=True) if index != UNKNOWN}
    return unmatched(Counter(label for label in own if label is not None), named - {None})


def _floats(column: pa.ChunkedArray) -> Array:
    column = column.cast(pa.int8()) if pa.types.is_boolean(column.type) else column
    values: Array = column.cast(pa.float64()).to_numpy()  # null becomes NaN
    return values
