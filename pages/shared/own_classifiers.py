"""The classifiers that this visit has brought. The Models page takes them in; all pages can use them.

The address names one by a hash of its file and its answers, and no other classifier is ever explained in its place.
"""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from explainers.classifiers.brought import bring, is_own
from pages.shared import state

if TYPE_CHECKING:  # only those who have brought one need it
    from explainers.classifiers.own.classifier import OwnClassifier

KEPT_KEY = "own-classifiers"  # of those that the visitor has brought
CLASSIFIER_KEY = "classifier"  # of the classifier's name, in the address
MISSING_OPTION = "The classifier of this link (not here)"
MISSING = (
    "This link or settings file uses an uploaded classifier that isn't here: it names the classifier without "
    "containing it, and the server keeps an upload for one visit only. Whoever has the file can drop it on the Models "
    "page and give the same answers. Or choose another classifier under More."
)


def kept() -> tuple[OwnClassifier, ...]:
    """Return the classifiers that this visit has brought."""
    classifiers: tuple[OwnClassifier, ...] = state.recall(KEPT_KEY, ())
    return classifiers


def bring_along() -> None:
    """Let this run of the page find the visitor's own classifiers among all others."""
    bring(kept())


def keep(own: OwnClassifier) -> None:
    """Keep a classifier, in place of one with the same file and answers."""
    state.remember(KEPT_KEY, (*(each for each in kept() if each.name != own.name), own))
    bring_along()


def let_go(own: OwnClassifier) -> None:
    """Keep a classifier no longer, and go back to the first one where it is in use."""
    state.remember(KEPT_KEY, tuple(each for each in kept() if each.name != own.name))
    bring_along()
    state.hold_for(own.name, ())
    if state.value(CLASSIFIER_KEY, "") == own.name:
        state.forget(CLASSIFIER_KEY)


def missing(name: str, available: Container[str]) -> dict[str, str]:
    """Return the option for an own classifier that the address names and isn't here, with its text; else nothing."""
    return {name: MISSING_OPTION} if is_own(name) and name not in available else {}
