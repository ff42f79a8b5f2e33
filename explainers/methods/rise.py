"""Random masks, each weighed by the score of what it shows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.classifiers import Classifier
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction
from explainers.images.baselines import solid
from explainers.passes import Passes
from explainers.settings import colour, number


def masks(cells: Tensor, shifts: Tensor, size: tuple[int, int]) -> Tensor:
    """(n, H, W) from 0, hidden, to 1, shown.

    cells:  (n, grid + 1, grid + 1) which cells are shown: one more than cover the picture, to be shifted over it.
    shifts: (n, 2) from 0 to 1, by how much of a cell.
    """
    sides = [math.ceil(side / (cells.shape[1] - 1)) for side in size]
    smooth = F.interpolate(cells[:, None], scale_factor=sides, mode="bilinear", align_corners=False)[:, 0]
    top, left = (shifts * shifts.new_tensor(sides)).long().T[..., None]
    rows, columns = (torch.arange(side, device=cells.device) for side in size)
    every = torch.arange(len(cells), device=cells.device)[:, None, None]
    return smooth[every, (top + rows)[:, :, None], (left + columns)[:, None]]


@dataclass(frozen=True)
class RISE(Explainer):
    """How much higher the score is, on average, where a pixel is shown than over all random masks.

    Coarse random masks hide parts of the picture, softly; each pixel gets the mean of the scores weighed by how far it
    was shown, so it needs no gradient. The mean score is taken off, which the published map leaves in, so red helps the
    class and blue hurts it. The map is as coarse as the masks and noisy: the noise halves with four times the masks.
    """

    title: ClassVar[str] = "RISE"
    paper: ClassVar[str] = "https://arxiv.org/abs/1806.07421"
    reduction: ClassVar[Reduction] = "signed sum"
    unit: ClassVar[str] = "rise of the {scale} where shown"

    masks: int = number(250, 10, 8000, 10, hint="Random masks. More is slower and less noisy.")
    grid: int = number(7, 2, 32, hint="Cells of a mask along each side of the picture.")
    probability: float = number(0.5, 0.1, 0.9, 0.05, hint="How likely a cell is shown.")
    colour: str = colour("#7f7f7f", hint="Colour of what is hidden.")
    seed: int = number(0, 0, 9999, hint="Start of the random numbers.")

    def passes(self, classifier: Classifier) -> int:
        return 1 + self.masks

    @torch.no_grad()
    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        cells, shifts = (drawn.to(pictures) for drawn in self._draws())
        fill = solid(self.colour, pictures.shape[1]).to(pictures).view(-1, 1, 1)
        scores = passes.in_chunks(pictures, passes.rows())
        values = [
            self._rises(passes, picture, fill, score, row, cells, shifts)
            for picture, score, row in zip(pictures, scores, passes.rows(), strict=True)
        ]
        # A pixel's channels are hidden at once: they share what the pixel gets.
        return Attribution((torch.stack(values)[:, None] / pictures.shape[1]).expand_as(pictures), scores=scores)

    def _draws(self) -> tuple[Tensor, Tensor]:
        """The cells of all masks and their shifts: all at once, so that the size of chunks makes no difference."""
        generator = torch.Generator().manual_seed(self.seed)
        cells = torch.rand((self.masks, self.grid + 1, self.grid + 1), generator=generator) < self.probability
        return cells, torch.rand((self.masks, 2), generator=generator)

    def _rises(
        self, passes: Passes, picture: Tensor, fill: Tensor, score: Tensor, row: Tensor, cells: Tensor, shifts: Tensor
    ) -> Tensor:
        """(H, W), the sum of (score - mean score) * mask, divided by masks * probability."""
        size = picture.shape[1], picture.shape[2]
        weighed, shown = torch.zeros(2, *size, dtype=torch.float64, device=picture.device)
        total = torch.zeros((), dtype=torch.float64, device=picture.device)

        def work(part: slice) -> None:
            seen = masks(cells[part], shifts[part], size)
            pictures = fill + seen[:, None] * (picture - fill)
            changes = (passes(pictures, row.expand(len(seen))) - score).double()  # of a score that never changes: 0
            weighed.add_((changes @ seen.double().flatten(1)).view(size))
            shown.add_(seen.double().sum(0))
            total.add_(changes.sum())

        passes.run(self.masks, work)
        rises: Tensor = (weighed - total / self.masks * shown) / (self.masks * self.probability)
        return rises.to(picture)
