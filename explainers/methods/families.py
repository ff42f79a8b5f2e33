"""The families of methods, as menus show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explainers.declarations import Family
from explainers.explainer import Explainer
from explainers.methods import EXPLAINERS


@dataclass(frozen=True)
class FamilyEntry:
    """What a menu says of a family.

    title:   its name, which is short.
    summary: what its methods do, in a sentence.
    """

    title: str
    summary: str

    def methods(self) -> tuple[type[Explainer], ...]:
        """Return its methods, in the order of the menus."""
        return tuple(kind for kind in EXPLAINERS if FAMILIES[kind.family] is self)


FAMILIES: Mapping[Family, FamilyEntry] = {
    "gradient": FamilyEntry("Gradients", "Ask how the score reacts to each pixel. Fine detail."),
    "path variant": FamilyEntry("Paths", "Add up gradients on other paths than the straight one."),
    "class activation map": FamilyEntry("CAM", "Ask where a deep layer finds the class. Coarse, quick and sturdy."),
    "perturbation": FamilyEntry("Hiding", "Hide parts of the picture and watch the score. Slow, needs no gradients."),
    "attention": FamilyEntry("Attention", "Follow the attention of a transformer from its answer back to the picture."),
}
