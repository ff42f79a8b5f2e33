"""What the tests of a map found, as far as they have been run."""

from __future__ import annotations

from explainers import Explainer, Explanation
from explainers.experiments import Experiment, Finding, Pointing, Randomisation, Removal, Stability
from explainers.question import Question
from pages.shared import state, work
from pages.shared.own_picture import BOX_KEY

TESTS = (Removal, Randomisation, Stability, Pointing)


def known_findings(explainer: Explainer, question: Question, explanation: Explanation) -> dict[str, Finding]:
    """Return what the tests of this map found when each of them was run last, by their titles.

    That of a box is told only to the visitor who drew it.
    """
    latest: dict[str, Finding] = {}
    for experiment, outcome in work.known_outcomes(explainer, question, explanation):
        if isinstance(experiment, TESTS) and not _has_another_box(experiment):
            latest[experiment.title] = outcome.finding
    return latest


def _has_another_box(experiment: Experiment) -> bool:
    """Whether an experiment is about a box that isn't the one that this visitor has drawn."""
    if not isinstance(experiment, Pointing):
        return False
    drawn: list[str] = state.value(BOX_KEY, [])
    return drawn != [str(int(edge)) for edge in experiment.box or ()]
