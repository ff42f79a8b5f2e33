"""What findings are found in: the rows of a run that have a map, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa
from pyarrow import compute

from explainers.arrays import Array
from explainers.audit.findings.finding import AuditFinding, Kind
from explainers.audit.findings.shares import REPORTED
from explainers.audit.runs.columns import UNKNOWN, class_names, vectors, whole
from explainers.audit.runs.rows import CELL_SIDE, MAP_SIDE
from explainers.audit.runs.run import Run

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

    def finding(
        self,
        *,
        id: str,
        kind: Kind,
        title: str,
        sentence: str,
        caveat: str,
        label: int | None,
        sure: float,
        places: Array,
        numbers: tuple[tuple[str, float], ...],
        cells: tuple[int, ...] = (),
    ) -> AuditFinding:
        """Return a finding about the pictures in these places, with their mean map; one that is sure is reported."""
        return AuditFinding(
            id=id,
            kind=kind,
            title=title,
            sentence=sentence,
            caveat=caveat,
            label=label,
            sure=sure,
            reported=sure >= REPORTED,
            pictures=tuple(self.numbers[places].tolist()),
            mean_map=self.mean_map(places),
            cells=cells,
            numbers=numbers,
        )


def read_evidence(run: Run) -> Evidence:
    """Read the rows that are there. Raises ExplanationError where they can't be read."""
    table = run.table(COLUMNS)
    rows = len(table)
    table = table.filter(compute.and_(compute.is_null(table["error"]), compute.is_valid(table["map"])))
    described = table["description"].is_valid().to_numpy()  # a map of zeros has no description
    descriptions = np.where(described[:, None], vectors(table["description"], CELL_SIDE**2, np.float32), 0)
    maps = vectors(table["map"], MAP_SIDE**2, np.float16)
    finite = np.asarray(np.isfinite(descriptions).all(1) & np.isfinite(maps).all(1))
    order = np.argsort(whole(table["number"]), kind="stable")
    chosen = order[finite[order]]
    colours = np.hstack([vectors(table[name], 3, np.float32) for name in ("colour_mean", "colour_std")])
    return Evidence(
        numbers=whole(table["number"])[chosen],
        labels=whole(table["label_index"])[chosen],
        predictions=whole(table["prediction_index"])[chosen],
        explained=whole(table["target_index"])[chosen],
        descriptions=descriptions[chosen],
        maps=maps[chosen],
        colours=colours[chosen],
        removal=np.array([text or "" for text in table["removal"].to_pylist()], dtype=object)[chosen],
        scalars={name: table[name].cast(pa.float64()).to_numpy()[chosen] for name in SCALARS},
        names=class_names(table),
        rows=rows,
    )
