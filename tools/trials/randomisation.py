"""The rank correlation of each method's map with its map of the same network with random weights."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np

from explainers import EXPLAINERS, Classifier, Explainer, ExplanationError
from explainers.experiments import Randomisation, RandomisationOutcome
from tools.trials.cases import Case

MAX_PASSES = 110  # of a map; a method that needs more gets fewer samples, or is left out
TABLE_HEAD = ("Method", "ρ, random last layer", "ρ, all random", "from - to", "SSIM", "ρ of signed sums", "photos")


def table(classifier: Classifier, cases: Sequence[Case]) -> str:
    """Write a Markdown table of means over the photos, each with one draw of all weights; magnitudes are compared."""
    lines, left_out, refusals = [TABLE_HEAD, ("---",) * len(TABLE_HEAD)], [], {}
    for kind in EXPLAINERS:
        few_samples = kind.examples.few
        explainer = kind(**few_samples)
        if explainer.passes(classifier) > MAX_PASSES:
            left_out.append(kind.title)
            continue
        title = ", ".join([kind.title, *(f"{value} {name}" for name, value in few_samples.items())])
        try:
            outcomes = [_outcome(explainer, classifier, case, seed) for seed, case in enumerate(cases)]
        except ExplanationError as refusal:
            refusals[kind.title] = str(refusal)
            continue
        lines.append((title, *_cells(outcomes)))
        print(*lines[-1], sep=" | ", file=sys.stderr, flush=True)
    notes = [f"Left out, for they need more than {MAX_PASSES} passes for a map: {', '.join(left_out)}."]
    notes += [f"{title}: {sentence}" for title, sentence in refusals.items()]
    return "\n\n".join(["\n".join("| " + " | ".join(line) + " |" for line in lines), *notes])


def _outcome(explainer: Explainer, classifier: Classifier, case: Case, seed: int) -> RandomisationOutcome:
    """Randomise the last layer, then all layers, and compare the maps of the likeliest class's logit."""
    question = case.likeliest(classifier)
    explanation = explainer.explain(question).reduced("sum of magnitudes")
    outcome = Randomisation(stages=2, draws=1, seed=seed)(explainer, question, explanation)
    assert isinstance(outcome, RandomisationOutcome)
    return outcome


def _cells(outcomes: Sequence[RandomisationOutcome]) -> list[str]:
    correlations = [outcome.correlation for outcome in outcomes if outcome.correlation is not None]
    last_steps = [outcome.steps[-1] for outcome in outcomes]
    measures = (
        [outcome.last_layer for outcome in outcomes],
        correlations,
        [step.similarity for step in last_steps],
        [step.by_sign for step in last_steps],
    )
    last_layer, all_random, similarity, signed = (_mean(values) for values in measures)
    span = f"{min(correlations):.2f} - {max(correlations):.2f}" if correlations else "–"
    return [last_layer, all_random, span, similarity, signed, f"{len(correlations)} of {len(outcomes)}"]


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.2f}" if known else "–"
