"""Rank correlation of each method's map with that of the same network with random weights."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from explainers import EXPLAINERS, Classifier, Explainer, ExplanationError, Target
from explainers.experiments import Randomisation, RandomisationOutcome
from tools.trials.cases import Case

MOST = 110  # passes for a map; a method that needs more gets fewer samples, or is left out
FEWER: Mapping[str, Mapping[str, Any]] = {
    "IntegratedGradients": {"steps": 16},
    "GuidedIntegratedGradients": {"steps": 10},
    "BlurIntegratedGradients": {"steps": 16},
    "XRAI": {"steps": 10},
    "ExpectedGradients": {"draws": 5},
    "SmoothGrad": {"samples": 10},
    "SmoothGradSquared": {"samples": 10},
    "VarGrad": {"samples": 10},
}
HEAD = ("Method", "ρ, random last layer", "ρ, all random", "from - to", "SSIM", "ρ of signed sums", "photos")


def table(classifier: Classifier, cases: Sequence[Case]) -> str:
    """Means over the photos, of the likeliest class's logit, on magnitudes; one draw of all weights for each photo."""
    lines, left_out, refusals = [HEAD, ("---",) * len(HEAD)], [], {}
    for kind in EXPLAINERS:
        few = FEWER.get(kind.__name__, {})
        explainer = kind(**few)
        if explainer.passes(classifier) > MOST:
            left_out.append(kind.title)
            continue
        title = ", ".join([kind.title, *(f"{value} {name}" for name, value in few.items())])
        try:
            found = [_cascade(explainer, classifier, case, seed) for seed, case in enumerate(cases)]
        except ExplanationError as refusal:
            refusals[kind.title] = str(refusal)
            continue
        lines.append((title, *_row(found)))
        print(*lines[-1], sep=" | ", file=sys.stderr, flush=True)
    notes = [f"Left out, for they need more than {MOST} passes for a map: {', '.join(left_out)}."]
    notes += [f"{title}: {sentence}" for title, sentence in refusals.items()]
    return "\n\n".join(["\n".join("| " + " | ".join(line) + " |" for line in lines), *notes])


def _cascade(explainer: Explainer, classifier: Classifier, case: Case, seed: int) -> RandomisationOutcome:
    target = Target(classifier.predict(case.photo, 1)[0].index)
    explanation = explainer(classifier, case.photo, target).reduced("sum of magnitudes")
    return Randomisation(stages=2, draws=1, seed=seed)(explainer, classifier, case.photo, explanation)


def _row(found: Sequence[RandomisationOutcome]) -> list[str]:
    whole = [each.correlation for each in found if each.correlation is not None]
    ends = [each.steps[-1] for each in found]
    measures = (
        [each.last_layer for each in found],
        whole,
        [end.similarity for end in ends],
        [end.by_sign for end in ends],
    )
    last, all_random, similarity, signed = (_mean(values) for values in measures)
    extent = f"{min(whole):.2f} - {max(whole):.2f}" if whole else "–"
    return [last, all_random, extent, similarity, signed, f"{len(whole)} of {len(found)}"]


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.2f}" if known else "–"
