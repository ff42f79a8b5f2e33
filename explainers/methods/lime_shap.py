"""LIME and KernelSHAP: linear models of the scores of pictures that have many superpixels hidden."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.declarations import CONTRIBUTION, RISE_WHERE_SHOWN, Examples
from explainers.explainer import Attribution
from explainers.explanation import Unit
from explainers.methods.least_squares import influence_of, shortest_least_squares, standard_errors
from explainers.methods.on_coalitions import SAMPLES, OnCoalitions
from explainers.methods.sampling import Drawn, Plan
from explainers.settings import number, seed


@dataclass(frozen=True)
class LIME(OnCoalitions):
    """How much showing a superpixel adds to the score, according to a linear model fitted around the picture.

    Superpixels are hidden at random, and a linear model is fitted to the scores. Pictures that show more of the
    original count more, and the ridge penalty keeps effects small that few samples support. Each pixel gets the
    coefficient of its superpixel. No gradient is needed. What regions do together is averaged away, and another seed
    gives another map: more samples help. The map's expected error covers the random draws, not how far the ridge
    penalty shrinks the coefficients.
    """

    title: ClassVar[str] = "LIME"
    paper: ClassVar[str] = "https://arxiv.org/abs/1602.04938"
    formula: ClassVar[str] = (
        r"\mathrm{argmin}_w \sum_z \pi(z) \big(S(z) - b - w \cdot z\big)^2 + \lambda |w|^2,"
        r" \quad z: \text{1 for superpixels shown, 0 for hidden}, \; \pi: \text{likeness to the picture},"
        r" \; \lambda: \text{ridge penalty}"
    )
    linear: ClassVar[bool] = True
    examples: ClassVar[Examples] = Examples(many={"samples": 200}, few={"samples": 120})
    stands_on: ClassVar[str] = "Captum `LimeBase`"
    ours: ClassVar[str] = (
        "the draws, the weights and the fit: Captum's own draw from the global random numbers and need scikit-learn. "
        "Samples are weighed as the authors do"
    )
    unit: ClassVar[Unit] = RISE_WHERE_SHOWN

    width: float = number(
        0.25, 0.05, 2.0, 0.05, label="Kernel width", hint="How unlike the picture a sample may be and still count."
    )
    ridge: float = number(
        1.0, 0.0, 10.0, 0.1, label="Ridge penalty", hint="How strongly small contributions are pulled to zero."
    )
    seed: int = seed()

    def coalitions(self, regions: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed)
        drawn = torch.randint(0, 2, (self.cost(regions) - 1, regions), generator=generator)
        return torch.cat([drawn.new_ones(1, regions), drawn])

    def weights(self, coalitions: Tensor) -> Tensor:
        """Return an exponential kernel of the cosine distance from the whole picture, with the authors' square root."""
        distance = 1 - coalitions.double().mean(1).sqrt()
        return torch.exp(-((distance / self.width) ** 2) / 2)

    def solve(self, coalitions: Array, scores: Array, weights: Array) -> tuple[Array, Array | None]:
        scores = scores - scores[0]  # so that a score which never changes gives exactly 0
        shares, roots = weights / weights.sum(), np.sqrt(weights)
        # Centred, which fits an intercept that has no penalty.
        shown, changes = coalitions - shares @ coalitions, scores - shares @ scores
        ridge = math.sqrt(self.ridge) * np.eye(shown.shape[1])
        rows = np.concatenate([roots[:, None] * shown, ridge])
        coefficients = shortest_least_squares(rows, np.append(roots * changes, np.zeros(len(ridge))))
        residuals = roots * (changes - shown @ coefficients)
        influence, leverage = (of_rows[..., : len(shown)] for of_rows in influence_of(rows))
        leverage = leverage + shares  # which the intercept adds
        # The first coalition isn't random.
        return coefficients, standard_errors(influence[:, 1:], residuals[1:], leverage[1:])


@dataclass(frozen=True)
class KernelSHAP(OnCoalitions):
    """What each superpixel contributes to the score: its Shapley value, shared among its pixels.

    The Shapley value is what a region adds to the score, averaged over all orders in which the regions could be
    uncovered. The values add up to the score minus that of the hidden picture (completeness). They are exact where
    there are enough samples for every combination of regions. Otherwise they are estimated by weighted least squares,
    and another seed changes them.
    """

    title: ClassVar[str] = "KernelSHAP"
    paper: ClassVar[str] = "https://arxiv.org/abs/1705.07874"
    formula: ClassVar[str] = (
        r"\frac{1}{|i|} \sum_{Z \not\ni i} \frac{|Z|!\,(n - |Z| - 1)!}{n!} \big(S(Z \cup \{i\}) - S(Z)\big),"
        r" \quad Z: \text{superpixels shown}, \; i: \text{the superpixel, one of } n,"
        r" \; |i|: \text{how many pixels it has}"
    )
    linear: ClassVar[bool] = True
    examples: ClassVar[Examples] = Examples(many={"samples": 200}, few={"samples": 120})
    stands_on: ClassVar[str] = "Captum `LimeBase`"
    ours: ClassVar[str] = (
        "the draws, the weights and the fit: both ends are held exactly, so its values add up, each coalition is drawn"
        " with its opposite, and all coalitions are taken where the samples reach for them: exact Shapley values"
    )
    complete: ClassVar[bool] = True
    unit: ClassVar[Unit] = CONTRIBUTION

    seed: int = seed()

    def plan(self, regions: int) -> Plan | None:
        return None if self._all(regions) else super().plan(regions)

    def shares(self, labels: Tensor) -> Tensor:
        return labels.flatten().bincount()

    def attribution(self, drawn: Sequence[Drawn], scores: Tensor, hidden: Tensor) -> Attribution:
        attribution = super().attribution(drawn, scores, hidden)
        return replace(attribution, baselines=hidden[:, None], baseline_scores=scores[:, 1:])

    def coalitions(self, regions: int) -> Tensor:
        """Return the coalition of all, that of none, and then all others, or as many as there are samples.

        In a sample each coalition comes with its complement, and sizes are drawn in proportion to the Shapley kernel.
        """
        ends = torch.tensor([[1], [0]]).expand(2, regions)
        if self._all(regions):
            return torch.cat([ends, torch.arange(1, 2**regions - 1)[:, None] >> torch.arange(regions) & 1])
        generator = torch.Generator().manual_seed(self.seed)
        sizes, pairs = torch.arange(1.0, regions), (self.cost(regions) - 1) // 2
        drawn_sizes = 1 + torch.multinomial(1 / (sizes * (regions - sizes)), pairs, True, generator=generator)
        ranks = torch.rand(pairs, regions, generator=generator, dtype=torch.float32).argsort(1).argsort(1)
        first_half = (ranks < drawn_sizes[:, None]).long()
        return torch.cat([ends, torch.stack([first_half, 1 - first_half], 1).flatten(0, 1)])[: self.cost(regions)]

    def weights(self, coalitions: Tensor) -> Tensor:
        """Return the Shapley kernel, or 1 where the coalitions were drawn in proportion to it.

        The weights of the first two, all and none, have no effect, because the fit meets their scores exactly.
        """
        (count, regions), sizes = coalitions.shape, coalitions.sum(1)
        if not self._all(regions):
            return torch.ones(count)
        kernel = [1.0, *((regions - 1) / (math.comb(regions, k) * k * (regions - k)) for k in range(1, regions)), 1.0]
        return torch.tensor(kernel)[sizes]

    def solve(self, coalitions: Array, scores: Array, weights: Array) -> tuple[Array, Array | None]:
        """Solve least squares for coefficients whose sum is the score of all shown minus that of none shown."""
        mean = (scores[0] - scores[1]) / coalitions.shape[1]
        roots, residuals = np.sqrt(weights[2:]), scores[2:] - scores[1] - coalitions[2:].sum(1) * mean
        centred = coalitions[2:] - coalitions[2:].mean(1, keepdims=True)  # so that the shortest solution adds up to 0
        centred *= roots[:, None]
        shares = shortest_least_squares(centred, roots * residuals)
        if self._all(coalitions.shape[1]):
            return mean + shares, np.zeros_like(shares)
        # Opposites are one draw: their rows differ in sign only.
        influence, leverage = influence_of(centred)
        residuals = np.append(residuals - centred @ shares, [0.0] * (len(residuals) % 2))
        leverage = np.add.reduceat(leverage, range(0, len(leverage), 2))
        return mean + shares, standard_errors(influence[:, ::2], residuals[::2] - residuals[1::2], leverage)

    def _all(self, regions: int) -> bool:
        return regions <= math.log2(self.samples or SAMPLES)
