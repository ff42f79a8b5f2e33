"""What several experiments say about one map, in words: their numbers measure different things and don't add up."""

from __future__ import annotations

from collections.abc import Sequence

from explainers.experiments.base import Finding


def verdict(findings: Sequence[Finding | None]) -> str:
    """Sum up the experiments in one sentence; None stands for an experiment that has not been run yet."""
    verdicts = [finding.speaks for finding in findings if finding]
    pro, contra, waiting = verdicts.count("for"), verdicts.count("against"), len(findings) - len(verdicts)
    if not verdicts:
        text = "No experiment has been run yet."
    elif contra and pro:
        text = f"**The experiments disagree**: {pro} for the map, {contra} against it."
    elif contra:
        text = f"**Do not lean on this map**: {contra} against it, none for it."
    elif pro:
        text = f"**Nothing speaks against this map**, and {pro} of {len(verdicts)} for it."
    else:
        text = "**Open**: no experiment speaks clearly for or against this map."
    return text + (f" {waiting} wait{'s' * (waiting == 1)} for a click." if waiting else "")
