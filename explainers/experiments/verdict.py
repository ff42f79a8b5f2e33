"""What several experiments say about one map, in words: their numbers measure different things and don't add up."""

from __future__ import annotations

from collections.abc import Sequence

from explainers.experiments.base import Finding
from explainers.numbers import counted


def verdict(findings: Sequence[Finding | None]) -> str:
    """Sum up the experiments in one sentence; None stands for an experiment that has not been run yet."""
    verdicts = [finding.speaks for finding in findings if finding]
    pro, contra, waiting = verdicts.count("for"), verdicts.count("against"), len(findings) - len(verdicts)
    tests, support = counted(len(verdicts), "test"), _verb(pro, "support")
    contradict = _verb(contra, "contradict")
    if not verdicts:
        text = "No test has been run yet."
    elif contra and pro:
        text = f"**The tests disagree**: {pro} of {tests} {support} this map, {contra} {contradict} it."
    elif contra:
        text = f"**Don't rely on this map**: {contra} of {tests} {contradict} it, none supports it."
    elif pro:
        text = f"**{pro} of {tests} {support} this map**, none contradicts it."
    else:
        text = f"**Undecided**: none of {tests} clearly supports or contradicts this map."
        if len(verdicts) == 1:
            text = "**Undecided**: the one test that has been run neither clearly supports nor contradicts this map."
    return text + (f" {waiting} {_verb(waiting, 'wait')} for a click." if waiting else "")


def _verb(count: int, verb: str) -> str:
    return verb if count > 1 else verb + "s"
