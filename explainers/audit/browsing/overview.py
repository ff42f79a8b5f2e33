"""The numbers of a whole run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.arrays import Array
from explainers.audit.browsing.measures import BORDER_AREA
from explainers.audit.browsing.table import Table
from explainers.audit.runs.columns import UNKNOWN
from explainers.numbers import percent, significant


@dataclass(frozen=True)
class Number:
    """A number of an overview.

    title: what it is; value: in words; hint: what to hold it against.
    """

    title: str
    value: str
    hint: str


def overview(table: Table) -> tuple[Number, ...]:
    """Return the numbers of the rows that are there; those that no row has are left out."""
    broken = len(table) - int(table.has_map.sum())
    numbers = [
        Number("Pictures", f"{len(table):,}", f"{broken:,} of them without a map." if broken else "All have a map."),
        _accuracy(table),
        _median(table, "gap", "Gap, median", "How far a map's sum is from the change of score."),
        _median(table, "map_error", "Map error, median", "How wrong a map may be."),
        _in_box(table),
        _mean(
            table,
            "border_share",
            "At the border",
            f"Of a map, on average. The border is {BORDER_AREA:.0%} of the area.",
        ),
        _mean(table, "compactness", "Half of the map in", "Of the pixels. Small means compact."),
        _tested(table),
    ]
    return tuple(number for number in numbers if number)


def accuracy(table: Table, places: Array | None = None) -> float | None:
    """Return the share of right answers among the pictures whose class is known; None where there are none."""
    correct = table.correct if places is None else table.correct[places]
    known = correct[correct != UNKNOWN]
    return float(known.mean()) if len(known) else None


def known_pictures(table: Table) -> int:
    """Return the number of pictures whose class is known."""
    return int((table.correct != UNKNOWN).sum())


def _accuracy(table: Table) -> Number | None:
    share = accuracy(table)
    hint = f"Of {known_pictures(table):,} pictures whose class is known."
    return None if share is None else Number("Accuracy", percent(share), hint)


def _median(table: Table, name: str, title: str, hint: str) -> Number | None:
    values = _finite(table.measures[name])
    return Number(title, percent(float(np.median(values))), hint) if len(values) else None


def _mean(table: Table, name: str, title: str, hint: str) -> Number | None:
    values = _finite(table.measures[name])
    return Number(title, percent(float(values.mean())), hint) if len(values) else None


def _in_box(table: Table) -> Number | None:
    shares, areas = table.measures["box_share"], table.measures["box_area"]
    both = np.isfinite(shares) & np.isfinite(areas)
    if not both.any():
        return None
    area = percent(float(areas[both].mean()))
    hint = f"Of a map, on average. The boxes are {area} of the area."
    return Number("In the box", percent(float(shares[both].mean())), hint)


def _tested(table: Table) -> Number | None:
    tested = [verdict for verdict in table.removal if verdict]
    if not tested:
        return None
    against = tested.count("against") / len(tested)
    return Number("Rejected", percent(against), f"By deletion and insertion, of {len(tested):,} maps that were tested.")


def _finite(values: Array) -> Array:
    return values[np.isfinite(values)]


def written(value: float, *, share: bool) -> str:
    """Write the value of a measure; a dash where there is none."""
    if not np.isfinite(value):
        return "–"
    return percent(value) if share else significant(value)
