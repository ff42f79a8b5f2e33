"""Where a map points, what hiding the box does to the score, and what that says about the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from explainers.experiments.base import Finding
from explainers.experiments.pointing.hiding import Hidden
from explainers.experiments.pointing.hits import PointingScore

CLEAR_LIFT = 1.5  # times the box's share of the picture: a peak with less attribution around it may be chance
MIN_UNSEEN = 0.005  # share of a box outside the view; less is rounding
CAVEAT = (
    "The box says where a person sees the object, not what the classifier uses: a map that misses it may be right, if "
    "the classifier goes by the background. Photos show their object in the middle, so a hit may be luck. And a hidden "
    "patch is itself something new to the classifier."
)


@dataclass(frozen=True, eq=False)
class PointingOutcome:
    """Where the map points, and what hiding the box does to the score.

    hit:    where the map's attribution lies; hidden: the classifier's answers without the box.
    score:  the explained score in words; logit: whether it is a logit, else it is a probability.
    """

    hit: PointingScore
    hidden: Hidden
    score: str
    logit: bool

    @property
    def finding(self) -> Finding:
        speaks, line = self._speaks()
        return Finding(speaks, line, " ".join(self.sentences), CAVEAT)

    @property
    def sentences(self) -> list[str]:
        """The result in sentences: what follows, where the map points, and what hiding the box does."""
        return [self._speaks()[1], self._where(), self._hides()]

    @property
    def numbers(self) -> Mapping[str, float | None]:
        hit, hidden = self.hit, self.hidden
        return {
            "peak in the box": hit.peak,
            "attribution in the box": hit.inside,
            "box's share of the picture": hit.area,
            "score's fall, box hidden": hidden.fall,
            "score's fall, hidden elsewhere": hidden.score - float(hidden.elsewhere.mean())
            if len(hidden.elsewhere)
            else None,
        }

    def _where(self) -> str:
        hit = self.hit
        if hit.inside is None:
            return "It is zero everywhere."
        count, inside = len(hit.peaks), round((hit.peak or 0) * len(hit.peaks))
        if not count:
            peak = "No pixel speaks for the class."
        elif count == 1:
            peak = f"Its peak lies {'in' if inside else 'outside'} the box."
        else:
            peak = f"{count} pixels are equally strong, {inside} of them in the box."
        luck = "would have hit it, too" if hit.centre else "would have missed it"
        unseen = f" {hit.unseen:.0%} of it lies outside what the classifier sees." if hit.unseen > MIN_UNSEEN else ""
        return (
            f"{peak} The box holds {hit.inside:.0%} of the attribution and is {hit.area:.0%} of the picture.{unseen} "
            f"A point in the middle of the picture {luck}."
        )

    def _hides(self) -> str:
        form, hidden = ("{:.2f}" if self.logit else "{:.1%}").format, self.hidden
        start = f"With the box hidden, {self.score} goes from {form(hidden.score)} to {form(hidden.hidden)}"
        if not len(hidden.elsewhere):
            return f"{start}; there is nothing else to hide."
        if hidden.larger != 1:
            return f"{start}; with all the rest hidden instead, to {form(hidden.elsewhere[0])}."
        mean, least, most = (
            form(found) for found in (hidden.elsewhere.mean(), hidden.elsewhere.min(), hidden.elsewhere.max())
        )
        return (
            f"{start}; with the same area hidden in {len(hidden.elsewhere)} other places, to {mean} on average "
            f"({least} to {most})."
        )

    def _speaks(self) -> tuple[Literal["for", "against", "neither"], str]:
        """Return the verdict, and the line that says it."""
        hit, needed = self.hit, self.hidden.needed
        if hit.inside is None or hit.peak is None:
            return "neither", "The map points nowhere."
        if hit.area == 1:
            return "neither", "The box holds everything that the classifier sees, so any map would hit it."
        hits = hit.peak == 1 and hit.inside >= CLEAR_LIFT * hit.area
        misses = hit.peak == 0 and hit.inside <= hit.area
        if hits and needed:
            return "for", "The map points where hiding hurts most."
        if misses and needed:
            return "against", "The map points elsewhere, although the classifier needs what is in the box."
        if hits and needed is False:
            return "neither", "The map points into the box, but hiding it hurts no more than hiding something else."
        if misses and needed is False:
            return (
                "neither",
                "The map misses the box, but the classifier may go by something else and the map be right.",
            )
        if hits or misses:
            return (
                "neither",
                f"The map {'hits' if hits else 'misses'} the box, but whether the box matters isn't clear.",
            )
        return "neither", "The map neither clearly hits the box nor clearly misses it."
