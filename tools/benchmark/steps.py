"""How many steps Integrated Gradients needs: against an exact oracle, and on photos."""

from __future__ import annotations

import csv
import os
import statistics
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import captum.attr
import torch
from torch import Tensor, nn

from explainers import Classifier, Target, read_image
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.paths.quadrature import RULES
from tools.benchmark.contenders import Subject, at_hand, captum_integrated, load
from tools.benchmark.exact import CLASSES, SIZE, exact, small_network, small_picture
from tools.benchmark.report import Limit, apart, report

SEEDS = range(10)
STEPS = (10, 20, 50, 100, 200, 500, 1000)
CLOSE = {50: 0.01, 1000: 1e-3}  # median map error of the midpoint rule, at most
PHOTOGRAPHED = ("mobilenet_v2", "squeezenet1_1")
REFERENCE = IntegratedGradients(steps=512, rule="trapezoid")


class Oracle:
    """One seed's network and picture, and how far a map is from the exact one."""

    def __init__(self, seed: int) -> None:
        self.network, self.picture = small_network(seed), small_picture(seed)
        labels = [str(index) for index in range(CLASSES)]
        self.classifier = Classifier(self.network, labels, size=SIZE, mean=[0.0] * 3, std=[1.0] * 3, device="cpu")
        self.truth = exact(self.network, self.picture, torch.zeros_like(self.picture), 0)

    def ours(self, method: IntegratedGradients) -> tuple[float, int]:
        """The map's error and the points it took."""
        explanation = method(self.classifier, self.picture, Target(0))
        return apart(torch.from_numpy(explanation.values), self.truth.values), explanation.facts["passes"]

    def captums(self, steps: int) -> float:
        found = captum.attr.IntegratedGradients(self.network).attribute(
            self.picture[None], target=0, n_steps=steps, method="riemann_trapezoid", internal_batch_size=50
        )
        return apart(found[0], self.truth.values)


def against_exact() -> None:
    """Steps against map error on networks whose exact map is known."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # with more, networks this small are several times slower
    oracles = [Oracle(seed) for seed in SEEDS]
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for count in STEPS:
        by_rule = {
            rule: statistics.median(each.ours(IntegratedGradients(steps=count, rule=rule))[0] for each in oracles)
            for rule in RULES
        }
        rows.append([count, *by_rule.values(), statistics.median(each.captums(count) for each in oracles)])
        if count in CLOSE:
            limits.append(
                Limit(f"map error of the midpoint rule, {count} steps", by_rule["midpoint"], most=CLOSE[count])
            )
    errors, points = zip(*(each.ours(IntegratedGradients()) for each in oracles), strict=True)
    kinks = statistics.median(len(each.truth.kinks) for each in oracles)
    residual = max(abs(each.truth.residual) for each in oracles)
    note = (
        f"Relative L1 error of the map, median of {len(SEEDS)} small networks of random weights in float64, with "
        f"{kinks:.0f} kinks on the path (median). The exact maps miss completeness by {residual:.0e} at most. "
        f"Automatic steps: {statistics.median(errors):.2g} with {statistics.median(points):.0f} points (medians)."
    )
    torch.set_num_threads(threads)
    report("Steps against an exact map", note, ["steps", *RULES, "Captum's trapezoid"], rows, limits)


class Answer(NamedTuple):
    """What one photo's map took, and its completeness gap and error."""

    points: int
    seconds: float
    gap: float
    error: float


def automatic(count: int | None) -> None:
    """Automatic steps beside Captum's default 50, on the first `count` photos."""
    folder, names = os.environ.get("WHYPIXEL_PHOTOS"), [name for name in PHOTOGRAPHED if at_hand(name)]
    if not folder or not names:
        print("\n## Automatic steps\n\nSkipped: WHYPIXEL_PHOTOS or the weights of", *PHOTOGRAPHED, "are missing.")
        return
    with Path(folder, "labels.tsv").open(newline="", encoding="utf-8") as lines:
        photos = [Path(folder, row["file"]) for row in csv.DictReader(lines, delimiter="\t")][:count]
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for name in names:
        subject = load(name, real=True)
        _answers(subject, photos[0])  # to warm up
        ours, captums = zip(*(_answers(subject, photo) for photo in photos), strict=True)
        mine = statistics.median(answer.seconds for answer in ours)
        for contender, answers in (("Whypixel, automatic", ours), ("Captum, default", captums)):
            points, seconds, gap, error = (statistics.median(column) for column in zip(*answers, strict=True))
            small, near = (
                statistics.mean(a.gap < 0.05 for a in answers),
                statistics.mean(a.error < 0.03 for a in answers),
            )
            worst = max(answer.error for answer in answers)
            rows.append([name, contender, points, gap, small, error, worst, near, seconds, mine / seconds])
            if answers is ours:
                limits.append(Limit(f"{name}, share of photos with a gap under 5 %", small, least=0.95))
                limits.append(Limit(f"{name}, share of photos with a map error under 3 %", near, least=0.95))
    note = (
        f"{len(photos)} photos, the probability of the likeliest class, black baseline; medians, in turns. The error "
        f"is the relative L1 distance from the trapezoid rule's map on {REFERENCE.steps} steps, which is the finest "
        "automatic level."
    )
    head = [
        "network",
        "contender",
        "points",
        "gap",
        "under 5 %",
        "map error",
        "worst",
        "under 3 %",
        "s",
        "ours / theirs",
    ]
    report("Automatic steps on photos", note, head, rows, limits)


def _answers(subject: Subject, photo: Path) -> tuple[Answer, Answer]:
    """Ours with automatic steps and Captum's default call."""
    classifier, network = subject.classifier, nn.Sequential(subject.network, nn.Softmax(1))
    picture, _ = classifier.see(read_image(photo.read_bytes()))
    target = Target(classifier.predict(picture)[0].index, scale="probability")
    captums = captum_integrated(None, replace(subject, network=network, picture=picture, index=target.index))
    started = time.perf_counter()
    ours = IntegratedGradients()(classifier, picture, target)
    between = time.perf_counter()
    theirs = captums()
    ended = time.perf_counter()
    reference = torch.from_numpy(REFERENCE(classifier, picture, target).values)
    change = ours.score - (ours.baseline_score or 0.0)

    def answer(points: int, seconds: float, values: Tensor) -> Answer:
        return Answer(points, seconds, abs(float(values.sum()) / change - 1), apart(values, reference))

    return (
        answer(ours.history[-1].points, between - started, torch.from_numpy(ours.values)),
        answer(50, ended - between, theirs),
    )
