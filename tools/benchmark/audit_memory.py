"""The peak memory of an audit by the number of pictures."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from explainers import load_classifier
from explainers.audit.engine import compute
from explainers.methods.gradients import Saliency
from tools.benchmark.audit_runs import drawn, made_run
from tools.benchmark.report import Limit, report

MEMORY_COUNTS = (100, 5000)
GROWTH = 1.1  # that the peak may have from the first to the last


def memory(folder: Path) -> str:
    """Measure the peak memory of an audit by the number of pictures."""
    pictures, classifier = (
        drawn(folder / "many", max(MEMORY_COUNTS), side=128),
        load_classifier("bundled", device="cpu"),
    )
    paths, rows = sorted(pictures.iterdir()), []
    for count in MEMORY_COUNTS:
        run = made_run(folder / f"memory-{count}", classifier, "bundled", Saliency(), paths[:count], part=64)
        with peak() as seen:
            started = time.perf_counter()
            compute(run)
            seconds = time.perf_counter() - started
        rows.append([count, seen.mebibytes, seconds])
    growth = float(rows[-1][1]) / float(rows[0][1])
    note = (
        "The gradient of PocketNet. The peak of all processes together that compute, this one left out; pages that "
        "they share count for each."
    )
    limit = Limit(
        f"times as much memory from {MEMORY_COUNTS[0]} to {MEMORY_COUNTS[-1]:,} pictures", growth, most=GROWTH
    )
    return report("Audits: memory", note, ["pictures", "MiB", "s"], rows, [limit])


@dataclass
class Peak:
    """The largest memory that was seen."""

    mebibytes: float = 0.0


@contextmanager
def peak() -> Iterator[Peak]:
    """Watch the memory of all processes that this one has started."""
    seen, ended = Peak(), threading.Event()

    def watch() -> None:
        while not ended.wait(0.1):
            seen.mebibytes = max(seen.mebibytes, sum(map(_resident, _below(_parents()))))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        ended.set()
        thread.join()


def _parents() -> dict[int, int]:
    parents = {}
    for folder in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
    return parents


def _below(parents: dict[int, int]) -> list[int]:
    found = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return sorted(found - {os.getpid()})


def _resident(process: int) -> float:
    with suppress(OSError, StopIteration):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024
    return 0.0
