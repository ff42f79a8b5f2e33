"""RISE: random masks, weighted by the score of the picture behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

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
    sides = [math.ceil(side / (cells.shape[1] - 1)) for side in size]
    upscaled = F.interpolate(cells[:, None], scale_factor=sides, mode="bilinear", align_corners=False)[:, 0]
    top, left = (shifts * shifts.new_tensor(sides)).long().T[..., None]
    rows, columns = (torch.arange(side, device=cells.device) for side in size)
    indices = torch.arange(len(cells), device=cells.device)[:, None, None]
    return upscaled[indices, (top + rows)[:, :, None], (left + columns)[:, None]]


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

        def masked(part: slice) -> Tensor:
            return fill + masks(cells[part], shifts[part], size)[:, None] * (picture - fill)

        changes = (passes.scores(row, masked, self.masks) - score).double()  # 0 for a score that never changes
        weighted_sum, mask_sum = torch.zeros(2, *size, dtype=torch.float64, device=picture.device)
        for part in torch.split(torch.arange(self.masks), passes.chunks.size):  # all at once would need much memory
            chunk_masks = masks(cells[part], shifts[part], size).double()
            weighted_sum += (changes[part] @ chunk_masks.flatten(1)).view(size)
            mask_sum += chunk_masks.sum(0)
        rises: Tensor = (weighted_sum - changes.mean() * mask_sum) / (self.masks * self.probability)
        return rises.to(picture)
