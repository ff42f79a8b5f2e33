"""The command line on many photos: pictures per second against a plain loop with Captum, and memory by their number."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from explainers import load_classifier
from tools.benchmark.audit_memory import peak
from tools.benchmark.contenders import at_hand
from tools.benchmark.errors import listed_photos
from tools.benchmark.report import Limit, report
from tools.load.server import ROOT

NETWORK = "mobilenet_v2"
COUNTS = 50, 200  # of photos; the last is timed
GROWTH = 1.1  # that the peak of memory may have from the first to the last
LOOP, BARE, SAVING = "plain loop with Captum", "`explain`", "`explain --out`"
EXPLAIN = ("-m", "explainers", "explain", "--model", NETWORK, "--method", "grad-cam")
Commands = Mapping[str, Sequence[str]]


def command_line(rounds: int) -> str | None:
    """Measure them in turns; None without real weights and photos."""
    originals = listed_photos()
    if not originals or not at_hand(NETWORK):
        return None
    with tempfile.TemporaryDirectory(prefix="whypixel-command-line-") as place:
        folder = Path(place)
        weights = folder / "weights.pth"
        torch.save(load_classifier(NETWORK, device="cpu").network.state_dict(), weights)
        few, many = (_copied(originals, folder / str(count), count) for count in COUNTS)
        turns = [_commands(many, weights, folder / f"maps {turn}") for turn in range(rounds + 1)]
        seconds = [{name: _seconds(command) for name, command in commands.items()} for commands in turns]
        memory = [
            {name: _mebibytes(command) for name, command in _commands(each, weights, folder / f"{each} maps").items()}
            for each in (few, many)
        ]
    return _report(seconds[1:], memory)  # the first turn brings files into memory


def _copied(originals: Sequence[Path], folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        original = originals[number % len(originals)]
        shutil.copy(original, folder / f"{number:04}{original.suffix}")
    return folder


def _commands(pictures: Path, weights: Path, out: Path) -> Commands:
    """Return what is measured: the arguments of Python, by name."""
    return {
        LOOP: ("-m", "tools.benchmark.captum_loop", str(pictures), str(weights)),
        BARE: (*EXPLAIN, str(pictures)),
        SAVING: (*EXPLAIN, str(pictures), "--out", str(out)),
    }


def _seconds(arguments: Sequence[str]) -> float:
    ours = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"}  # set when Whypixel is imported
    plain = {name: value for name, value in os.environ.items() if name not in ours}
    started = time.perf_counter()
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=plain, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def _mebibytes(arguments: Sequence[str]) -> float:
    with peak() as found:
        _seconds(arguments)
    return found.mebibytes


def _report(seconds: Sequence[Mapping[str, float]], memory: Sequence[Mapping[str, float]]) -> str:
    """Write down what was measured, by the names of `_commands`: the seconds in each turn, and the MiB by number."""
    count = COUNTS[-1]
    rows, limits = [], []
    for name in seconds[0]:
        ratios = [turn[LOOP] / turn[name] for turn in seconds]
        median, ratio = statistics.median(turn[name] for turn in seconds), statistics.median(ratios)
        rows.append([name, median, count / median, ratio, min(ratios), max(ratios), *(each[name] for each in memory)])
        if name != LOOP:
            growth = memory[-1][name] / memory[0][name]
            limits += [
                Limit(f"{name}: times as fast as the loop", ratio, least=1),
                Limit(f"{name}: times as much memory from {COUNTS[0]} to {count} photos", growth, most=GROWTH),
            ]
    note = (
        f"Grad-CAM of the likeliest class on MobileNetV2 with real weights, for {count} files: copies of photos under "
        f"other names. Medians of {len(seconds)} runs in turns, the seconds of the whole command: Python's start, the "
        "imports and the loaded network count for all. The loop (`tools/benchmark/captum_loop.py`) decodes with Pillow "
        "in its own process, checks nothing and saves nothing; its ratios are those of the same turn. Memory in MiB: "
        "the peak of all processes of the command together, and pages that they share count for each."
    )
    head = (
        "",
        "s",
        "photos per second",
        "times the loop",
        "lowest",
        "highest",
        *(f"MiB, {number} photos" for number in COUNTS),
    )
    return report("The command line on many photos", note, head, rows, limits)
