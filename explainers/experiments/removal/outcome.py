"""What came out of deletion and insertion: curves, the areas under them, and what they say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from explainers.arrays import Array
from explainers.experiments.base import Finding
from explainers.experiments.removal.orders import QUARTERS
from explainers.explanation import SCALES, SCORE_ROUNDING, Scale
from explainers.paths.trace import MIN_SCORE_CHANGE

MOVED = len(QUARTERS)  # places where the map doesn't belong
DRAWS = 2  # random orders, whose curves are averaged: they hardly differ
ORDERS = 1 + MOVED + DRAWS + 1  # the map, itself in the wrong places, random pixels, a centre blob
EVERY = 2  # only the map is tried at each share, the others at every second; areas are compared on those
CLEAR = 15  # of the 16 beaten: of maps put down anywhere, 2 in 17 do as well
CHANCE = 8  # of the 16 beaten: as many as a map put down anywhere beats on average
FILLED = "Pictures with holes are new to the classifier: another fill may say something else."


@dataclass(frozen=True, eq=False)
class Curves:
    """Scores while pixels are removed in several orders, or while they are brought back.

    fill:     what stands where pixels are missing.
    rising:   whether they are brought back: then a map does well if the area under its curve is large.
    shares:   (S,) of pixels removed or brought back, from 0 to 1.
    answers:  (ORDERS, S, 2) the target's logit and probability: for the map, the moved maps, random draws, the centre;
              NaN where an order wasn't tried.
    pictures: (S, C, H, W) uint8, what the classifier saw in the map's order.
    scale:    which of the answers is the score.
    """

    fill: str
    rising: bool
    shares: Array
    answers: Array
    pictures: Array
    scale: Scale

    @property
    def name(self) -> str:
        return "Insertion" if self.rising else "Deletion"

    @property
    def fine(self) -> Array:
        """(S,) the map's curve."""
        return self.answers[0, :, SCALES.index(self.scale)]

    @property
    def compared(self) -> Array:
        """(S',) the shares that all orders were tried at."""
        return self.shares[::EVERY]

    @cached_property
    def scores(self) -> Array:
        """(ORDERS, S') there."""
        return self.answers[:, ::EVERY, SCALES.index(self.scale)]

    @property
    def map(self) -> Array:
        return self.scores[0]  # type: ignore[no-any-return]

    @property
    def moved(self) -> Array:
        """(MOVED, S')."""
        return self.scores[1 : 1 + MOVED]

    @property
    def random(self) -> Array:
        """The mean of the draws."""
        return self.scores[1 + MOVED : -1].mean(0)  # type: ignore[no-any-return]

    @property
    def centre(self) -> Array:
        return self.scores[-1]  # type: ignore[no-any-return]

    @property
    def whole(self) -> float:
        """The picture's own score."""
        return float(self.fine[-1 if self.rising else 0])

    def area(self, curve: Array) -> float:
        """Under a curve at the compared shares, by the trapezoid rule: the mean score on the way."""
        return float(np.trapezoid(curve, self.compared))

    def relative(self, area: float) -> float | None:
        """An area divided by the picture's own score; None where that is about zero or below."""
        return area / self.whole if self.whole > MIN_SCORE_CHANGE * float(np.ptp(self.scores)) else None

    def better(self, curve: Array, than: Array) -> float:
        """By how much the one curve's area is better than the other's: larger in insertion, smaller in deletion."""
        return (1 if self.rising else -1) * (self.area(curve) - self.area(than))

    @cached_property
    def ahead(self) -> Array:
        """(MOVED,) by how much the map is better than itself in each wrong place."""
        return np.array([self.better(self.map, other) for other in self.moved])

    @property
    def rounding(self) -> float:
        """What areas may differ by for no reason."""
        return SCORE_ROUNDING * float(np.abs(self.scores).max())

    @property
    def beaten(self) -> int:
        """How many of the moved maps the map beats."""
        return int((self.ahead > self.rounding).sum())

    @property
    def distance(self) -> float | None:
        """By how much it beats their mean, in their standard deviations; None where they don't differ."""
        spread = float(self.ahead.std())
        return float(self.ahead.mean()) / spread if spread > self.rounding else None


@dataclass(frozen=True, eq=False)
class RemovalOutcome:
    """What deletion and insertion say of a map.

    flat: whether the map gives all pixels the same heat, so that its order is a random one.
    """

    deletion: Curves
    insertion: Curves
    flat: bool

    @property
    def sides(self) -> tuple[Curves, Curves]:
        return self.deletion, self.insertion

    @property
    def numbers(self) -> Mapping[str, float | None]:
        """Areas, raw and as a share of the picture's score, and how many of the moved maps are beaten."""
        found: dict[str, float | None] = {}
        for side in self.sides:
            area = side.area(side.map)
            found |= {f"{side.name} area": area, f"{side.name} area / score": side.relative(area)}
            found[f"{side.name}: moved maps beaten, of {MOVED}"] = side.beaten
        return found

    @property
    def finding(self) -> Finding:
        """For the map if it is clear in both, against it if it is chance in both or fails in one, else neither.

        A random place for the map gives any rank from 0 to 16 with the same chance. One rank of 15 is not much, two of
        them are. To fail is to lose as clearly, and not to win clearly with the other side.
        """
        told = " and ".join(f"{side.beaten} of {MOVED} times in {side.name.lower()}" for side in self.sides)
        ranks = [side.beaten for side in self.sides]
        caveat = f"{self._blob()} {FILLED}"
        if self.flat:
            return Finding("against", "The map gives all pixels the same heat: there is no order to try.", caveat)
        if min(ranks) >= CLEAR:
            return Finding("for", f"The score follows this map: it beats itself in the wrong place, {told}.", caveat)
        if max(ranks) <= CHANCE or (min(ranks) <= MOVED - CLEAR and max(ranks) < CLEAR):
            said = f"The map is no better than itself in the wrong place: it beats {told}."
            return Finding("against", said, caveat)
        said = f"Not clear: the map beats itself in the wrong place {told}; {CLEAR} in both would be clear."
        return Finding("neither", said, caveat)

    def scaled(self, scale: Scale) -> RemovalOutcome:
        """The same with the logit or the probability as the score."""
        deletion, insertion = (replace(side, scale=scale) for side in self.sides)
        return replace(self, deletion=deletion, insertion=insertion)

    def _blob(self) -> str:
        lost = [side.name.lower() for side in self.sides if side.better(side.map, side.centre) <= side.rounding]
        if not lost:
            return "It also beats a blob in the middle, where objects mostly are."
        return f"A blob in the middle, which knows nothing of the picture, does as well in {' and '.join(lost)}."
