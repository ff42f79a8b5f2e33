"""The share of photos on which a map beats itself in the wrong place, by method, experiment, fill and score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from explainers import Classifier, Explainer
from explainers.experiments import Removal
from explainers.experiments.removal.fills import LINEAR_IMPUTATION
from explainers.experiments.removal.outcome import CLEAR_WIN, MOVED, Curves, RemovalOutcome
from explainers.explanation import SCALES
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.guided_backprop import GuidedBackprop
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.methods.occlusion import Occlusion
from tools.trials.cases import Case

METHODS: tuple[Explainer, ...] = (GradCAM(), IntegratedGradients(), Saliency(), GuidedBackprop(), Occlusion())
FILL_PAIRS = (("black", "blurred picture"), ("blurred picture", "black"))  # (deletion's, insertion's)
IMPUTED_METHODS = METHODS[:2]  # the methods tried with imputation, too, which takes ten times as long as the passes
REMOVAL_STEPS = 20
TABLE_HEAD = (
    "Method",
    "Experiment",
    "Fill",
    "Score",
    "better than the mean of its moved selves",
    f"better than at least {CLEAR_WIN} of {MOVED}",
    "better than a blob in the middle",
)


def table(classifier: Classifier, cases: Sequence[Case]) -> str:
    """Write a Markdown table of shares of the photos; the logit of each photo's likeliest class is explained."""
    rows = [f"| {' | '.join(TABLE_HEAD)} |", f"|{' --- |' * len(TABLE_HEAD)}"]
    for method in METHODS:
        for fills in FILL_PAIRS + ((LINEAR_IMPUTATION, LINEAR_IMPUTATION),) * (method in IMPUTED_METHODS):
            rows += _rows(method.repeatable, classifier, cases, fills)
    return "\n".join(rows)


def _rows(method: Explainer, classifier: Classifier, cases: Sequence[Case], fills: tuple[str, str]) -> Iterator[str]:
    """Yield the rows of one method and one pair of fills: those of deletion and of insertion."""
    comparisons = defaultdict(list)
    experiment = Removal(deletion=fills[0], insertion=fills[1], steps=REMOVAL_STEPS)
    for case in cases:
        question = case.likeliest(classifier)
        outcome = experiment(method, question, method.explain(question))
        assert isinstance(outcome, RemovalOutcome)
        for scale in SCALES:
            for curves in outcome.scaled(scale).sides:
                comparisons[curves.name, curves.fill, scale].append(_comparisons(curves))
    for cells, results in sorted(comparisons.items(), key=lambda item: item[0][0]):
        shares = (f"{sum(successes) / len(cases):.0%}" for successes in zip(*results, strict=True))
        yield f"| {' | '.join([method.title, *cells, *shares])} |"


def _comparisons(curves: Curves) -> tuple[bool, bool, bool]:
    """Whether the map beats the mean of its moved copies, nearly all of them, and a blob in the middle."""
    mean_lead = float(curves.ahead.mean())
    return (
        mean_lead > curves.rounding,
        curves.beaten >= CLEAR_WIN,
        curves.better(curves.map, curves.centre) > curves.rounding,
    )
