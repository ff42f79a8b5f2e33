"""RISE: random masks, weighted by the score of the picture behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.declarations import RISE_WHERE_SHOWN, Examples, Family
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction, Unit
from explainers.images.baselines import solid
from explainers.methods.sampling import Estimate, Extend, Plan, attribution, explain, samples, sampling_tolerance
from explainers.passes import Passes
from explainers.settings import colour, number, seed

MASKS, MOST_MASKS = 250, 8000  # by default, and at most


def masks(cells: Tensor, shifts: Tensor, size: tuple[int, int]) -> Tensor:
    """Return n masks (n, H, W) from 0 (hidden) to 1 (shown).

    cells:  (n, grid + 1, grid + 1), which cells are shown; one row and column more than cover the picture, because the
            cells are shifted.
    shifts: (n, 2) from 0 to 1, the shift as a share of a cell.
    size:   height and width of the masks.
    """
    last = cells.shape[1] - 1
    rows, columns = (
        _interpolation(side, math.ceil(side / last), last, shift) for side, shift in zip(size, shifts.T, strict=True)
    )
    return rows @ cells @ columns.mT


def _interpolation(side: int, cell: int, last: int, shifts: Tensor) -> Tensor:
    """Return the weights (n, side, last + 1) by which pixels along one axis are interpolated between cells.

    cell: the side of a cell, in pixels; shifts: (n,).
    """
    pixels = (shifts * cell).floor()[:, None] + torch.arange(side).to(shifts)
    places = ((pixels + 0.5) / cell - 0.5).clamp(0, last)  # of pixels, where the centres of the cells are 0, 1, ...
    return (1 - (places[..., None] - torch.arange(last + 1).to(shifts)).abs()).clamp(min=0)


class MaskSums:
    """Sums over random masks and the scores behind them, for their covariance; memory doesn't grow with the masks.

    count: the number of masks added so far.
    """

    def __init__(self, picture: Tensor) -> None:
        self.count = 0
        self._centre = picture.new_zeros(())
        self._scores = torch.zeros(3, dtype=torch.float64, device=picture.device)
        self._sums = torch.zeros(2, 3, *picture.shape[1:], dtype=torch.float64, device=picture.device)

    def add(self, scores: Tensor, shown: Tensor) -> None:
        """Add masks (n, H, W) and the scores (n,) behind them."""
        if not self.count:
            self._centre = scores[0]  # so that a score which never changes gives exactly 0
        changes = scores - self._centre
        powers = torch.stack([torch.ones_like(changes), changes, changes.square()])
        self._scores += powers.sum(1)
        for total, masks in zip(self._sums, (shown, shown.square()), strict=True):
            total += (powers @ masks.flatten(1)).view_as(total)
        self.count += len(scores)

    @property
    def covariance(self) -> tuple[Tensor, Tensor]:
        """(H, W), the covariance of the score with the mask, and the variance of what one mask adds to it."""
        powers, (once, twice) = self._scores / self.count, self._sums / self.count
        shown, change = once[0], powers[1]
        covariance = once[1] - change * shown
        # The means of (mask - its mean) ** 2, alone and multiplied by the change and its square.
        spread = twice - 2 * shown * once + shown.square() * powers[:, None, None]
        mean_square = spread[2] - 2 * change * spread[1] + change.square() * spread[0]
        return covariance, mean_square - covariance.square()


@dataclass(frozen=True)
class RISE(Explainer):
    """How much higher the score is, on average, where a pixel is shown than over all random masks.

    Coarse random masks with soft edges hide parts of the picture. Each pixel gets the mean of the scores, weighted by
    how much of it was shown, so no gradient is needed. The mean score is subtracted, unlike in the paper, so that red
    helps the class and blue hurts it. The map is as coarse as the masks, and noisy: four times as many masks halve the
    noise.
    """

    title: ClassVar[str] = "RISE"
    paper: ClassVar[str] = "https://arxiv.org/abs/1806.07421"
    formula: ClassVar[str] = (
        r"\frac{1}{p}\, \mathrm{Cov}_m\big(m_i, S(x \text{ behind } m)\big),"
        r" \quad m: \text{random masks from 0 (hidden) to 1}, \; p: \text{their mean}, \; i: \text{the pixel}"
    )
    family: ClassVar[Family] = "perturbation"
    linear: ClassVar[bool] = True
    by_region: ClassVar[bool] = True
    forward_only: ClassVar[bool] = True
    examples: ClassVar[Examples] = Examples(many={"masks": 200}, few={"masks": 120})
    ours: ClassVar[str] = (
        "Captum has none. The mean score is taken off, which the published map leaves in; one more row and column of "
        "cells, so that each is as large as asked"
    )
    reduction: ClassVar[Reduction] = "signed sum"
    unit: ClassVar[Unit] = RISE_WHERE_SHOWN

    masks: int | None = samples(MASKS, 10, MOST_MASKS, 10, label="Random masks", hint="More is slower and less noisy.")
    tolerance: float = sampling_tolerance(only_if={"masks": None})
    grid: int = number(7, 2, 32, label="Mask grid", hint="Cells of a mask along each side of the picture.")
    probability: float = number(
        0.5,
        0.1,
        0.9,
        0.05,
        label="Chance that a cell is shown",
        hint="At 0.5, half of the picture shows through on average.",
    )
    colour: str = colour("#7f7f7f", label="Colour of hidden parts", hint="What hidden cells are filled with.")
    seed: int = seed()

    def passes(self, classifier: Classifier) -> int:
        return 1 + self._plan.most

    @property
    def repeatable(self) -> Explainer:
        return replace(self, masks=MASKS) if self.masks is None else self

    @property
    def _plan(self) -> Plan:
        return Plan.of("random masks", self.masks, MOST_MASKS, self.tolerance)

    @torch.no_grad()
    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        cells, shifts = (drawn.to(pictures) for drawn in self._draws())
        fill = solid(self.colour, pictures.shape[1]).to(pictures).view(-1, 1, 1)
        scores = passes.in_chunks(pictures, passes.rows())

        def extend(row: int) -> Extend:
            picture = pictures[row]
            sums = MaskSums(picture)

            def work(part: slice) -> None:
                shown = masks(cells[part], shifts[part], (picture.shape[1], picture.shape[2]))
                masked = fill + shown[:, None] * (picture - fill)
                sums.add(passes(masked, torch.full((len(masked),), row, device=picture.device)), shown)

            def to(count: int) -> Estimate:
                passes.run(count, work, start=sums.count)
                covariance, variance = sums.covariance
                estimate = Estimate.of_mean(covariance / self.probability, variance / self.probability**2, count)
                return estimate.shared(picture)

            return to

        return explain(passes, self._plan, map(extend, range(len(pictures))), partial(attribution, scores=scores))

    def _draws(self) -> tuple[Tensor, Tensor]:
        """Draw the cells and shifts of all masks at once, so that the size of chunks makes no difference."""
        generator = torch.Generator().manual_seed(self.seed)
        cells = (
            torch.rand((self._plan.most, self.grid + 1, self.grid + 1), generator=generator, dtype=torch.float32)
            < self.probability
        )
        return cells, torch.rand((self._plan.most, 2), generator=generator, dtype=torch.float32)
