"""The base class of methods that hide superpixels, regions of similar colour, as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.declarations import Family
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Reduction
from explainers.images.baselines import solid
from explainers.images.segments import superpixels
from explainers.methods.sampling import Drawn, attribution
from explainers.passes import Passes
from explainers.settings import colour, number


@dataclass(frozen=True)
class OnSuperpixels(Explainer):
    """The base class of methods that hide superpixels under a colour."""

    family: ClassVar[Family] = "perturbation"
    by_region: ClassVar[bool] = True
    forward_only: ClassVar[bool] = True
    reduction: ClassVar[Reduction] = "signed sum"
    shows_regardless: ClassVar[str] = "the outlines of its superpixels, which are cut by colour"

    segments: int = number(40, 2, 200, label="Superpixels", hint="How many patches the picture is cut into.")
    colour: str = colour("#7f7f7f", label="Colour of hidden parts", hint="What hidden superpixels are filled with.")

    @torch.no_grad()
    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        fill = solid(self.colour, pictures.shape[1]).to(pictures).view(-1, 1, 1).expand_as(pictures[0])
        regions = [superpixels(picture, self.segments) for picture in pictures]
        passes.total = sum(self.cost(int(labels.max()) + 1) for labels in regions)
        drawn: list[Drawn] = []
        starts: list[int] = []

        def finish(drawn: Sequence[Drawn]) -> Attribution:
            scores = torch.stack([passes.answers[start : start + 2, passes.column] for start in starts])
            found = self.attribution(drawn, scores, fill.expand_as(pictures[: len(drawn)]))
            return replace(found, segments=torch.stack(regions[: len(drawn)]))

        for picture, labels, row in zip(pictures, regions, passes.rows(), strict=True):
            starts.append(passes.count)

            def on_pixels(effects: Drawn, picture: Tensor = picture, labels: Tensor = labels) -> Drawn:
                return effects._replace(estimate=effects.estimate.at(labels).shared(picture))

            def preview(effects: Drawn, on_pixels: Callable[[Drawn], Drawn] = on_pixels) -> None:
                if not drawn:
                    passes.preview(finish([on_pixels(effects)]))

            drawn.append(on_pixels(self.effects(passes, picture, fill, labels, row.view(1), preview)))
        return finish(drawn)

    def attribution(self, drawn: Sequence[Drawn], scores: Tensor, hidden: Tensor) -> Attribution:
        """Make the attribution of N pictures.

        drawn:  their maps.
        scores: (N, 2), the first two scores of each picture's passes.
        hidden: (N, C, H, W), the pictures with all superpixels hidden.
        """
        return attribution(drawn, scores=scores[:, 0])

    def passes(self, classifier: Classifier) -> int:
        height, width = classifier.size
        return self.cost(min(self.segments, height * width))

    def cost(self, regions: int) -> int:
        """Return the number of passes for a picture of `regions` superpixels."""
        raise NotImplementedError

    def effects(
        self,
        passes: Passes,
        picture: Tensor,
        fill: Tensor,
        labels: Tensor,
        row: Tensor,
        preview: Callable[[Drawn], None],
    ) -> Drawn:
        """Return (M,), the value of a pixel of each of M superpixels. The first picture passed is the picture itself.

        picture: (C, H, W); fill: (C, H, W), what hidden superpixels are filled with.
        labels:  (H, W), the superpixel of each pixel, from 0 to M - 1.
        row:     (1,), the number of the target.
        preview: called with what the first samples give, by methods that draw some.
        """
        raise NotImplementedError
