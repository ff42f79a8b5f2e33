"""What findings are found in: the rows of a run that have a map, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from pyarrow import compute

from explainers.arrays import Array
from explainers.audit.runs.rows import CELL_SIDE, MAP_SIDE
from explainers.audit.runs.run import Run

UNKNOWN = -1  # stands for the index of a class that isn't known
SCALARS = (
    "probability",
    "box_area",
    "box_share",
    "box_peak",
    "deletion_beaten",
    "insertion_beaten",
)
COLUMNS = (
    "number",
    "label",
    "label_index",
    "error",
    "prediction",
    "prediction_index",
    "target_index",
    "removal",
    *SCALARS,
    "colour_mean",
    "colour_std",
    "map",
    "description",
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """The n rows of a run that have a map.

    numbers:      (n,) of the pictures in the list of cases, rising.
    labels:       (n,) the index of the class that each shows; UNKNOWN where that isn't known.
    predictions:  (n,) the index of the likeliest class.
    explained:    (n,) the index of the class that its map explains.
    descriptions: (n, 64) float32, of length 1, or 0 for a map of zeros.
    maps:         (n, 1024) float16, in multiples of the mean of each.
    colours:      (n, 6) float32, the means of the channels and then their standard deviations; NaN where not kept.
    removal:      (n,) what the displaced-maps test says of each map; empty where it wasn't made.
    scalars:      the other measures, (n,) each, by the name of the column; NaN where there is none.
    names:        the names of the classes that occur, by index.
    rows:         how many rows there are, those without a map included.
    """

    numbers: Array
    labels: Array
    predictions: Array
    explained: Array
    descriptions: Array
    maps: Array
    colours: Array
    removal: Array
    scalars: Mapping[str, Array]
    names: Mapping[int, str]
    rows: int

    @cached_property
    def classes(self) -> Array:
        """(n,) the class of each picture: the one that it shows where that is known, else the one that is explained."""
        return np.where(self.labels == UNKNOWN, self.explained, self.labels)

    @cached_property
    def has_map(self) -> Array:
        """(n,) whether a map isn't zero everywhere."""
        return np.asarray(self.descriptions.any(1))

    def members(self, index: int) -> Array:
        """Return the places, in these arrays, of a class's pictures whose maps explain it and aren't all zero.

        Where another class is explained, because the classifier takes the picture for that, the map says nothing about
        how the classifier knows this one.
        """
        return np.flatnonzero((self.classes == index) & (self.explained == index) & self.has_map)

    def name(self, index: int) -> str:
        """Return the name of a class."""
        return self.names.get(index, f"class {index}")

    def mean_map(self, places: Array) -> tuple[float, ...]:
        """Return the mean of some small maps, row by row."""
        return tuple(self.maps[places].mean(0, dtype=np.float32).round(4).tolist()) if len(places) else ()


def read_evidence(run: Run) -> Evidence:
    """Read the rows that are there. Raises ExplanationError where they can't be read."""
    table = run.table(COLUMNS)
    rows = len(table)
    table = table.filter(compute.and_(compute.is_null(table["error"]), compute.is_valid(table["map"])))
    described = table["description"].is_valid().to_numpy()  # a map of zeros has no description
    descriptions = np.where(described[:, None], _vectors(table["description"], CELL_SIDE**2, np.float32), 0)
    maps = _vectors(table["map"], MAP_SIDE**2, np.float16)
    finite = np.asarray(np.isfinite(descriptions).all(1) & np.isfinite(maps).all(1))
    names: dict[int, str] = {}
    for kind in ("label", "prediction"):
        pairs = zip(table[f"{kind}_index"].to_pylist(), table[kind].to_pylist(), strict=True)
        names |= {index: name for index, name in pairs if index is not None and name is not None}
    order = np.argsort(_whole(table["number"]), kind="stable")
    chosen = order[finite[order]]
    colours = np.hstack([_vectors(table[name], 3, np.float32) for name in ("colour_mean", "colour_std")])
    return Evidence(
        numbers=_whole(table["number"])[chosen],
        labels=_whole(table["label_index"])[chosen],
        predictions=_whole(table["prediction_index"])[chosen],
        explained=_whole(table["target_index"])[chosen],
        descriptions=descriptions[chosen],
        maps=maps[chosen],
        colours=colours[chosen],
        removal=np.array([text or "" for text in table["removal"].to_pylist()], dtype=object)[chosen],
        scalars={name: table[name].cast(pa.float64()).to_numpy()[chosen] for name in SCALARS},
        names=names,
        rows=rows,
    )


def _whole(column: pa.ChunkedArray) -> Array:
    """Return a column of whole numbers, with UNKNOWN where there is none."""
    return np.asarray(column.fill_null(UNKNOWN).to_numpy()).astype(np.int64)


def _vectors(column: pa.ChunkedArray, length: int, kind: type) -> Array:
    """Return a column of lists of the same length as an array (n, length), with NaN where there is none."""
    vectors: Array = np.full((len(column), length), np.nan, kind)
    there = column.is_valid().to_numpy()
    flat = column.drop_null().combine_chunks().flatten()
    vectors[there] = np.asarray(flat.to_numpy(zero_copy_only=False)).reshape(-1, length)
    return vectors
