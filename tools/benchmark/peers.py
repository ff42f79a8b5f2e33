"""Whypixel beside its peers: the time, the memory and the maps of the same question."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence

from torch import Tensor
from torch.nn import functional as F

from tools.benchmark.contenders import (
    BATCHED,
    CONTENDERS,
    DEFAULT,
    INTEGRATED,
    LIMIT,
    OURS,
    Call,
    at_hand,
    integrated,
    load,
)
from tools.benchmark.peaks import peak
from tools.benchmark.report import Limit, apart, report

FASTER = {
    "resnet50": (0.35, 0.70),
    "mobilenet_v2": (0.45, 0.75),
}  # share of the time of Captum's default, of its best batch's
SHORT = 4  # times as many rounds for methods of one pass
AGREE = 1e-3  # relative L1; Captum differs from itself by 2e-4 at another batch size


def speed(networks: Sequence[str], rounds: int) -> None:
    """Median seconds of contenders that take turns."""
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for name in networks:
        subject = load(name)
        for method, contenders in CONTENDERS.items():
            times = rounds if method == INTEGRATED else SHORT * rounds
            found = in_turns({c.name: c.ready(subject) for c in contenders if c.installed}, times)
            for contender in contenders:
                seconds = found.get(contender.name)
                cells = ["not installed", "", ""] if seconds is None else [seconds, found[OURS] / seconds, times]
                rows.append([name, method, contender.name, *cells])
            limits += _fast(name, method, found)
    note = (
        "Random weights, one photo at 224 px. After a warm-up the contenders of a method take turns, round by round. "
        "Each finds the memory allocator as its users do: Whypixel lets glibc keep freed blocks, the peers don't."
    )
    report("Speed", note, ["network", "method", "contender", "median s", "ours / theirs", "rounds"], rows, limits)


def in_turns(calls: Mapping[str, Call], rounds: int) -> dict[str, float]:
    """The median seconds of each call: first all once to warm up, then a, b, c, a, b, c..."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(found) for name, found in seconds.items()}


def _fast(name: str, method: str, seconds: Mapping[str, float]) -> list[Limit]:
    question, mine = f"{method} on {name}, time as a share of", seconds[OURS]
    if method != INTEGRATED:
        fastest = min(value for contender, value in seconds.items() if contender not in (OURS, LIMIT))
        return [Limit(f"{question} the fastest peer's", mine / fastest, most=1)]
    if name not in FASTER:
        return []
    best = min(value for contender, value in seconds.items() if contender.startswith(BATCHED))
    default, batched = FASTER[name]
    limits = [
        Limit(f"{question} Captum's default call's", mine / seconds[DEFAULT], most=default),
        Limit(f"{question} Captum's at its best internal batch", mine / best, most=batched),
    ]
    if name == "resnet50":
        limits.append(Limit(f"{question} the bare loop's", mine / seconds[LIMIT], most=1.1))
    return limits


def memory(networks: Sequence[str]) -> None:
    """Peak memory of each contender's first call, each in a fresh process."""
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for name in networks:
        for method, contenders in CONTENDERS.items():
            found = {c.name: peak(c.ready, name) for c in contenders if c.installed}
            mine = found[OURS]
            for contender in contenders:
                their = found.get(contender.name)
                cells = (
                    ["not installed", "", "", ""]
                    if their is None
                    else [their.whole, mine.whole / their.whole, their.call, mine.call / their.call]
                )
                rows.append([name, method, contender.name, *cells])
            if method == INTEGRATED and name == "resnet50":
                share = mine.whole / found[DEFAULT].whole
                limits.append(Limit(f"{method} on {name}, peak as a share of Captum's default call's", share, most=0.3))
    note = (
        "MiB, random weights. Peak: the whole process's. Call: how far the peak of the call is above what the process "
        "held before it, with everything imported and the network loaded."
    )
    head = ["network", "method", "contender", "peak", "ours / theirs", "call", "ours / theirs"]
    report("Memory", note, head, rows, limits)


def growth(networks: Sequence[str]) -> None:
    """Peak memory of our Integrated Gradients with 50 steps and with 1000."""
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for name in networks:
        for tidy in (False, True):
            few, many = (peak(integrated(steps), name, tidy=tidy) for steps in (50, 1000))
            allocator, ratio = "tidy" if tidy else "as Whypixel sets it", many.whole / few.whole
            rows.append([name, allocator, few.whole, many.whole, ratio, few.call, many.call, many.call / few.call])
            limits.append(Limit(f"{name}, peak of 1000 steps over that of 50, {allocator} allocator", ratio, most=1.05))
    note = (
        "Whypixel's Integrated Gradients; MiB as above. Tidy: glibc gives freed blocks back at once "
        "(MALLOC_MMAP_THRESHOLD_). Whypixel lets it keep them, and the gaps between them differ from run to run."
    )
    head = ["network", "allocator", "peak, 50 steps", "peak, 1000", "ratio", "call, 50 steps", "call, 1000", "ratio"]
    report("Memory of 50 and of 1000 steps", note, head, rows, limits)


def accuracy(networks: Sequence[str]) -> None:
    """How far the peers' maps are from ours."""
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for name in networks:
        real = at_hand(name)
        subject, kind = (load(name, real=True), "real") if real else (load(name).double(), "random, float64")
        for method, contenders in CONTENDERS.items():
            maps = {c.name: c.make(subject)() for c in contenders if c.installed and c.name != LIMIT}
            distances = {peer: _distance(maps[OURS], values) for peer, values in maps.items() if peer != OURS}
            rows += [
                [name, kind, method, c.name, distances.get(c.name, "not installed")]
                for c in contenders
                if c.name not in (OURS, LIMIT)
            ]
            limits.append(Limit(f"{method} on {name}, the farthest peer's map", max(distances.values()), most=AGREE))
    note = (
        "Relative L1 distance from our map. Real weights where they are at hand, else random ones in float64: in "
        "float32 the rounding at a random network's many kinks moves everybody's maps by up to 1 %."
    )
    report("Difference of the maps", note, ["network", "weights", "method", "contender", "distance"], rows, limits)


def _distance(ours: Tensor, theirs: Tensor) -> float:
    if theirs.shape[1:] != ours.shape[1:]:  # grad-cam scales its maps to the picture's size, and from 0 to 1
        ours = (ours - ours.min()) / (ours.max() - ours.min())
        ours = F.interpolate(ours[None], theirs.shape[1:], mode="bilinear")[0]
        ours = (ours - ours.min()) / (ours.max() - ours.min())
    return apart(theirs, ours)
