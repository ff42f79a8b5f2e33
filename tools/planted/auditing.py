"""Makes a data set and audits it, as `python -m explainers audit` does."""

from __future__ import annotations

from pathlib import Path

from explainers.audit.cases.listing import list_cases
from explainers.audit.engine import compute
from explainers.audit.findings import find, write_findings
from explainers.audit.runs.beginning import begin, planned
from explainers.classifiers.offered import offer, withdraw
from explainers.explainer import Explainer
from tools.planted import data_set
from tools.planted.drawing import Plant, drawn
from tools.planted.judging import Judgement, judged


def audited(folder: Path, plant: Plant, seed: int, each: int, method: str, explainer: Explainer) -> Judgement:
    """Make a data set in a folder unless it is there, train a classifier, audit it by a method, and judge that."""
    if not (folder / data_set.WEIGHTS).exists():
        drawings = drawn(plant, each, seed)
        data_set.write(folder, drawings)
        data_set.learn(folder, drawings, seed)
    classifier = data_set.classifier(folder)
    source = offer(classifier)
    try:
        listing = list_cases(folder / data_set.PICTURES)
        plan = planned(listing, classifier, explainer, name=source.name, asked="label")
        run, _ = begin(folder / f"run-{method}", plan, listing)
        compute(run)
        findings = find(run)
        write_findings(run, findings)
    finally:
        withdraw(source)
    planted = data_set.planted(folder)
    return judged(findings.findings, frozenset(n for n, case in enumerate(run.cases) if case.path in planted))
