"""The axis of a comparison that differs from visitor to visitor: which pictures there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from explainers.comparison.axes import AXES, Axis, Likely, class_title
from explainers.comparison.variants import Variant
from explainers.explanation import Explanation
from explainers.numbers import SEPARATOR
from explainers.question import Question

FIRST_PICTURES = 4  # that are compared at first


def axes_with_pictures(titles: Mapping[str, str], *, class_is_chosen: bool) -> dict[str, Axis]:
    """Return the axes of a comparison whose tiles may also differ in their picture.

    titles:          the titles of the pictures that can be compared, by their names; no two are the same.
    class_is_chosen: whether all tiles explain the question's class, and not each the top prediction for its picture.
    """

    def apply(variant: Variant, value: str, question: Question, likely: Likely) -> Variant:
        return replace(variant, picture=value, label=variant.label if class_is_chosen else None)

    def options(question: Question) -> Sequence[str]:
        return tuple(titles)

    def resolved(value: str, explanation: Explanation) -> str:
        return f"{titles[value]}{SEPARATOR}{class_title(value, explanation)}"

    explains = "the class in the sidebar" if class_is_chosen else "the top prediction for its own picture"
    axis = Axis(
        "picture",
        options,
        tuple(titles)[:FIRST_PICTURES],
        apply,
        f"Your own pictures and the samples. Each tile explains {explains}.",
        titles.__getitem__,
        resolved=resolved,
    )
    return {axis.name: axis} | AXES  # before the class, which may be another axis
