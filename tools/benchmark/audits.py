"""Audits: pictures per second against loops of one picture a call, memory by the number of pictures, and Ray."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from explainers import Classifier, Explainer, load_classifier
from explainers.audit.engine import compute
from explainers.audit.engine.local import cores, default_workers
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.integrated_gradients import IntegratedGradients
from tools.benchmark.audit_loops import REFERENCE_PICTURES, STEPS, Explain, by_captum, plain, steps_needed
from tools.benchmark.audit_memory import memory
from tools.benchmark.audit_ray import scaling
from tools.benchmark.audit_runs import drawn, made_run
from tools.benchmark.contenders import at_hand
from tools.benchmark.report import Limit, report

NETWORKS = ("bundled", "mobilenet_v2")
TOLERANCE = 5.0  # per cent
METHODS: dict[str, Explainer] = {
    "gradient": Saliency(),
    "Grad-CAM": GradCAM(),
    "Integrated Gradients to 5%": IntegratedGradients(tolerance=TOLERANCE),
}
COUNTS = {"gradient": 256, "Grad-CAM": 256, "Integrated Gradients to 5%": 48}  # of pictures
PARTS = 16  # so many that the processes end at about the same time


def audits(rounds: int) -> str:
    """Measure what one machine does by itself."""
    with tempfile.TemporaryDirectory(prefix="whypixel-audits-") as folder:
        return f"{speed(Path(folder), rounds)}\n\n{memory(Path(folder))}"


def ray() -> str:
    """Measure what Ray brings."""
    with tempfile.TemporaryDirectory(prefix="whypixel-audits-") as folder:
        return scaling(Path(folder))


def speed(folder: Path, rounds: int) -> str:
    """Measure pictures per second: Whypixel, a loop of autograd, and Captum in a loop, in turns."""
    pictures, rows, limits = drawn(folder / "pictures", max(COUNTS.values())), [], []
    for name in filter(at_hand, NETWORKS):
        classifier = load_classifier(name, device="cpu")
        for title, explainer in METHODS.items():
            paths = sorted(pictures.iterdir())[: COUNTS[title]]
            steps = (
                steps_needed(classifier, paths, TOLERANCE / 100) if isinstance(explainer, IntegratedGradients) else 0
            )
            loops = {"plain": plain(classifier, explainer, steps), "Captum": by_captum(classifier, explainer, steps)}
            rates: dict[str, list[float]] = {"Whypixel": [], "one process": [], **{loop: [] for loop in loops}}
            for turn in range(rounds):
                for contender, workers in (("Whypixel", default_workers()), ("one process", 1)):
                    place = folder / f"{name}, {title}, {contender}, {turn}"
                    rates[contender].append(_rate(place, classifier, name, explainer, paths, workers))
                for loop, explain in loops.items():
                    rates[loop].append(_loop_rate(explain, paths))
            medians = {contender: statistics.median(each) for contender, each in rates.items()}
            gain = medians["Whypixel"] / medians["plain"]
            rows.append([classifier.name, title, *medians.values(), steps or "", gain])
            limits.append(Limit(f"{classifier.name}, {title}: times the plain loop", gain, least=1))
    note = (
        f"Pictures per second on {cores()} cores, medians of {rounds} rounds in turns, all from files of 400 pixels' "
        f"width. Whypixel: `python -m explainers audit` with {default_workers()} processes, all columns and all checks "
        "included, without the seconds that they take to start. The loops: one picture a call on all cores, with the "
        "likeliest class of the same pass where the method has one; no check, nothing kept. Their integrals take the "
        f"smallest number of midpoint steps, of {', '.join(map(str, STEPS))}, whose median error on "
        f"{REFERENCE_PICTURES} of the pictures is within the tolerance, which a user can't know beforehand."
    )
    head = [
        "network",
        "method",
        "Whypixel",
        "in one process",
        "plain loop",
        "Captum in a loop",
        "steps of the loops",
        "times plain",
    ]
    return report("Audits: pictures per second", note, head, rows, limits)


def _rate(
    folder: Path, classifier: Classifier, name: str, explainer: Explainer, paths: list[Path], workers: int
) -> float:
    """Return the pictures per second of an audit from when every process has done its first chunk."""
    times: list[tuple[float, int]] = []
    run = made_run(folder, classifier, name, explainer, paths, part=max(1, len(paths) // PARTS))
    compute(run, workers=workers, on_progress=lambda done, total: times.append((time.perf_counter(), done)))
    began, done = [each for each in times if each[1]][workers - 1]
    return (len(paths) - done) / (times[-1][0] - began)


def _loop_rate(explain: Explain, paths: list[Path]) -> float:
    explain(paths[0])
    started = time.perf_counter()
    for path in paths:
        explain(path)
    return len(paths) / (time.perf_counter() - started)
