"""Whypixel compared with its peers: the time, the memory and the maps of the same question."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping, Sequence

from torch import Tensor
from torch.nn import functional as F

from tools.benchmark.contenders import (
    BARE_LOOP,
    CAPTUM_BATCHED,
    CAPTUM_DEFAULT,
    CONTENDERS,
    INTEGRATED,
    OURS,
    Call,
    at_hand,
    integrated,
    load,
)
from tools.benchmark.peaks import peak
from tools.benchmark.report import Limit, relative_l1_error, report

MAX_SHARE_OF_FASTEST = 1.1  # of the time of the fastest peer, for methods of one pass
MAX_SHARE_OF_LOOP, MAX_SHARE_OF_BATCHED = 1.05, 0.95  # of the bare loop, and of Captum's best batch size, for IG
QUICK_ROUNDS_FACTOR = 4  # methods of one pass are measured in so many times the rounds
MAX_DISTANCE = 1e-3  # relative L1, between two packages' maps; Captum's own differ by 2e-4 with the batch size


def speed(networks: Sequence[str], rounds: int) -> str:
    """Measure the median seconds of each contender; those of a method take turns."""
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for name in networks:
        real = at_hand(name)
        subject = load(name, real=real)
        for method, contenders in CONTENDERS.items():
            turns = rounds if method == INTEGRATED else QUICK_ROUNDS_FACTOR * rounds
            medians = in_turns(
                {contender.name: contender.ready(subject) for contender in contenders if contender.installed}, turns
            )
            for contender in contenders:
                seconds = medians.get(contender.name)
                cells = ["not installed", "", ""] if seconds is None else [seconds, medians[OURS] / seconds, turns]
                rows.append([name, "real" if real else "random", method, contender.name, *cells])
            limits += _time_limits(name, method, medians)
    note = (
        "One photo at 224 px; real weights where they are at hand. After a warm-up the contenders of a method take "
        "turns, round by round. Each finds the memory allocator as its users do: Whypixel lets glibc keep freed "
        "blocks, the peers don't."
    )
    return report(
        "Speed",
        note,
        ["network", "weights", "method", "contender", "median s", "ours / theirs", "rounds"],
        rows,
        limits,
    )


def in_turns(calls: Mapping[str, Call], rounds: int) -> dict[str, float]:
    """Return the median seconds of each call. Each is called once to warm up, then they take turns: a, b, a, b..."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for turn in range(rounds + 1):
        for name, call in calls.items():
            started = time.perf_counter()
            call()
            if turn:
                seconds[name].append(time.perf_counter() - started)
    return {name: statistics.median(times) for name, times in seconds.items()}


def _time_limits(name: str, method: str, seconds: Mapping[str, float]) -> list[Limit]:
    """Return what Whypixel promises about its time on a network, given the median seconds of each contender."""
    promise, our_seconds = f"{method} on {name}, time as a share of", seconds[OURS]
    if method != INTEGRATED:
        fastest = min(value for contender, value in seconds.items() if contender not in (OURS, BARE_LOOP))
        return [Limit(f"{promise} the fastest peer's", our_seconds / fastest, most=MAX_SHARE_OF_FASTEST)]
    best_batch = min(value for contender, value in seconds.items() if contender.startswith(CAPTUM_BATCHED))
    return [
        Limit(f"{promise} the bare loop's", our_seconds / seconds[BARE_LOOP], most=MAX_SHARE_OF_LOOP),
        Limit(f"{promise} Captum's at its best internal batch", our_seconds / best_batch, most=MAX_SHARE_OF_BATCHED),
    ]


def memory(networks: Sequence[str]) -> str:
    """Measure the peak memory of each contender's first call, each in a fresh process."""
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for name in networks:
        for method, contenders in CONTENDERS.items():
            peaks = {contender.name: peak(contender.ready, name) for contender in contenders if contender.installed}
            ours = peaks[OURS]
            for contender in contenders:
                theirs = peaks.get(contender.name)
                cells = (
                    ["not installed", "", "", ""]
                    if theirs is None
                    else [theirs.whole, ours.whole / theirs.whole, theirs.call, ours.call / theirs.call]
                )
                rows.append([name, method, contender.name, *cells])
            if method == INTEGRATED and name == "resnet50":
                memory_share = ours.whole / peaks[CAPTUM_DEFAULT].whole
                limits.append(
                    Limit(f"{method} on {name}, peak as a share of Captum's default call's", memory_share, most=0.3)
                )
    note = (
        "MiB, random weights. Peak: the whole process's. Call: how far the peak of the call is above what the process "
        "held before it, with everything imported and the network loaded."
    )
    head = ["network", "method", "contender", "peak", "ours / theirs", "call", "ours / theirs"]
    return report("Memory", note, head, rows, limits)


def growth(networks: Sequence[str]) -> str:
    """Measure the peak memory of Whypixel's Integrated Gradients with 50 steps and with 1000."""
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
    return report("Memory of 50 and of 1000 steps", note, head, rows, limits)


def accuracy(networks: Sequence[str]) -> str:
    """Measure how far the peers' maps are from Whypixel's."""
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for name in networks:
        real = at_hand(name)
        subject, kind = (load(name, real=True), "real") if real else (load(name).double(), "random, float64")
        for method, contenders in CONTENDERS.items():
            maps = {
                contender.name: contender.make(subject)()
                for contender in contenders
                if contender.installed and contender.name != BARE_LOOP
            }
            distances = {peer: _distance(maps[OURS], values) for peer, values in maps.items() if peer != OURS}
            rows += [
                [name, kind, method, contender.name, distances.get(contender.name, "not installed")]
                for contender in contenders
                if contender.name not in (OURS, BARE_LOOP)
            ]
            limits.append(
                Limit(f"{method} on {name}, the farthest peer's map", max(distances.values()), most=MAX_DISTANCE)
            )
    note = (
        "Relative L1 distance from our map. Real weights where they are at hand, else random ones in float64: in "
        "float32 the rounding at a random network's many kinks moves everybody's maps by up to 1%."
    )
    return report(
        "Difference of the maps", note, ["network", "weights", "method", "contender", "distance"], rows, limits
    )


def _distance(ours: Tensor, theirs: Tensor) -> float:
    """Return the relative L1 distance of a peer's map from Whypixel's, which is scaled as the peer's is."""
    if theirs.shape[1:] != ours.shape[1:]:  # grad-cam scales its maps to the picture's size, and from 0 to 1
        ours = (ours - ours.min()) / (ours.max() - ours.min())
        ours = F.interpolate(ours[None], theirs.shape[1:], mode="bilinear")[0]
        ours = (ours - ours.min()) / (ours.max() - ours.min())
    return relative_l1_error(theirs, ours)
