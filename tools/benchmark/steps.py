"""How many steps Integrated Gradients needs: compared with an exact oracle, and on photos."""

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
from tools.benchmark.report import Limit, relative_l1_error, report

ORACLE_SEEDS = range(10)
STEP_COUNTS = (10, 20, 50, 100, 200, 500, 1000)
MAX_MEDIAN_ERRORS = {50: 0.01, 1000: 1e-3}  # of the midpoint rule's maps, by the number of steps
PHOTO_NETWORKS = ("mobilenet_v2", "squeezenet1_1")
REFERENCE_METHOD = IntegratedGradients(steps=512, rule="trapezoid")


class Oracle:
    """The network and the picture of a seed, and the errors of maps, given the exact one."""

    def __init__(self, seed: int) -> None:
        self.network, self.picture = small_network(seed), small_picture(seed)
        labels = [str(index) for index in range(CLASSES)]
        self.classifier = Classifier(self.network, labels, size=SIZE, mean=[0.0] * 3, std=[1.0] * 3, device="cpu")
        self.truth = exact(self.network, self.picture, torch.zeros_like(self.picture), 0)

    def ours(self, method: IntegratedGradients) -> tuple[float, int]:
        """Return the error of Whypixel's map, and the passes that it took."""
        explanation = method(self.classifier, self.picture, Target(0))
        return relative_l1_error(torch.from_numpy(explanation.values), self.truth.values), explanation.facts.passes

    def captums(self, steps: int) -> float:
        """Return the error of Captum's map by the trapezoid rule."""
        attributions = captum.attr.IntegratedGradients(self.network).attribute(
            self.picture[None], target=0, n_steps=steps, method="riemann_trapezoid", internal_batch_size=50
        )
        return relative_l1_error(attributions[0], self.truth.values)


def against_exact() -> str:
    """Measure the map error at several numbers of steps, on networks whose exact map is known."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # with more, networks this small are several times slower
    oracles = [Oracle(seed) for seed in ORACLE_SEEDS]
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for count in STEP_COUNTS:
        by_rule = {
            rule: statistics.median(oracle.ours(IntegratedGradients(steps=count, rule=rule))[0] for oracle in oracles)
            for rule in RULES
        }
        rows.append([count, *by_rule.values(), statistics.median(oracle.captums(count) for oracle in oracles)])
        if count in MAX_MEDIAN_ERRORS:
            limits.append(
                Limit(
                    f"map error of the midpoint rule, {count} steps", by_rule["midpoint"], most=MAX_MEDIAN_ERRORS[count]
                )
            )
    errors, points = zip(*(oracle.ours(IntegratedGradients()) for oracle in oracles), strict=True)
    kinks = statistics.median(len(oracle.truth.kinks) for oracle in oracles)
    residual = max(abs(oracle.truth.residual) for oracle in oracles)
    note = (
        f"Relative L1 error of the map, median of {len(ORACLE_SEEDS)} small networks of random weights in float64, "
        f"with {kinks:.0f} kinks on the path (median). The exact maps miss completeness by {residual:.0e} at most. "
        f"Automatic steps: {statistics.median(errors):.2g} with {statistics.median(points):.0f} points (medians)."
    )
    torch.set_num_threads(threads)
    return report("Steps against an exact map", note, ["steps", *RULES, "Captum's trapezoid"], rows, limits)


class Answer(NamedTuple):
    """The points and seconds that the map of a photo took, and its completeness gap and error."""

    points: int
    seconds: float
    gap: float
    error: float


def automatic(count: int | None) -> str | None:
    """Compare automatic steps with Captum's default 50 on the first `count` photos (None: all).

    Returns None where there are no photos or no weights.
    """
    folder, names = os.environ.get("WHYPIXEL_PHOTOS"), [name for name in PHOTO_NETWORKS if at_hand(name)]
    if not folder or not names:
        return None
    with Path(folder, "labels.tsv").open(newline="", encoding="utf-8") as lines:
        photos = [Path(folder, row["file"]) for row in csv.DictReader(lines, delimiter="\t")][:count]
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for name in names:
        subject = load(name, real=True)
        _answers(subject, photos[0])  # to warm up
        our_answers, captum_answers = zip(*(_answers(subject, photo) for photo in photos), strict=True)
        our_seconds = statistics.median(answer.seconds for answer in our_answers)
        for contender, answers in (("Whypixel, automatic", our_answers), ("Captum, default", captum_answers)):
            points, seconds, gap, error = (statistics.median(column) for column in zip(*answers, strict=True))
            small_gaps, small_errors = (
                statistics.mean(answer.gap < 0.05 for answer in answers),
                statistics.mean(answer.error < 0.03 for answer in answers),
            )
            worst = max(answer.error for answer in answers)
            shares = gap, small_gaps, error, worst, small_errors
            rows.append([name, contender, points, *shares, seconds, our_seconds / seconds])
            if answers is our_answers:
                limits.append(Limit(f"{name}, share of photos with a gap under 5%", small_gaps, least=0.95))
                limits.append(Limit(f"{name}, share of photos with a map error under 3%", small_errors, least=0.95))
    note = (
        f"{len(photos)} photos, the probability of the most likely class, black baseline; medians, in turns. The error "
        f"is the relative L1 distance from the trapezoid rule's map on {REFERENCE_METHOD.steps} steps, which is the "
        "finest automatic level."
    )
    head = [
        "network",
        "contender",
        "points",
        "gap",
        "under 5%",
        "map error",
        "worst",
        "under 3%",
        "s",
        "ours / theirs",
    ]
    return report("Automatic steps on photos", note, head, rows, limits)


def _answers(subject: Subject, photo: Path) -> tuple[Answer, Answer]:
    """Explain a photo by Whypixel with automatic steps, and by Captum's default call."""
    classifier, network = subject.classifier, nn.Sequential(subject.network, nn.Softmax(1))
    picture, _ = classifier.see(read_image(photo.read_bytes()))
    target = Target(classifier.predict(picture)[0].index, scale="probability")
    captum_call = captum_integrated(None, replace(subject, network=network, picture=picture, index=target.index))
    started = time.perf_counter()
    explanation = IntegratedGradients()(classifier, picture, target)
    halfway = time.perf_counter()
    captum_values = captum_call()
    ended = time.perf_counter()
    reference = torch.from_numpy(REFERENCE_METHOD(classifier, picture, target).values)
    score_change = explanation.score - (explanation.baseline_score or 0.0)

    def answer(points: int, seconds: float, values: Tensor) -> Answer:
        return Answer(
            points, seconds, abs(float(values.sum()) / score_change - 1), relative_l1_error(values, reference)
        )

    return (
        answer(explanation.history[-1].points, halfway - started, torch.from_numpy(explanation.values)),
        answer(50, ended - halfway, captum_values),
    )
