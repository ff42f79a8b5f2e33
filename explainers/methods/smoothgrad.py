"""SmoothGrad and its variants: the mean, the mean square or the variance of gradients over noisy pictures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import torch
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.declarations import Examples, Family
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Target, Unit
from explainers.methods.gradients import InputXGradient, Saliency
from explainers.methods.guided_backprop import Deconvolution, GuidedBackprop
from explainers.methods.sampling import (
    Estimate,
    Extend,
    Moments,
    Plan,
    attribution,
    explain,
    gaussian,
    samples,
    sampling_tolerance,
    seeds,
)
from explainers.passes import Passes
from explainers.settings import choice, number, seed

SAMPLES, MOST_SAMPLES = 50, 1000  # by default, and at most
EMPTY_BECAUSE_ALIKE = "all noisy copies of the picture have the same map, or an empty one."
GRADIENT_METHODS: dict[str, type[Saliency]] = {
    kind.title: kind for kind in (Saliency, GuidedBackprop, Deconvolution, InputXGradient)
}


@dataclass(frozen=True)
class _Smoothed(Explainer):
    """The base class of methods that repeat a gradient method on copies of the picture with different normal noise.

    Noise is a share of the range from black to white. Noisy pixels aren't clipped and may be darker than black, because
    clipping would change their mean.
    """

    family: ClassVar[Family] = "gradient"
    examples: ClassVar[Examples] = Examples(few={"samples": 10})
    stands_on: ClassVar[str] = "the gradient method you choose"
    orders: ClassVar[int] = 4  # of the moments that the map's error depends on

    gradient: str = choice(
        *GRADIENT_METHODS, label="Repeated method", hint="The gradient method whose maps are combined."
    )
    noise: float = number(0.15, 0.0, 1.0, 0.01, hint="Its standard deviation, where 1 is the way from black to white.")
    samples: int | None = samples(SAMPLES, 1, MOST_SAMPLES, label="Noisy copies", hint="More is slower and smoother.")
    tolerance: float = sampling_tolerance(only_if={"samples": None})
    seed: int = seed()

    @property
    def inner(self) -> Explainer:
        return GRADIENT_METHODS[self.gradient]()

    def check(self, classifier: Classifier, target: Target) -> None:
        """Also raise ExplanationError where the chosen method does."""
        super().check(classifier, target)
        self.inner.check(classifier, target)

    @property
    def repeatable(self) -> Explainer:
        return replace(self, samples=SAMPLES) if self.samples is None else self

    def passes(self, classifier: Classifier) -> int:
        return 1 + self._plan.most

    @property
    def _plan(self) -> Plan:
        return Plan.of("noisy copies", self.samples, MOST_SAMPLES, self.tolerance)

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        method, sample_seeds = GRADIENT_METHODS[self.gradient](), seeds(self.seed, self._plan.most)
        centres = method.gradient(passes, pictures, passes.rows())  # the pictures pass first, so theirs are the scores

        def extend(row: int) -> Extend:
            picture, moments = pictures[row], Moments(centres[row], self.orders)

            def work(part: slice) -> None:
                noise = torch.stack([gaussian(seed, picture) for seed in sample_seeds[part]])
                rows = torch.full((len(noise),), row, device=passes.index.device)
                moments.add(method.gradient(passes, picture + self.noise * noise, rows))

            def to(count: int) -> Estimate:
                passes.run(count, work, start=moments.count)
                values, variance = self.combined(moments.centre.double(), *moments.means)
                return Estimate.of_mean(values.to(picture), variance, count)

            return to

        return explain(passes, self._plan, map(extend, range(len(pictures))), attribution)

    @staticmethod
    def combined(centre: Tensor, *means: Tensor) -> tuple[Tensor, Tensor]:
        """Return the map, and the variance of what one sample adds to it.

        centre: the map of the picture without noise.
        means:  the means of the differences between the noisy pictures' maps and `centre`, of their squares, and so on.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class SmoothGrad(_Smoothed):
    """Which pixels the score reacts to, averaged over noisy copies of the picture.

    The mean of the gradients of many copies with random noise: what changes from copy to copy averages out. Without
    noise it is the gradient. With much noise it describes pictures that the classifier was never trained on. The noise
    isn't clipped to black and white.
    """

    title: ClassVar[str] = "SmoothGrad"
    paper: ClassVar[str] = "https://arxiv.org/abs/1706.03825"
    formula: ClassVar[str] = (
        r"\frac{1}{n} \sum_i G(x + \varepsilon_i),"
        r" \quad \varepsilon_i: \text{noise}, \; G: \text{the repeated method}"
    )
    linear: ClassVar[bool] = True
    ours: ClassVar[str] = (
        "Captum's `NoiseTunnel` draws from the global generator and by default passes all samples at once; ours come "
        "from the call's seed, in chunks, and the moments are summed. Noise is a share of black to white, not clipped"
    )
    orders: ClassVar[int] = 2
    unit: ClassVar[Unit] = Unit("mean over noise", None, "{inner}, averaged over noise")

    @staticmethod
    def combined(centre: Tensor, *means: Tensor) -> tuple[Tensor, Tensor]:
        mean, square = means
        return centre + mean, square - mean.square()


@dataclass(frozen=True)
class _WithoutSigns(_Smoothed):
    """The base class of methods whose maps are made of squares."""

    ours: ClassVar[str] = "the draws and the moments, as for SmoothGrad"

    @property
    def rectified(self) -> bool:
        return True

    @property
    def empty_because(self) -> str:
        return EMPTY_BECAUSE_ALIKE


@dataclass(frozen=True)
class SmoothGradSquared(_WithoutSigns):
    """Which pixels the score reacts to strongly in noisy copies of the picture, whatever the sign.

    The mean of the squared gradients of many copies with random noise. Signs can't cancel, so a weak but steady
    reaction counts, and so does a strong but changing one; the map has no sign. Without noise it is the squared
    gradient.
    """

    title: ClassVar[str] = "SmoothGrad squared"
    paper: ClassVar[str] = "https://arxiv.org/abs/1806.10758"
    formula: ClassVar[str] = (
        r"\frac{1}{n} \sum_i G(x + \varepsilon_i)^2,"
        r" \quad \varepsilon_i: \text{noise}, \; G: \text{the repeated method}"
    )
    unit: ClassVar[Unit] = Unit(
        "mean square over noise", "squared gradient", "square of the {inner}, averaged over noise"
    )

    @staticmethod
    def combined(centre: Tensor, *means: Tensor) -> tuple[Tensor, Tensor]:
        mean, square, cube, fourth = means
        change = 2 * centre * mean + square  # of the square, on the average
        change_square = 4 * centre.square() * square + 4 * centre * cube + fourth
        return (centre.square() + change).clamp(min=0), change_square - change.square()


@dataclass(frozen=True)
class VarGrad(_WithoutSigns):
    """Where the gradient changes most from one noisy copy of the picture to the next.

    The variance of the gradients of many copies with random noise. It is zero where the score is linear, however
    strongly it depends on the pixel. So it shows where the gradient can't be relied on as much as it shows what
    matters.
    """

    title: ClassVar[str] = "VarGrad"
    paper: ClassVar[str] = "https://arxiv.org/abs/1810.03307"
    formula: ClassVar[str] = (
        r"\mathrm{Var}_i\, G(x + \varepsilon_i),"
        r" \quad \varepsilon_i: \text{noise}, \; G: \text{the repeated method}"
    )
    unit: ClassVar[Unit] = Unit("variance over noise", "squared gradient", "variance of the {inner} under noise")

    @staticmethod
    def combined(centre: Tensor, *means: Tensor) -> tuple[Tensor, Tensor]:
        mean, square, cube, fourth = means
        variance = (square - mean.square()).clamp(min=0)
        central_fourth = fourth - 4 * mean * cube + 6 * mean.square() * square - 3 * mean.pow(4)
        return variance, central_fourth - variance.square()
