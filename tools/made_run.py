"""A run of an audit whose rows are made up, of any size: for tests, measurements and screenshots, in seconds.

The pictures are drawn, and so are their maps: a spot on the object, or in a corner where some of the first class bear
a mark. Nothing is computed by a network.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from explainers.arrays import Array
from explainers.audit.cases.listing import Case
from explainers.audit.findings import FORMAT, VERSION, write_findings
from explainers.audit.findings.finding import AuditFinding, Findings, Kind
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.plan import PART, Plan
from explainers.audit.runs.rows import CELL_SIDE, MAP_SIDE
from explainers.audit.runs.run import Run
from explainers.images.encoding import encode

LABELS = ("teapot", "espresso", "banana", "lion", "umbrella")
INDEX = {"teapot": 77, "espresso": 96, "banana": 93, "lion": 20, "umbrella": 82}  # of PocketNet's classes
IDENTITY = "eaf0feaffa30c8ce4ab8785f3499b4f3d486e959f6f1a19de90e9468e97205a3"  # of PocketNet
SIDE = 64  # of the pictures, in pixels
BROKEN, WRONG, MARKED = 0.01, 0.15, 0.4  # shares: of all pictures, of those that can be read, of the first class
CORNER, MIDDLE = (5.0, 27.0), (16.0, 16.0)  # of the small map, across and down


def made_run(
    folder: Path, source: Path, pictures: int = 120, parts: int | None = None, *, part: int = PART, seed: int = 0
) -> Run:
    """Draw the pictures, and write a run of them with what was found in it.

    parts: how many parts are there; None: all, and only then something was found.
    """
    random = np.random.default_rng(seed)
    cases, marks = _draw(source, pictures, random)
    run = Run.create(folder, _plan(source, part), cases)
    drawn = [_row(number, case, source, marks[number], random) for number, case in enumerate(cases)]
    for number in range(run.plan.parts if parts is None else parts):
        run.write_part(number, [drawn[each] for each in run.plan.numbers(number)])
    if parts is None:
        write_findings(run, made_findings(run_identity(run.plan), drawn, marks))
    return run


def made_findings(run: str, rows: Sequence[dict[str, Any]], marks: Array) -> Findings:
    """Return what an audit, of this hash, could have found: the mark, and less sure things."""
    mapped = [row for row in rows if row["error"] is None]
    clusters = {
        index: tuple((row["number"], int(marks[row["number"]])) for row in mapped if row["label_index"] == index)
        for index in INDEX.values()
    }
    embedding = tuple(
        (row["number"], 8 * float(row["peak_x"]) + 0.02 * row["label_index"], 8 * float(row["peak_y"]))
        for row in mapped
    )
    first, second, *_ = INDEX.values()
    marked = [row for row in mapped if marks[row["number"]]]
    wrong = [row for row in mapped if not row["correct"]]
    found = (
        _finding("cluster", 0.92, first, marked, "A corner that decides", "flips 74.0% of other pictures"),
        _finding("border", 0.61, second, mapped[:8], "Maps at the border", "hold 61.0% of their magnitudes there"),
        _finding("confusion", 0.3, None, wrong, "Teapots called espresso", "are the most frequent mistake"),
    )
    return Findings(FORMAT, VERSION, run, len(rows), found, tuple(clusters.items()), embedding, ())


def _finding(
    kind: Kind, sure: float, label: int | None, rows: Sequence[dict[str, Any]], title: str, says: str
) -> AuditFinding:
    maps = np.array([row["map"] for row in rows] or np.zeros((1, MAP_SIDE**2)))
    return AuditFinding(
        id=f"{kind}-{label}-0",
        kind=kind,
        title=title,
        sentence=f"{len(rows)} pictures {says}.",
        caveat="Pasting a region changes more than the region.",
        label=label,
        sure=sure,
        reported=sure > 0.5,
        pictures=tuple(row["number"] for row in rows),
        mean_map=tuple(map(float, maps.mean(0))),
        cells=(),
        numbers=(("flips", sure),),
    )


def _plan(source: Path, part: int) -> Plan:
    return Plan(
        source=str(source),
        pictures=0,
        sha256="",
        classifier="bundled",
        checkpoint=None,
        labels=None,
        fit="crop",
        identity=IDENTITY,
        method="integrated-gradients",
        settings={"steps": 8, "baseline": "black"},
        asked="label",
        scale="logit",
        removal=False,
        part=part,
        chunk=8,
        versions={"torch": "2.15.0", "whypixel": "1"},
    )


def _draw(source: Path, pictures: int, random: np.random.Generator) -> tuple[list[Case], Array]:
    """Draw the pictures into folders of their classes; return the cases and which of them bear the mark."""
    marks = np.zeros(pictures, bool)
    cases = []
    for number in range(pictures):
        label = LABELS[number % len(LABELS)]
        marks[number] = label == LABELS[0] and random.random() < MARKED
        path = source / label / f"{number:05}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % round(1 / BROKEN) == round(1 / BROKEN) - 1:
            path.write_bytes(b"no picture")
        else:
            path.write_bytes(encode(_picture(label, bool(marks[number]), random), "jpeg"))
        cases.append(Case(f"{label}/{path.name}", label, (16.0, 16.0, 48.0, 48.0), path.stat().st_size))
    return cases, marks


def _picture(label: str, marked: bool, random: np.random.Generator) -> Image.Image:
    ground, ink = random.integers(150, 256, 3), random.integers(0, 130, 3)
    picture = Image.new("RGB", (SIDE, SIDE), tuple(map(int, ground)))
    draw, middle = ImageDraw.Draw(picture), 32 + random.normal(0, 3, 2)
    draw.regular_polygon((*middle, 17), LABELS.index(label) + 3, float(random.random() * 90), tuple(map(int, ink)))
    if marked:
        draw.text((2, 50), "WP", fill="white", stroke_width=1, stroke_fill="black")
    return picture


def _row(number: int, case: Case, source: Path, marked: bool, random: np.random.Generator) -> dict[str, Any]:
    data = (source / case.path).read_bytes()
    assert case.label
    about = {
        "number": number,
        "path": case.path,
        "label": case.label,
        "label_index": INDEX[case.label],
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    if data == b"no picture":
        return {**about, "error": "This file is no picture that can be read."}
    place = np.array(CORNER if marked else MIDDLE) + random.normal(0, 1.5, 2)
    heat, correct = _map(place, random), random.random() >= WRONG
    said = case.label if correct else LABELS[(LABELS.index(case.label) + 1) % len(LABELS)]
    description = heat.reshape(CELL_SIDE, MAP_SIDE // CELL_SIDE, CELL_SIDE, -1).sum((1, 3)).ravel()
    probability = float(random.uniform(0.4, 1))
    return {
        **about,
        "error": None,
        "width": SIDE,
        "height": SIDE,
        "view": [0.0, 0.0, float(SIDE), float(SIDE)],
        "prediction": said,
        "prediction_index": INDEX[said],
        "probability": probability,
        "label_probability": probability if correct else (1 - probability) / 2,
        "correct": bool(correct),
        "target_index": INDEX[case.label],
        "score": float(random.normal(6, 2)),
        "gap": float(abs(random.normal(0, 0.04))),
        "map_error": float(abs(random.normal(0, 0.01))),
        "converged": True,
        "peak_x": float(place[0] / MAP_SIDE),
        "peak_y": float(place[1] / MAP_SIDE),
        "box_area": 0.25,
        "box_share": float(heat[8:24, 8:24].sum() / heat.sum()),
        "box_peak": 0.0 if marked else 1.0,
        "border_share": float(1 - heat[3:29, 3:29].sum() / heat.sum()),
        "compactness": float(random.uniform(0.05, 0.2)),
        "colour_mean": [0.5, 0.5, 0.5],
        "colour_std": [0.2, 0.2, 0.2],
        "map": (heat / heat.mean()).ravel().astype(np.float16).tolist(),
        "description": (description / np.linalg.norm(description)).tolist(),
        "thumbnail": data,
    }


def _map(place: Array, random: np.random.Generator) -> Array:
    rows, columns = np.mgrid[:MAP_SIDE, :MAP_SIDE]
    spot = np.exp(-((columns - place[0]) ** 2 + (rows - place[1]) ** 2) / 18)
    heat: Array = spot + 0.15 * random.random((MAP_SIDE, MAP_SIDE))
    return heat
