"""Where a map points, what hiding the box does to the score, and what that says of the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from explainers.experiments.base import Finding
from explainers.experiments.pointing.hiding import Hidden
from explainers.experiments.pointing.hits import PointingScore

LIFT = 1.5  # times what a map spread evenly has in the box: with less around it, a peak there may be chance
CUT = 0.005  # of a box outside the view: less is rounding
WITHOUT = "So hiding the box hurts no more than hiding something else:"
CAVEAT = (
    "The box says where a person sees the object, not what the classifier uses: a map that misses it may be right, if "
    "the classifier goes by the background. Photos show their object in the middle, so a hit may be luck. And a hidden "
    "patch is itself something new to the classifier."
)


@dataclass(frozen=True, eq=False)
class PointingOutcome:
    """Where the map points, and what hiding the box does to the score.

    score: what is explained, in words; logit: whether it is a logit, else a probability.
    """

    hit: PointingScore
    hidden: Hidden
    score: str
    logit: bool

    @property
    def finding(self) -> Finding:
        return Finding(self._speaks()[0], " ".join(self.said), CAVEAT)

    @property
    def said(self) -> list[str]:
        """What was found, in sentences: where the map points, what hiding does, and what follows."""
        return [said for said in (self._where(), self._hides(), self._speaks()[1]) if said]

    @property
    def numbers(self) -> Mapping[str, float | None]:
        found, hidden = self.hit, self.hidden
        return {
            "peak in the box": found.peak,
            "attribution in the box": found.inside,
            "box's share of the picture": found.area,
            "score's fall, box hidden": hidden.fall,
            "score's fall, hidden elsewhere": hidden.score - float(hidden.elsewhere.mean())
            if len(hidden.elsewhere)
            else None,
        }

    def _where(self) -> str:
        found = self.hit
        if found.inside is None:
            return "The map is zero everywhere: it points nowhere."
        ties, inside = len(found.peaks), round((found.peak or 0) * len(found.peaks))
        if not ties:
            peak = "No pixel speaks for the class, so the map has no peak."
        elif ties == 1:
            peak = f"The map's peak lies {'in' if inside else 'outside'} the box."
        else:
            peak = f"{ties} pixels are equally strong, {inside} of them in the box."
        luck = "would have hit it, too" if found.centre else "would have missed it"
        cut = f" {found.unseen:.0%} of it lies outside what the classifier sees." if found.unseen > CUT else ""
        return (
            f"{peak} The box holds {found.inside:.0%} of the attribution and is {found.area:.0%} of the picture.{cut} "
            f"A point in the middle of the picture {luck}."
        )

    def _hides(self) -> str:
        form, hidden = ("{:.2f}" if self.logit else "{:.1%}").format, self.hidden
        said = f"With the box hidden, {self.score} goes from {form(hidden.score)} to {form(hidden.hidden)}"
        if not len(hidden.elsewhere):
            return f"{said}; there is nothing else to hide."
        if hidden.larger != 1:
            return f"{said}; with all the rest hidden instead, to {form(hidden.elsewhere[0])}."
        return (
            f"{said}; with as much hidden at {len(hidden.elsewhere)} other places, to {form(hidden.elsewhere.mean())} "
            f"on average ({form(hidden.elsewhere.min())} to {form(hidden.elsewhere.max())})."
        )

    def _speaks(self) -> tuple[Literal["for", "against", "neither"], str]:
        """The verdict, and its reason."""
        found, needed = self.hit, self.hidden.needed
        if found.inside is None or found.peak is None:
            return "neither", ""
        if found.area == 1:
            return "neither", "The box holds all that the classifier sees: any map would hit."
        hits = found.peak == 1 and found.inside >= LIFT * found.area
        misses = found.peak == 0 and found.inside <= found.area
        if hits and needed:
            return "for", "So the map points where it hurts most."
        if misses and needed:
            return "against", "So the classifier needs what is in the box, and the map points elsewhere."
        if hits and needed is False:
            return "neither", "So the map points there, and yet hiding it hurts no more than hiding something else."
        if misses and needed is False:
            return "neither", f"{WITHOUT} the classifier may go by something else, and the map may be right."
        return "neither", "This is no clear hit or miss." if not (
            hits or misses
        ) else "This is not clear enough to judge."
