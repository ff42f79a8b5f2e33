"""On how many photos a map beats itself in the wrong place: deletion and insertion, by method, fill and score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainers import Classifier, Explainer, Target
from explainers.experiments import Removal
from explainers.experiments.removal.fills import LINEAR
from explainers.experiments.removal.outcome import CLEAR, MOVED, Curves
from explainers.explanation import SCALES
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.guided_backprop import GuidedBackprop
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.methods.occlusion import Occlusion
from tools.trials.cases import Case

METHODS: tuple[Explainer, ...] = (GradCAM(), IntegratedGradients(), Saliency(), GuidedBackprop(), Occlusion())
FILLS = (("black", "blurred picture"), ("blurred picture", "black"))  # of deletion and of insertion
IMPUTED = METHODS[:2]  # tried with imputation, too, which takes ten times as long as the passes
STEPS = 20
HEAD = (
    "Method",
    "Experiment",
    "Fill",
    "Score",
    "better than the mean of its moved selves",
    f"better than at least {CLEAR} of {MOVED}",
    "better than a blob in the middle",
)


def table(classifier: Classifier, cases: Sequence[Case]) -> str:
    """Shares of the photos, each explained for its likeliest class (its logit)."""
    lines = [f"| {' | '.join(HEAD)} |", f"|{' --- |' * len(HEAD)}"]
    for method in METHODS:
        for fills in FILLS + ((LINEAR, LINEAR),) * (method in IMPUTED):
            lines += lines_of(method.repeated, classifier, cases, fills)
    return "\n".join(lines)


def lines_of(method: Explainer, classifier: Classifier, cases: Sequence[Case], fills: tuple[str, str]) -> Iterator[str]:
    """The lines of one method and one pair of fills: of deletion and of insertion."""
    found = defaultdict(list)
    for case in cases:
        explanation = method(classifier, case.photo, Target(classifier.predict(case.photo, 1)[0].index))
        outcome = Removal(deletion=fills[0], insertion=fills[1], steps=STEPS)(
            method, classifier, case.photo, explanation
        )
        for scale in SCALES:
            for side in outcome.scaled(scale).sides:
                found[side.name, side.fill, scale].append(_better(side))
    for what, counts in sorted(found.items(), key=lambda item: item[0][0]):
        shares = (f"{sum(each) / len(cases):.0%}" for each in zip(*counts, strict=True))
        yield f"| {' | '.join([method.title, *what, *shares])} |"


def _better(side: Curves) -> tuple[bool, bool, bool]:
    mean = float(side.ahead.mean())
    return mean > side.rounding, side.beaten >= CLEAR, side.better(side.map, side.centre) > side.rounding
