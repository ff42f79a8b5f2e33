"""Random samples: draws that can be repeated, sums that give a map and its standard error, and when they are enough."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from explainers.explainer import Attribution
from explainers.explanation import Sampling
from explainers.passes import Passes
from explainers.settings import OnlyIf, number, tolerance

FIRST_SHARE = 0.1  # of a chosen number of samples: after these, there is a preview
FIRST_SAMPLES = 32  # of an automatic number: enough for an estimate of the error
LARGEST_GROWTH = 2  # times the samples from one look at the error to the next, which it may have underestimated
MEAN_DISTANCE = math.sqrt(2 / math.pi)  # of normal numbers from their mean, in standard deviations


def samples(default: int, low: int, most: int, step: int = 1, *, hint: str, label: str = "") -> Any:
    """Declare a number of samples that is `default`, or None: as many as the tolerance needs, up to `most`."""
    usual = tuple(count for count in (default, 4 * default) if count <= most)
    return number(
        *(default, low, most, step), hint=hint, label=label, automatic="as many as needed", first=default, usual=usual
    )


def sampling_tolerance(*, only_if: OnlyIf) -> Any:
    """Declare the tolerance of such a number: the error falls as slowly as 1 / sqrt(samples)."""
    return tolerance(10.0, 50.0, only_if=only_if)


def seeds(seed: int, count: int) -> list[int]:
    """Return a seed for each of `count` samples, so that a chunk can be drawn when it passes, and again if need be."""
    return [int(value) for value in torch.randint(2**62, (count,), generator=torch.Generator().manual_seed(seed))]


def gaussian(seed: int, like: Tensor) -> Tensor:
    """Draw standard normal numbers in the shape of `like`, the same on every device."""
    return torch.randn(like.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float32).to(like)


class Moments:
    """The moments of random maps about a value near their mean, which lose few digits then.

    Memory doesn't grow with the number of samples. Sums are in float64: powers of small gradients vanish in float32.

    centre: (...), that value.
    count:  the number of samples added so far.
    """

    def __init__(self, centre: Tensor, orders: int) -> None:
        self.centre, self.count = centre.detach(), 0
        self._sums = torch.zeros(orders, *centre.shape, dtype=torch.float64, device=centre.device)

    @torch.no_grad()
    def add(self, samples: Tensor) -> None:
        """Add samples (n, ...)."""
        differences = (samples - self.centre).double()
        powers = differences
        for total in self._sums[:-1]:
            total += powers.sum(0)
            powers = powers * differences
        self._sums[-1] += powers.sum(0)
        self.count += len(samples)

    @property
    def means(self) -> Tensor:
        """(orders, ...), the means of the differences from the centre, their squares, and so on."""
        return self._sums / self.count


@dataclass(frozen=True, eq=False)
class Estimate:
    """A map that is estimated from random samples.

    values:         (...), the map.
    standard_error: (...), the standard deviation of its values from one set of samples to another; None if unknown.
    """

    values: Tensor
    standard_error: Tensor | None

    @classmethod
    def of_mean(cls, values: Tensor, variance: Tensor, count: int) -> Estimate:
        """Make the estimate of a mean over `count` independent samples; `variance` (...) is theirs about that mean."""
        return cls(values, (variance.clamp(min=0) / (count - 1)).sqrt() if count > 1 else None)

    def at(self, labels: Tensor) -> Estimate:
        """Give each pixel what its superpixel has; `labels` (H, W) are the numbers of the superpixels."""
        return Estimate(self.values[labels], None if self.standard_error is None else self.standard_error[labels])

    def shared(self, picture: Tensor) -> Estimate:
        """Share the values (H, W) of pixels among the channels of `picture` (C, H, W), which are hidden together."""

        def share(given: Tensor) -> Tensor:
            return (given / len(picture)).to(picture).expand_as(picture)

        return Estimate(share(self.values), None if self.standard_error is None else share(self.standard_error))

    @property
    def error(self) -> float | None:
        """The expected relative L1 distance from the map of endlessly many samples, as a share of this map's own size.

        None if it is unknown, or the map is zero by chance.
        """
        if self.standard_error is None:
            return None
        distance, size = MEAN_DISTANCE * float(self.standard_error.sum()), float(self.values.double().abs().sum())
        return distance / size if size else None if distance else 0.0


class Drawn(NamedTuple):
    """What random samples give, and how many there were; None for methods that draw none."""

    estimate: Estimate
    sampling: Sampling | None = None


Extend = Callable[[int], Estimate]  # draws on, to so many samples in all, and returns what all of them give


@dataclass(frozen=True)
class Plan:
    """How many samples are drawn.

    name:      what they are, in words.
    most:      the chosen number, or the largest automatic one.
    tolerance: the expected error below which an automatic number ends; None if the number is chosen.
    passes:    the number of passes of one sample.
    """

    name: str
    most: int
    tolerance: float | None
    passes: int = 1

    @classmethod
    def of(cls, name: str, chosen: int | None, most: int, tolerance: float, passes: int = 1) -> Plan:
        """Make the plan of a setting that is None if the number of samples is automatic; `tolerance` is in per cent."""
        return cls(name, most, tolerance / 100, passes) if chosen is None else cls(name, chosen, None, passes)

    def draw(self, passes: Passes, extend: Extend, preview: Callable[[Drawn], None]) -> Drawn:
        """Draw the samples of one picture; `preview` is called with what the first of them give, if there are more."""
        count = self._rounded(FIRST_SAMPLES if self.tolerance else FIRST_SHARE * self.most, passes)
        if self.tolerance:
            passes.total = None
        estimate = extend(count)
        if count < self.most:
            preview(Drawn(estimate, Sampling(count, self.name)))
        while count < self.most and not self._ends(estimate):
            needed = self._needed(count, estimate)
            before, count = (
                count,
                self._rounded(min(needed, LARGEST_GROWTH * count) if self.tolerance else needed, passes),
            )
            if self.tolerance:
                passes.total = passes.count + (max(count, needed) - before) * self.passes
            estimate = extend(count)
        return Drawn(estimate, Sampling(count, self.name, self._suffices(estimate) if self.tolerance else None))

    def _rounded(self, count: float, passes: Passes) -> int:
        """Round up to whole chunks, if each sample is one pass."""
        unit = passes.chunks.size if self.passes == 1 else 1
        return min(self.most, math.ceil(count / unit) * unit)

    def _needed(self, count: int, estimate: Estimate) -> int:
        """Return how many samples are expected to suffice, given that the error falls as 1 / sqrt(samples)."""
        if self.tolerance is None:
            return self.most
        error = estimate.error
        needed = self.most if error is None else count * (error / self.tolerance) ** 2
        return math.ceil(min(self.most, max(count + 1, needed)))

    def _suffices(self, estimate: Estimate) -> bool:
        error = estimate.error
        return self.tolerance is not None and error is not None and error <= self.tolerance

    def _ends(self, estimate: Estimate) -> bool:
        """Whether more samples are of no use: the error is small enough, or the map will never be finite."""
        return self._suffices(estimate) or math.isnan(estimate.error or 0)


def explain(
    passes: Passes, plan: Plan, extends: Iterable[Extend], finish: Callable[[Sequence[Drawn]], Attribution]
) -> Attribution:
    """Draw the samples of each picture, and hand on a preview of the first; `finish` makes the attribution of them."""
    drawn: list[Drawn] = []

    def preview(first: Drawn) -> None:
        if not drawn:
            passes.preview(finish([first]))

    for extend in extends:
        drawn.append(plan.draw(passes, extend, preview))
    return finish(drawn)


def attribution(drawn: Sequence[Drawn], **more: Any) -> Attribution:
    """Make the attribution of pictures (N of them, with `more` fields) of what their samples give."""
    estimates = [each.estimate for each in drawn]
    known = [each.standard_error for each in estimates if each.standard_error is not None]
    return Attribution(
        torch.stack([each.values for each in estimates]),
        errors=[each.error for each in estimates],
        standard_errors=torch.stack(known) if len(known) == len(drawn) else None,
        samplings=[each.sampling for each in drawn if each.sampling],
        **more,
    )
