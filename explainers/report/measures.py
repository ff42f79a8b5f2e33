"""Measures as a table of comma-separated values: one row for each map, or for each point of a path."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explainers.arrays import Array
from explainers.check import Check
from explainers.classifiers import Prediction
from explainers.experiments import Finding
from explainers.explanation import Explanation
from explainers.figures import Tile
from explainers.markdown import plain
from explainers.spreadsheets import harmless


@dataclass(frozen=True, eq=False)
class Measured:
    """A map of the table; without one, the reason why there is none.

    picture:    what the picture is called.
    prediction: what the classifier predicts for it; None where that isn't known.
    findings:   what tests of this map found, by their titles.
    beside:     further numbers, by the names of their columns.
    """

    title: str
    picture: str
    explanation: Explanation | None
    prediction: Prediction | None = None
    findings: Mapping[str, Finding] = field(default_factory=dict)
    reason: str = ""
    beside: Mapping[str, float | None] = field(default_factory=dict)


def measures(maps: Sequence[Measured]) -> bytes:
    """Return the table of some maps. Numbers aren't rounded, and shares are of 1."""
    return _table([_row(each) for each in maps])


def tile_measures(
    tiles: Sequence[Tile],
    prediction: tuple[str, Prediction] | None = None,
    agreement: Mapping[str, Array] | None = None,
    findings: Sequence[Mapping[str, Finding]] = (),
) -> bytes:
    """Return the table of a comparison's tiles.

    prediction: the hash of a classifier, and what it predicts for the picture.
    agreement:  measures (n, n) between the n tiles that have a map, by their names: one more column for each tile.
    findings:   of each tile, what tests of its map found, by their titles; empty: no test is told of.
    """
    with_map = [tile for tile in tiles if tile.explanation]
    rows = []
    for number, tile in enumerate(tiles, 1):
        beside: dict[str, float | None] = {}
        if tile in with_map:
            own = with_map.index(tile)
            for name, values in (agreement or {}).items():
                beside |= {
                    f"{name} with {1 + tiles.index(other)}": float(value)
                    for other, value in zip(with_map, values[own], strict=True)
                }
        known = prediction and tile.explanation and tile.explanation.facts.weights == prediction[0]
        rows.append(
            Measured(
                f"{number}: {tile.title}",
                tile.question.photo.name if tile.question else "",
                tile.explanation,
                prediction[1] if prediction and known else None,
                findings[number - 1] if findings else {},
                reason="" if tile.explanation else tile.line,
                beside=beside,
            )
        )
    return measures(rows)


def path_curves(explanation: Explanation) -> bytes:
    """Return the curves along the path of an explanation, a row for each of its points."""
    trace = explanation.trace
    if trace is None:
        raise ValueError("the explanation has no path")
    columns = {
        "alpha": trace.alphas,
        "logit": trace.logits,
        "probability": trace.probabilities,
        "slope": trace.slopes,
        "cumulative": trace.cumulative,
        "gradient_mean": trace.gradient_mean,
        "gradient_size": trace.gradient_size,
    }
    return _table([dict(zip(columns, map(float, row), strict=True)) for row in zip(*columns.values(), strict=True)])


def _row(measured: Measured) -> dict[str, Any]:
    """Return the row of a map; the columns are called as the command line calls them."""
    explanation, prediction = measured.explanation, measured.prediction
    row: dict[str, Any] = {"map": measured.title, "picture": measured.picture}
    if explanation is None:
        return row | {"reason": measured.reason}
    facts, check = explanation.facts, Check.of(explanation)
    row |= {
        "classifier": facts.classifier,
        "method": facts.method,
        "settings": "; ".join(f"{name}={value}" for name, value in facts.settings.items()),
        "prediction": prediction and prediction.label,
        "probability": prediction and prediction.probability,
        "label": facts.label,
        "versus": facts.versus,
        "scale": facts.scale,
        "score": explanation.score,
        "baseline_score": explanation.baseline_score,
        "sum": check and check.pixels,
        "gap": check and check.gap,
        "error": explanation.error,
        "converged": explanation.converged,
        "unit": facts.unit.text,
        "channels": explanation.reduction,
        "passes": facts.passes,
        "seconds": facts.seconds,
        "reason": measured.reason,
    }
    for title, finding in measured.findings.items():
        row |= {f"{title}, speaks": finding.speaks, title: plain(finding.sentence)}
    return {**row, **measured.beside}


def _table(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Return rows as a table whose header names every column that one of them has."""
    columns = dict.fromkeys(name for row in rows for name in row)
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(map(_cell, columns))
    writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)
    return stream.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str:
    """Write a value."""
    if value is None or value != value:  # undefined
        return ""
    if isinstance(value, str):
        return harmless(value)
    return str(value)
