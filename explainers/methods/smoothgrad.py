"""Gradient maps of many noisy copies of the picture: their mean, their mean square, their variance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Target
from explainers.methods.gradients import InputXGradient, Saliency
from explainers.methods.guided_backprop import Deconvolution, GuidedBackprop
from explainers.methods.sampling import gaussian, moments, seeds
from explainers.passes import Passes
from explainers.settings import choice, number

METHODS: dict[str, type[Saliency]] = {
    kind.title: kind for kind in (Saliency, GuidedBackprop, Deconvolution, InputXGradient)
}


@dataclass(frozen=True)
class _Smoothed(Explainer):
    """A gradient method asked about many copies of the picture, each with normal noise of its own.

    Noise is a share of the range from black to white. It isn't clipped: a noisy pixel may be darker than black, because
    clipping would move its mean.
    """

    gradient: str = choice(*METHODS, hint="The gradient method whose maps are combined.")
    noise: float = number(0.15, 0.0, 1.0, 0.01, hint="Standard deviation of the noise; 1 is from black to white.")
    samples: int = number(50, 1, 1000, hint="Noisy copies. More is slower and smoother.")
    seed: int = number(0, 0, 9999, hint="Start of the random numbers.")

    @property
    def inner(self) -> Explainer:
        return METHODS[self.gradient]()

    def check(self, classifier: Classifier, target: Target) -> None:
        """Refuse, too, what the chosen method refuses."""
        super().check(classifier, target)
        self.inner.check(classifier, target)

    def passes(self, classifier: Classifier) -> int:
        return 1 + self.samples

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        method, drawn = METHODS[self.gradient](), seeds(self.seed, self.samples)
        centres = method.gradient(passes, pictures, passes.rows())  # the pictures themselves first: theirs is the score
        found = []
        for row, (picture, centre) in enumerate(zip(pictures, centres, strict=True)):

            def sample(numbers: range, rows: Tensor, picture: Tensor = picture) -> Tensor:
                noise = torch.stack([gaussian(drawn[each], picture) for each in numbers])
                return method.gradient(passes, picture + self.noise * noise, rows)

            found.append(self.combined(centre, *moments(passes, self.samples, row, centre, sample)))
        return Attribution(torch.stack(found))

    @staticmethod
    def combined(centre: Tensor, mean: Tensor, square: Tensor) -> Tensor:
        """The map, given the picture's own and the first two moments of what the noisy ones differ from it."""
        raise NotImplementedError


@dataclass(frozen=True)
class SmoothGrad(_Smoothed):
    """Which pixels the score reacts to, on the average over noisy copies of the picture.

    The mean of the gradients of many copies with random noise: what changes from copy to copy averages out. Without
    noise it is the gradient; with much, it speaks of pictures that the classifier was never trained on. The noise isn't
    clipped to black and white.
    """

    title: ClassVar[str] = "SmoothGrad"
    paper: ClassVar[str] = "https://arxiv.org/abs/1706.03825"
    unit: ClassVar[str] = "{inner}, averaged over noise"

    @staticmethod
    def combined(centre: Tensor, mean: Tensor, square: Tensor) -> Tensor:
        return centre + mean


@dataclass(frozen=True)
class SmoothGradSquared(_Smoothed):
    """Which pixels the score reacts to strongly in noisy copies of the picture, whatever the sign.

    The mean of the squared gradients of many copies with random noise. Signs can't cancel, so weak but steady and
    strong but changing reactions both count, and the map has no sign. Without noise it is the gradient squared.
    """

    title: ClassVar[str] = "SmoothGrad squared"
    paper: ClassVar[str] = "https://arxiv.org/abs/1806.10758"
    unit: ClassVar[str] = "square of the {inner}, averaged over noise"

    @property
    def rectified(self) -> bool:
        return True

    @staticmethod
    def combined(centre: Tensor, mean: Tensor, square: Tensor) -> Tensor:
        return (centre.square() + 2 * centre * mean + square).clamp(min=0)


@dataclass(frozen=True)
class VarGrad(_Smoothed):
    """Where the gradient changes most from one noisy copy of the picture to the next.

    The variance of the gradients of many copies with random noise. It is zero where the score is linear, however much
    it depends on the pixel there: it shows where the gradient can't be relied on as much as what matters.
    """

    title: ClassVar[str] = "VarGrad"
    paper: ClassVar[str] = "https://arxiv.org/abs/1810.03307"
    unit: ClassVar[str] = "variance of the {inner} under noise"

    @property
    def rectified(self) -> bool:
        return True

    @staticmethod
    def combined(centre: Tensor, mean: Tensor, square: Tensor) -> Tensor:
        return (square - mean.square()).clamp(min=0)
