"""The outcome of deletion and insertion: curves, the areas under them, and what they say about the map."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from explainers.arrays import Array
from explainers.experiments.base import Finding
from explainers.experiments.removal.orders import QUARTER_SHIFTS
from explainers.explanation import SCALES, Scale
from explainers.paths.trace import MIN_SCORE_CHANGE, SCORE_ROUNDING

MOVED = len(QUARTER_SHIFTS)  # how many copies of the map there are in wrong places, the moved maps
RANDOM_COUNT = 2  # how many random orders; their curves hardly differ and are averaged
ORDER_COUNT = 1 + MOVED + RANDOM_COUNT + 1  # the map, itself in the wrong places, random pixels, a centre blob
COMPARED_EVERY = 2  # the map is tried at every share, other orders at every second; only areas over those are compared
CLEAR_WIN = 15  # moved maps beaten, of 16: 2 in 17 maps put down anywhere do as well
CHANCE_WIN = 8  # moved maps beaten, of 16: the mean of maps put down anywhere
FILL_CAVEAT = "Pictures with holes are new to the classifier: another fill may give another result."


@dataclass(frozen=True, eq=False)
class Curves:
    """Scores while pixels are removed in several orders, or while they are brought back.

    fill:     what missing pixels become.
    rising:   whether pixels are brought back: then a map does well if the area under its curve is large.
    shares:   (S,) the shares of pixels that are removed or brought back, from 0 to 1.
    answers:  (ORDER_COUNT, S, 2) the target's logit and probability, for the orders of the map, the moved maps, the
              random draws and the centre; NaN where an order wasn't tried.
    pictures: (S, C, H, W) uint8, what the classifier saw in the map's order.
    scale:    which of the two answers is the score.
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
        """(S,) the map's scores at every share."""
        return self.answers[0, :, SCALES.index(self.scale)]

    @property
    def compared(self) -> Array:
        """(S',) the shares at which all orders were tried."""
        return self.shares[::COMPARED_EVERY]

    @cached_property
    def scores(self) -> Array:
        """(ORDER_COUNT, S') the scores of all orders at the compared shares."""
        return self.answers[:, ::COMPARED_EVERY, SCALES.index(self.scale)]

    @property
    def map(self) -> Array:
        """(S',) the scores of the map's order."""
        return self.scores[0]  # type: ignore[no-any-return]

    @property
    def moved(self) -> Array:
        """(MOVED, S') the scores of the moved maps."""
        return self.scores[1 : 1 + MOVED]

    @property
    def random(self) -> Array:
        """(S',) the scores of random orders, averaged."""
        return self.scores[1 + MOVED : -1].mean(0)  # type: ignore[no-any-return]

    @property
    def centre(self) -> Array:
        """(S',) the scores of the order from the middle outwards."""
        return self.scores[-1]  # type: ignore[no-any-return]

    @property
    def whole(self) -> float:
        """The picture's own score."""
        return float(self.fine[-1 if self.rising else 0])

    def area(self, curve: Array) -> float:
        """Return the area under a curve (S',) by the trapezoid rule, which is the mean score along it."""
        return float(np.trapezoid(curve, self.compared))

    def relative(self, area: float) -> float | None:
        """Return an area divided by the picture's own score; None if that score is about zero or below."""
        return area / self.whole if self.whole > MIN_SCORE_CHANGE * float(np.ptp(self.scores)) else None

    def better(self, curve: Array, than: Array) -> float:
        """Return by how much a curve's area is better `than` another's: larger in insertion, smaller in deletion."""
        return (1 if self.rising else -1) * (self.area(curve) - self.area(than))

    @cached_property
    def ahead(self) -> Array:
        """(MOVED,) by how much the map's area is better than that of each moved map."""
        return np.array([self.better(self.map, other) for other in self.moved])

    @property
    def rounding(self) -> float:
        """The difference between areas that rounding alone can cause."""
        return SCORE_ROUNDING * float(np.abs(self.scores).max())

    @property
    def beaten(self) -> int:
        """How many of the moved maps the map beats."""
        return int((self.ahead > self.rounding).sum())

    @property
    def distance(self) -> float | None:
        """By how much the map beats the moved maps' mean, in their standard deviations; None if they don't differ."""
        spread = float(self.ahead.std())
        return float(self.ahead.mean()) / spread if spread > self.rounding else None


@dataclass(frozen=True, eq=False)
class RemovalOutcome:
    """What deletion and insertion say about a map.

    flat: whether the map gives all pixels the same heat, so that its order is random.
    """

    deletion: Curves
    insertion: Curves
    flat: bool

    @property
    def sides(self) -> tuple[Curves, Curves]:
        return self.deletion, self.insertion

    @property
    def numbers(self) -> Mapping[str, float | None]:
        """The areas, also as a share of the picture's score, and how many of the moved maps the map beats."""
        measures: dict[str, float | None] = {}
        for side in self.sides:
            area = side.area(side.map)
            measures |= {f"{side.name} area": area, f"{side.name} area / score": side.relative(area)}
            measures[f"{side.name}: moved maps beaten, of {MOVED}"] = side.beaten
        return measures

    @property
    def finding(self) -> Finding:
        """For the map if it wins clearly in both, against it if both are chance or it fails in one, else neither.

        A map put down at random gets any rank from 0 to 16 with the same probability, so one rank of 15 or more is
        weak evidence, but two are strong. The map fails if it loses that clearly on one side without winning clearly
        on the other.
        """
        ranks = [side.beaten for side in self.sides]
        counts = f"It beats {ranks[0]} of its {MOVED} displaced copies in deletion, and {ranks[1]} in insertion."
        caveat = f"{self._blob()} {FILL_CAVEAT}"
        if self.flat:
            line = "The map gives all pixels the same value, so there is no order to test."
            return Finding("against", line, line, caveat)
        if min(ranks) >= CLEAR_WIN:
            line = "Moved to a wrong place, the map does worse."
            return Finding("for", line, f"{line} {counts}", caveat)
        if max(ranks) <= CHANCE_WIN or (min(ranks) <= MOVED - CLEAR_WIN and max(ranks) < CLEAR_WIN):
            line = "Moved to a wrong place, the map does just as well."
            return Finding("against", line, f"{line} {counts}", caveat)
        line = "Undecided: moved to a wrong place, the map doesn't do clearly worse."
        return Finding("neither", line, f"{line} {counts} {CLEAR_WIN} in both would be clear.", caveat)

    def scaled(self, scale: Scale) -> RemovalOutcome:
        """Return the same outcome with the logit or the probability as the score."""
        deletion, insertion = (replace(side, scale=scale) for side in self.sides)
        return replace(self, deletion=deletion, insertion=insertion)

    def _blob(self) -> str:
        """Say whether the map also beats the order from the middle outwards."""
        lost = [side.name.lower() for side in self.sides if side.better(side.map, side.centre) <= side.rounding]
        if not lost:
            return "It also beats a blob in the middle, where objects usually are."
        return f"A blob in the middle, which knows nothing of the picture, does just as well in {' and '.join(lost)}."
