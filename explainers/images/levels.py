"""Chooses which values of a picture become black and white where a pixel holds more than 8 bits."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from explainers.arrays import Array

LEVELS = {  # how black and white are chosen, and what that is called
    "automatic": "Automatic",
    "type": "Whole range of the data type",
    "percentiles": "0.1st to 99.9th percentile",
    "extremes": "Lowest to highest value",
}
TAIL = 1000  # one in so many values lies below the percentiles, and one above
SLACK = 0.01  # of white: how far values may lie beyond a customary range and still count as rounding or noise
CUSTOMARY_BITS = (8, 10, 12, 14, 16)
MIN_FILLED = 1 / 4  # of a customary range; a picture that fills less of it would be nearly black
MAX_SAMPLED = 10**6  # values of which the percentiles are taken: of all, if there are no more


@dataclass(frozen=True)
class DataType:
    """The type of a picture's values.

    name:     what its values are called in a sentence.
    low:      the lowest value of the whole range, and
    high:     the highest.
    whole:    whether the values are whole numbers.
    negative: whether the lowest value is white and the highest black.
    """

    name: str
    low: float
    high: float
    whole: bool = True
    negative: bool = False


@dataclass(frozen=True)
class Survey:
    """What all values of a picture have in common.

    sample:   (n,) finite values, sorted: all of them or, of a large picture, those at regular distances.
    low:      the lowest finite value, and
    high:     the highest; both 0 if there is none.
    unusable: the number of pixels with a value that is no finite number.
    """

    sample: Array
    low: float
    high: float
    unusable: int

    @classmethod
    def of(cls, bands: Iterable[Array], count: int) -> Survey:
        """Survey a picture of `count` values, given as arrays (h, w, channels) for a few rows at a time."""
        step = math.ceil(count / MAX_SAMPLED)
        samples, unusable, low, high = [], 0, math.inf, -math.inf
        for values in bands:
            usable = values.reshape(-1)
            if values.dtype.kind == "f" and not (finite := np.isfinite(values)).all():
                unusable += int((~finite).any(-1).sum())
                usable = values[finite]
            if len(usable):
                samples.append(usable[::step])
                low, high = min(low, float(usable.min())), max(high, float(usable.max()))
        sample = np.sort(np.concatenate(samples)) if samples else np.zeros(1)
        return cls(sample, *((low, high) if samples else (0.0, 0.0)), unusable)

    @property
    def percentiles(self) -> tuple[float, float]:
        """The lowest and the highest of the values without a thousandth of them at either end."""
        beyond = len(self.sample) // TAIL
        return float(self.sample[beyond]), float(self.sample[-1 - beyond])

    def share_outside(self, low: float, high: float) -> float:
        """Return the share of the values that lie outside of these two."""
        inside = np.searchsorted(self.sample, high, "right") - np.searchsorted(self.sample, low, "left")
        return 1 - float(inside) / len(self.sample)


def choose_levels(kind: str, survey: Survey, data_type: DataType) -> tuple[float, float]:
    """Return the values that are shown black and white.

    Automatic levels are the customary range that the values fill: up to 1 (of numbers that aren't whole), or of 8, 10,
    12, 14 or 16 bits. A few values may lie beyond it. Where the values fill none, the levels are percentiles; where
    these are equal, the extremes; and of a picture of one value, those of the data type.
    """
    ranges = {
        "percentiles": survey.percentiles,
        "extremes": (survey.low, survey.high),
        "type": (data_type.low, data_type.high),
    }
    chosen = [ranges[kind]] if kind in ranges else [*_customary(survey, data_type), *ranges.values()]
    black, white = next((pair for pair in chosen if pair[0] < pair[1]), chosen[-1])
    return (white, black) if data_type.negative else (black, white)


def _customary(survey: Survey, data_type: DataType) -> Iterator[tuple[float, float]]:
    """Yield the customary range that the values fill, if there is one."""
    low, high = survey.percentiles
    whites = [2**bits - 1 for bits in CUSTOMARY_BITS if 2**bits - 1 <= data_type.high or not data_type.whole]
    fitting = (white for white in (whites if data_type.whole else [1, *whites]) if high <= white * (1 + SLACK))
    white = next(fitting, math.inf)
    if low >= -SLACK * white and high >= MIN_FILLED * white:
        yield 0.0, white


def to_8_bits(values: Array, black: float, white: float) -> Array:
    """Map values to 0 (black) to 255 (white); what is no finite number becomes black."""
    if black == white:  # all values are alike: a picture without contrast is black
        return np.zeros(values.shape, np.uint8)
    if values.dtype == np.uint16:  # by a table, in a tenth of the time
        return to_8_bits(np.arange(2**16), black, white)[values]
    scaled = (np.where(np.isfinite(values), values, black) - black) * (255 / (white - black))
    return scaled.clip(0, 255).round().astype(np.uint8)


def describe(survey: Survey, data_type: DataType, black: float, white: float) -> str:
    """Say in sentences which values are shown black and white."""
    sentences = [f"Its {data_type.name} from {_number(black)} to {_number(white)} are shown from black to white."]
    if outside := survey.share_outside(min(black, white), max(black, white)):
        sentences.append(f"{_percent(outside)} of its values lie outside this range and are clipped.")
    if survey.unusable:
        pixels = "1 pixel holds" if survey.unusable == 1 else f"{survey.unusable:,} pixels hold"
        sentences.append(f"{pixels} a value that isn't a finite number; it is shown as black.")
    return " ".join(sentences)


def _number(value: float) -> str:
    text = f"{value:,.0f}" if value == round(value) and abs(value) < 1e12 else f"{value:,.4g}"
    return text.replace("-", "−")


def _percent(share: float) -> str:
    return f"{share:.2%}" if share >= 1e-4 else "Under 0.01%"
