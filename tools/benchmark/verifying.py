"""What it costs to verify every map: the first map of a picture, another one of it, and one that isn't verified."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from unittest.mock import patch

import torch
from torch import Tensor

from explainers import Explainer, Target, verification
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.integrated_gradients import IntegratedGradients
from tools.benchmark.contenders import BARE_LOOP, CAM, CONTENDERS, GRADIENT, INTEGRATED, OURS, Call, Subject, load
from tools.benchmark.peers import MAX_SHARE_OF_FASTEST, QUICK_ROUNDS_FACTOR, in_turns
from tools.benchmark.report import Limit, report

METHODS = {GRADIENT: Saliency(), CAM: GradCAM(), INTEGRATED: IntegratedGradients(steps=50)}
UNVERIFIED, FIRST, ANOTHER = "not verified", "first map of a picture", "another map of it"
MAX_FIRST, MAX_ANOTHER = 1.08, 1.01  # of the time without verification, for Integrated Gradients


def verifying(networks: Sequence[str], rounds: int) -> str:
    """Measure the median seconds of each; they and, for methods of one pass, the peers take turns."""
    rows: list[list[object]] = []
    limits: list[Limit] = []
    for name in networks:
        subject = load(name)
        for method, explainer in METHODS.items():
            peers = [] if method == INTEGRATED else CONTENDERS[method]
            calls = ours(explainer, subject) | {
                peer.name: peer.ready(subject)
                for peer in peers
                if peer.installed and peer.name not in (OURS, BARE_LOOP)
            }
            medians = in_turns(calls, rounds if method == INTEGRATED else QUICK_ROUNDS_FACTOR * rounds)
            rows += [[name, method, *row, row[1] / medians[UNVERIFIED]] for row in medians.items()]
            promise = f"{method} on {name}, {FIRST}, as a share of the time"
            if method == INTEGRATED:
                limits += [
                    Limit(f"{promise} without verification", medians[FIRST] / medians[UNVERIFIED], most=MAX_FIRST),
                    Limit(
                        f"{method} on {name}, {ANOTHER}, as a share of the time without verification",
                        medians[ANOTHER] / medians[UNVERIFIED],
                        most=MAX_ANOTHER,
                    ),
                ]
            else:
                fastest = min(medians[peer.name] for peer in peers if peer.name in medians)
                limits.append(
                    Limit(f"{promise} of the fastest peer", medians[FIRST] / fastest, most=MAX_SHARE_OF_FASTEST)
                )
    note = (
        "Random weights, photos at 224 px. The network has been prepared, and all take turns. What the network as it "
        "is answers to a picture is kept, so another map of it costs less than the first."
    )
    return report(
        "What verification costs", note, ["network", "method", "", "median s", "times not verified"], rows, limits
    )


def ours(explainer: Explainer, subject: Subject) -> dict[str, Call]:
    """Return Whypixel's calls: without verification, of a picture that is new each time, and of one that isn't."""
    classifier, target, numbers = subject.classifier, Target(subject.index), count()
    classifier.layers()

    def explain(picture: Tensor) -> Tensor:
        return torch.from_numpy(explainer(classifier, picture, target).values)

    def first() -> Tensor:
        picture = subject.picture.clone()
        picture[0, 0, 0] = 1 / (1 + next(numbers))
        return explain(picture)

    def unverified() -> Tensor:
        with patch.object(verification, "_confirmed", lambda *_: True):
            return explain(subject.picture)

    return {UNVERIFIED: unverified, FIRST: first, ANOTHER: lambda: explain(subject.picture)}
