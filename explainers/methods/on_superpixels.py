"""Methods that show and hide superpixels, regions of like colour, as a whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction
from explainers.images.baselines import solid
from explainers.images.segments import superpixels
from explainers.passes import Passes
from explainers.settings import colour, number


@dataclass(frozen=True)
class OfSuperpixels(Explainer):
    """What methods that hide superpixels under a colour share."""

    reduction: ClassVar[Reduction] = "signed sum"
    keeps: ClassVar[str] = "the outlines of its superpixels, which are cut by colour"

    segments: int = number(40, 2, 200, hint="Superpixels that the picture is cut into.")
    colour: str = colour("#7f7f7f", hint="Colour of what is hidden.")

    @torch.no_grad()
    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        fill = solid(self.colour, pictures.shape[1]).to(pictures).view(-1, 1, 1).expand_as(pictures[0])
        regions = [superpixels(picture, self.segments) for picture in pictures]
        passes.total = sum(self.cost(int(labels.max()) + 1) for labels in regions)
        scores, effects = [], []
        for picture, labels, row in zip(pictures, regions, passes.rows(), strict=True):
            first = passes.count
            effects.append(self.effects(passes, picture, fill, labels, row.view(1)).to(pictures)[labels])
            scores.append(passes.answers[first : first + 2, passes.column])
        # A pixel's channels are hidden at once: they share what the pixel gets.
        values = torch.stack(effects)[:, None].expand_as(pictures) / pictures.shape[1]
        found = self.found(values, torch.stack(scores), fill.expand_as(pictures))
        return replace(found, segments=torch.stack(regions))

    def found(self, values: Tensor, scores: Tensor, hidden: Tensor) -> Attribution:
        """From the values, the first two scores (N, 2) of each picture and the pictures of which all is hidden."""
        return Attribution(values, scores=scores[:, 0])

    def passes(self, classifier: Classifier) -> int:
        height, width = classifier.size
        return self.cost(min(self.segments, height * width))

    def cost(self, regions: int) -> int:
        """Passes for a picture of that many superpixels."""
        raise NotImplementedError

    def effects(self, passes: Passes, picture: Tensor, fill: Tensor, labels: Tensor, row: Tensor) -> Tensor:
        """(M,) what a pixel of each superpixel gets. The first picture passed is `picture` (C, H, W) itself.

        fill: (C, H, W) what hides; labels: (H, W) from 0 to M - 1; row: (1,) the target's number.
        """
        raise NotImplementedError
