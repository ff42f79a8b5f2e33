"""The measures of a row that a visitor can filter and sort by, in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Measure:
    """A column of numbers.

    title: what it is called.
    hint:  what it says.
    share: whether it is a share of 1, and written in per cent.
    """

    title: str
    hint: str
    share: bool = True


MEASURES = {  # by the names of their columns
    "probability": Measure("Probability of the prediction", "How sure the classifier is of its likeliest class."),
    "label_probability": Measure(
        "Probability of the true class", "What the classifier gives the class that the picture shows."
    ),
    "score": Measure("Explained score", "The number that the map explains.", share=False),
    "gap": Measure(
        "Completeness gap", "How far the sum of the map is from the change of score. Only some methods have one."
    ),
    "map_error": Measure("Estimated error of the map", "How wrong the map may be. Only some methods tell."),
    "box_share": Measure("Map inside the box", "The share of the map's magnitudes that lies in the object's box."),
    "box_peak": Measure("Peak inside the box", "The share of the strongest pixels that lies in the object's box."),
    "border_share": Measure(
        "Map at the border",
        "The share of magnitudes in the outer tenth of the view on each side, which is 36% of its area.",
    ),
    "compactness": Measure(
        "Area of half the map", "The share of pixels that hold half of the magnitudes: small means compact."
    ),
    "deletion_beaten": Measure(
        "Displaced maps beaten by deletion",
        "Of 16 copies of the map in wrong places, how many it beats when the strongest pixels are deleted.",
        share=False,
    ),
    "insertion_beaten": Measure(
        "Displaced maps beaten by insertion",
        "Of 16 copies of the map in wrong places, how many it beats when the strongest pixels are inserted.",
        share=False,
    ),
}
BORDER_AREA = 0.36  # of the view: 1 - 0.8 * 0.8
