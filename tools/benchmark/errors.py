"""Time to a given error on photos: adaptive points against the smallest number of even steps that reaches it."""

from __future__ import annotations

import csv
import os
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import captum.attr
import torch
from torch import Tensor, nn

from explainers import Classifier, Explanation, Target, load_classifier, read_image
from explainers.explanation import SCALES, Scale
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.passes import Passes
from explainers.paths.integrate import integrate
from explainers.paths.quadrature import quadrature
from explainers.runtime.allocator import hold_freed_memory
from tools.benchmark.contenders import CAPTUM_BATCHES, MEMORY_OF_PEERS, at_hand
from tools.benchmark.report import Limit, relative_l1_error, report

PHOTO_NETWORKS = ("efficientnet_lite0", "mobilenet_v2", "squeezenet1_1")
PROMISED = 0.03  # the tolerance for which promises are made
TOLERANCES = (PROMISED, 0.05, 0.01)  # the first map of a photo pays for its verification
FEWEST_STEPS = 10  # that Captum is tried with
MAX_TIMED_STEPS = 200  # of Captum; the time of more is worked out, as it is proportional
CALIBRATED = (0.7, 1.4)  # the true error, as a share of the expected one


@dataclass(frozen=True)
class Case:
    """One photo's map of one score, within one tolerance.

    points:        Whypixel's points, and expected_error and error what it says of its map and what is true.
    steps:         the smallest number of midpoint steps whose map is within the tolerance.
    seconds:       Whypixel's time; captum_seconds: that of Captum for so many steps.
    """

    network: str
    photo: str
    scale: str
    tolerance: float
    points: int
    expected_error: float
    error: float
    steps: int
    seconds: float
    captum_seconds: float

    @property
    def ratio(self) -> float:
        return self.seconds / self.captum_seconds

    @property
    def is_calibrated(self) -> bool:
        least, most = CALIBRATED
        return least <= self.error / self.expected_error <= most


def time_to_error(count: int | None, reference_steps: int) -> str | None:
    """Compare the time to several errors for `count` maps (None: every photo's of every network and score).

    reference_steps: of the trapezoid rule's map that stands for the exact one. Among its points are those of the
                     midpoint rule for every number of steps that divides half of it, so many divisors are useful.
    Returns None where there are no photos or no weights.
    """
    photos, available = listed_photos(), [name for name in PHOTO_NETWORKS if at_hand(name)]
    if not photos or not available:
        return None
    maps = evenly_drawn(available, photos)[:count]
    cases = [
        case
        for name in available
        for case in _cases(
            load_classifier(name, device="cpu"),
            [(photo, scale) for network, photo, scale in maps if network == name],
            reference_steps,
        )
    ]
    names = list(dict.fromkeys(case.network for case in cases))
    rows = [
        _row(f"{name}, {scale}, {tolerance:.0%}", group)
        for name in names
        for scale in SCALES
        for tolerance in TOLERANCES
        if (group := [c for c in cases if (c.network, c.scale, c.tolerance) == (name, scale, tolerance)])
    ]
    promised = [case for case in cases if case.tolerance == PROMISED]
    rows.append(_row(f"all, {PROMISED:.0%}", promised))
    head = ["network, score, error", "cases", "points", "Captum's steps", "s", "Captum's s", "ratio", "worst ratio"]
    head += ["error", "worst error", "calibrated"]
    note = (
        f"{len(maps)} maps of {len({photo for _, photo, _ in maps})} photos, the most likely class, black baseline, "
        "real weights; medians. Whypixel's default method with the "
        "tolerance, verification included, against Captum's Integrated Gradients with the smallest number of midpoint "
        f"steps whose map is within it (of the divisors of {reference_steps // 2}), and its fastest internal batch. "
        f"The error is the relative L1 distance from the trapezoid rule's map on {reference_steps} even steps; "
        f"calibrated: the share of maps whose error is {CALIBRATED[0]} to {CALIBRATED[1]} times what is expected."
    )
    return report("Time to a given error", note, head, rows, _limits(promised, cases))


def evenly_drawn(networks: Sequence[str], photos: Sequence[Path]) -> list[tuple[str, Path, Scale]]:
    """Return every photo with every network and score, in an order in which the first few are of as many photos, and
    of each network and score about equally often."""
    kinds = list(product(networks, SCALES))
    return [
        (network, photo, scale)
        for turn in range(len(kinds))
        for number, photo in enumerate(photos)
        for network, scale in [kinds[(number + turn) % len(kinds)]]
    ]


def listed_photos() -> list[Path]:
    """Return the photos that labels.tsv lists in the folder WHYPIXEL_PHOTOS; none without it."""
    folder = os.environ.get("WHYPIXEL_PHOTOS")
    if not folder:
        return []
    with Path(folder, "labels.tsv").open(newline="", encoding="utf-8") as lines:
        return [Path(folder, row["file"]) for row in csv.DictReader(lines, delimiter="\t")]


def _cases(classifier: Classifier, maps: Sequence[tuple[Path, Scale]], reference_steps: int) -> Iterator[Case]:
    noise = torch.rand(classifier.channels, *classifier.size, generator=torch.Generator().manual_seed(0))
    batch = min(CAPTUM_BATCHES, key=lambda size: _captum_seconds(classifier, noise, Target(0), 32, size))
    for photo, scale in maps:
        picture, _ = classifier.see(read_image(photo.read_bytes()))
        target = Target(classifier.predict(picture)[0].index, scale=scale)
        reference, by_steps = _even_maps(classifier, picture, target, reference_steps)
        errors = {steps: relative_l1_error(values, reference) for steps, values in by_steps.items()}
        for tolerance in TOLERANCES:
            steps = next((steps for steps, error in errors.items() if error < tolerance), max(errors))
            timed_steps = min(steps, MAX_TIMED_STEPS)
            seconds, explanation = _our_seconds(classifier, picture, target, tolerance)
            captum_seconds = _captum_seconds(classifier, picture, target, timed_steps, batch) * steps / timed_steps
            case = Case(
                classifier.name,
                photo.name,
                scale,
                tolerance,
                points=explanation.history[-1].points,
                expected_error=explanation.error or 0.0,
                error=relative_l1_error(torch.from_numpy(explanation.values), reference),
                steps=steps,
                seconds=seconds,
                captum_seconds=captum_seconds,
            )
            print(*asdict(case).values(), file=sys.stderr, flush=True)
            yield case


def _even_maps(
    classifier: Classifier, picture: Tensor, target: Target, reference_steps: int
) -> tuple[Tensor, dict[int, Tensor]]:
    """Return the reference map, and the midpoint rule's maps by the number of steps, all from the same gradients."""
    half = reference_steps // 2
    counts = torch.tensor([steps for steps in range(FEWEST_STEPS, half + 1) if half % steps == 0])[:, None]
    sums = picture.new_zeros(len(counts), picture.numel())

    def keep(alphas: Tensor, weights: Tensor, gradients: Tensor, spans: Tensor) -> None:
        numbers, halves = (alphas * reference_steps).round().long(), half // counts  # points in half a step
        is_midpoint = (numbers % halves == 0) & (numbers // halves % 2 == 1)
        sums.addmm_((is_midpoint / counts).to(sums), (gradients * spans).flatten(1))

    with torch.inference_mode(False), Passes(classifier, [target], fused=True) as passes:
        path = integrate(
            lambda points, rows: passes(points[0], rows),
            (picture[None],),
            (torch.zeros_like(picture)[None],),
            *quadrature("trapezoid", reference_steps),
            run=passes.run,
            keep=keep,
        )
    maps = sums.view(-1, *picture.shape)
    return path.gradients[0][0] * picture, dict(zip(counts[:, 0].tolist(), maps, strict=True))


def _our_seconds(
    classifier: Classifier, picture: Tensor, target: Target, tolerance: float
) -> tuple[float, Explanation]:
    method = IntegratedGradients(tolerance=100 * tolerance)
    hold_freed_memory()
    started = time.perf_counter()
    explanation = method(classifier, picture, target)
    return time.perf_counter() - started, explanation


def _captum_seconds(classifier: Classifier, picture: Tensor, target: Target, steps: int, batch: int) -> float:
    network = classifier.network
    method = captum.attr.IntegratedGradients(
        network if target.scale == "logit" else nn.Sequential(network, nn.Softmax(1))
    )
    normalised, black = (classifier.normalise(pixels[None]) for pixels in (picture, torch.zeros_like(picture)))
    hold_freed_memory(**MEMORY_OF_PEERS)
    started = time.perf_counter()
    method.attribute(normalised, black, target.index, n_steps=steps, method="riemann_middle", internal_batch_size=batch)
    return time.perf_counter() - started


def _row(name: str, cases: Sequence[Case]) -> list[object]:
    medians = [
        statistics.median(getattr(case, column) for case in cases)
        for column in ("points", "steps", "seconds", "captum_seconds", "ratio", "error")
    ]
    worst_ratio, worst_error = max(case.ratio for case in cases), max(case.error for case in cases)
    calibrated = statistics.mean(case.is_calibrated for case in cases)
    return [name, len(cases), *medians[:5], worst_ratio, medians[5], worst_error, calibrated]


def _limits(promised: Sequence[Case], cases: Sequence[Case]) -> list[Limit]:
    by_steps = sorted(promised, key=lambda case: case.steps)
    hardest = by_steps[-max(1, len(by_steps) // 10) :]
    ratios = [case.ratio for case in promised]
    return [
        Limit("share of Captum's time, median", statistics.median(ratios), most=0.70),
        Limit("the same, the tenth with the most steps", statistics.median(case.ratio for case in hardest), most=0.25),
        Limit("share of cases that take longer", statistics.mean(ratio > 1 for ratio in ratios), most=0.1),
        Limit("the same, the worst", max(ratios), most=1.15),
        Limit("share of maps calibrated", statistics.mean(case.is_calibrated for case in cases), least=0.9),
    ]
