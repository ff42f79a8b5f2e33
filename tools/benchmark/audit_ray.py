"""Audits on Ray: how the work scales with the actors, and that a lost one changes nothing."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from explainers import load_classifier
from explainers.audit.engine import compute
from explainers.audit.engine.on_ray import compute_on_ray
from explainers.audit.engine.worker import Worker
from explainers.audit.runs.rows import SCHEMA
from explainers.audit.runs.run import Run
from explainers.methods.gradients import Saliency
from tools.benchmark.audit_runs import drawn, made_run
from tools.benchmark.report import Limit, report

ACTORS = (1, 2, 4)
SECONDS, PARTS = 1.0, 40  # that a part sleeps, and how many parts there are
LINEAR = 0.9
PICTURES, TOLERANCE = 160, 1e-5


def sleeping(actors: int) -> Callable[[Path], Any]:
    """Return what opens a worker that waits until all actors are there, and then sleeps in the place of all passes."""

    def opened(folder: Path) -> Any:
        run, there = Run.open(folder), folder.with_name(f"{folder.name} actors")
        there.mkdir(exist_ok=True)
        (there / str(os.getpid())).touch()

        class Sleeper:
            def rows(self, part: int) -> list[dict[str, Any]]:
                while len(os.listdir(there)) < actors:
                    time.sleep(0.01)
                time.sleep(SECONDS)
                return [dict.fromkeys(SCHEMA.names) | {"number": number} for number in run.plan.numbers(part)]

        return Sleeper()

    return opened


class Times:
    """When each part was written."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def more(self, part: int, pictures: int) -> None:
        pass

    def written(self, part: int) -> None:
        self.times.append(time.perf_counter())

    def anew(self, part: int) -> None:
        pass


def scaling(folder: Path) -> str:
    """Measure how fast parts that sleep are done by 1, 2 and 4 actors, and what is left of a run that loses one."""
    if find_spec("ray") is None:
        return "Ray is not installed: `pip install -r explainers/audit/requirements.txt`."
    paths, classifier = sorted(drawn(folder / "few", PICTURES, side=128).iterdir()), load_classifier("bundled")
    rates, starts = {}, {}
    for actors in ACTORS:
        run = made_run(folder / f"ray-{actors}", classifier, "bundled", Saliency(), paths[:PARTS], part=1)
        times, started = Times(), time.perf_counter()
        compute_on_ray(run, run.missing(), "local", actors, times, sleeping(actors))
        rates[actors] = (PARTS - actors) / (times.times[-1] - times.times[actors - 1])
        starts[actors] = times.times[0] - SECONDS - started
    rows = [
        [actors, starts[actors], rate, rate * SECONDS / actors, rate / rates[1] / actors]
        for actors, rate in rates.items()
    ]
    limits = [
        Limit(f"share of linear growth, {actors} actors", rate / rates[1] / actors, least=LINEAR)
        for actors, rate in rates.items()
        if actors > 1
    ]
    lost = made_run(folder / "ray-lost", classifier, "bundled", Saliency(), paths)
    compute_on_ray(lost, lost.missing(), "local", 2, Times(), dying_once(str(folder / "died")))
    reference = made_run(folder / "ray-none", classifier, "bundled", Saliency(), paths)
    compute(reference, workers=1)
    numbers = [row["number"] for row in map(lost.row, range(PICTURES)) if row]
    twice_or_none = abs(len(numbers) - PICTURES) + len(numbers) - len({*numbers})
    limits += [
        Limit("rows lost or twice where an actor died in the middle", float(twice_or_none), most=0),
        Limit("largest difference of a row from those without Ray", _difference(lost, reference), most=TOLERANCE),
    ]
    note = (
        f"{PARTS} parts that sleep {SECONDS:g} s in the place of all passes, from when every actor has done its first. "
        "The start of Ray and of the actors comes once, before that, and isn't counted. "
        f"Then {PICTURES} pictures of PocketNet by two actors, of which one ends its own process in the middle."
    )
    return report(
        "Audits: Ray",
        note,
        ["actors", "start, s", "parts per second", "share of the time asleep", "of linear growth"],
        rows,
        limits,
    )


def dying_once(mark: str) -> Callable[[Path], Any]:
    """Return what opens a worker whose process ends at part 5, once in all."""

    def opened(folder: Path) -> Any:
        worker = Worker.open(folder)

        class Dying:
            def rows(self, part: int) -> list[dict[str, Any]]:
                if part == 5 and not os.path.exists(mark):
                    Path(mark).touch()
                    os._exit(1)
                return worker.rows(part)

        return Dying()

    return opened


def _difference(found: Run, true: Run) -> float:
    """Return the largest difference of what numbers two runs have, relative to 1 or their size; infinity for texts."""
    largest = 0.0
    for number in range(PICTURES):
        rows = found.row(number), true.row(number)
        assert rows[0]
        assert rows[1]
        for name, value in rows[1].items():
            other = rows[0][name]
            if value is None or isinstance(value, (str, bytes, bool)):
                largest = max(largest, 0.0 if other == value else float("inf"))
            else:
                ours, theirs = np.asarray(other, np.float64), np.asarray(value, np.float64)
                largest = max(largest, float((np.abs(ours - theirs) / np.maximum(1, np.abs(theirs))).max()))
    return largest
