"""RISE: random masks, weighted by the score of the picture behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.explainer import RISE_WHERE_SHOWN, Attribution, Examples, Explainer, Family
from explainers.explanation import Reduction, Unit
from explainers.images.baselines import solid
from explainers.passes import Passes
from explainers.settings import colour, number, seed


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


@dataclass(frozen=True)
class RISE(Explainer):
    """How much higher the score is, on average, where a pixel is shown than over all random masks.

    Coarse random masks hide parts of the picture, softly; each pixel gets the mean of the scores weighed by how far it
    was shown, so it needs no gradient. The mean score is taken off, which the published map leaves in, so red helps the
    class and blue hurts it. The map is as coarse as the masks and noisy: the noise halves with four times the masks.
    """

    title: ClassVar[str] = "RISE"
    paper: ClassVar[str] = "https://arxiv.org/abs/1806.07421"
    family: ClassVar[Family] = "perturbation"
    linear: ClassVar[bool] = True
    by_region: ClassVar[bool] = True
    forward_only: ClassVar[bool] = True
    examples: ClassVar[Examples] = Examples(many={"masks": 1000}, few={"masks": 120})
    ours: ClassVar[str] = (
        "Captum has none. The mean score is taken off, which the published map leaves in; one more row and column of "
        "cells, so that each is as large as asked"
    )
    reduction: ClassVar[Reduction] = "signed sum"
    unit: ClassVar[Unit] = RISE_WHERE_SHOWN

    masks: int = number(250, 10, 8000, 10, hint="Random masks. More is slower and less noisy.")
    grid: int = number(7, 2, 32, hint="Cells of a mask along each side of the picture.")
    probability: float = number(0.5, 0.1, 0.9, 0.05, hint="How likely a cell is shown.")
    colour: str = colour("#7f7f7f", hint="Colour of what is hidden.")
    seed: int = seed()

    def passes(self, classifier: Classifier) -> int:
        return 1 + self.masks

    @torch.no_grad()
    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        cells, shifts = (drawn.to(pictures) for drawn in self._draws())
        fill = solid(self.colour, pictures.shape[1]).to(pictures).view(-1, 1, 1)
        scores = passes.in_chunks(pictures, passes.rows())
        values = [
            self._rises(passes, row, picture, fill, score, cells, shifts)
            for row, (picture, score) in enumerate(zip(pictures, scores, strict=True))
        ]
        # The channels of a pixel are hidden together, so the pixel's value is shared among them.
        return Attribution((torch.stack(values)[:, None] / pictures.shape[1]).expand_as(pictures), scores=scores)

    def _draws(self) -> tuple[Tensor, Tensor]:
        """Draw the cells and shifts of all masks at once, so that the size of chunks makes no difference."""
        generator = torch.Generator().manual_seed(self.seed)
        cells = torch.rand((self.masks, self.grid + 1, self.grid + 1), generator=generator) < self.probability
        return cells, torch.rand((self.masks, 2), generator=generator)

    def _rises(
        self, passes: Passes, row: int, picture: Tensor, fill: Tensor, score: Tensor, cells: Tensor, shifts: Tensor
    ) -> Tensor:
        """Return (H, W), the sum of (score - mean score) * mask, divided by masks * probability."""
        size = picture.shape[1], picture.shape[2]
        weighted_sum, mask_sum = torch.zeros(2, *size, dtype=torch.float64, device=picture.device)
        change_sum = torch.zeros((), dtype=torch.float64, device=picture.device)

        def work(part: slice) -> None:
            shown = masks(cells[part], shifts[part], size)
            pictures = fill + shown[:, None] * (picture - fill)
            changes = passes(pictures, torch.full((len(pictures),), row, device=pictures.device)) - score
            weighted_sum.add_((changes @ shown.flatten(1)).view(size))  # 0 for a score that never changes
            mask_sum.add_(shown.sum(0))
            change_sum.add_(changes.sum())

        passes.run(self.masks, work)
        rises: Tensor = (weighted_sum - change_sum / self.masks * mask_sum) / (self.masks * self.probability)
        return rises.to(picture)
