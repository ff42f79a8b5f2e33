"""LIME and KernelSHAP: many superpixels are hidden at once, and a linear model is fitted to the scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import captum.attr
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from explainers.arrays import Array
from explainers.explainer import CONTRIBUTION, RISE_WHERE_SHOWN, Attribution, Examples
from explainers.explanation import Unit
from explainers.methods.on_superpixels import OnSuperpixels
from explainers.passes import Passes
from explainers.settings import number, seed

Solve = Callable[[Array, Array, Array], Array]


class LinearModel:
    """A linear model with the interface that Captum's LIME expects.

    solve: (coalitions, scores, weights) -> coefficients, in float64.
    """

    def __init__(self, solve: Solve) -> None:
        self.solve = solve

    def fit(self, loader: DataLoader[Any]) -> None:
        # The data set is read directly, because iterating over the loader would draw from the global generator.
        self.coefficients = self.solve(*(tensor.double().cpu().numpy() for tensor in loader.dataset.tensors))  # type: ignore[attr-defined]

    def representation(self) -> Tensor:
        return torch.from_numpy(self.coefficients)


@dataclass(frozen=True)
class OnCoalitions(OnSuperpixels):
    """The base class of methods that fit a linear model to the scores of coalitions, the sets of superpixels shown."""

    def coalitions(self, regions: int) -> Tensor:
        """Return S coalitions of M superpixels, (S, M) of 0 (hidden) and 1 (shown); the first shows all."""
        raise NotImplementedError

    def weights(self, coalitions: Tensor) -> Tensor:
        """Return the weights (S,) of the coalitions' scores in the fit."""
        raise NotImplementedError

    def solve(self, coalitions: Array, scores: Array, weights: Array) -> Array:
        """Return the coefficients (M,) of the superpixels."""
        raise NotImplementedError

    def effects(self, passes: Passes, picture: Tensor, fill: Tensor, labels: Tensor, row: Tensor) -> Tensor:
        coalitions = self.coalitions(int(labels.max()) + 1)
        weights = iter(self.weights(coalitions))

        def perturbations(inputs: Tensor, **kwargs: Any) -> Iterator[Tensor]:
            yield from coalitions.to(labels.device)[:, None]

        model = captum.attr.LimeBase(
            passes.in_chunks,
            LinearModel(self.solve),
            similarity_func=lambda *args: next(weights),
            perturb_func=perturbations,
            perturb_interpretable_space=True,
            from_interp_rep_transform=lambda coalition, inputs: torch.where(coalition[0, labels] > 0, inputs, fill),
            to_interp_rep_transform=None,
        )
        effects: Tensor = model.attribute(
            picture[None],
            additional_forward_args=(row,),
            n_samples=len(coalitions),
            perturbations_per_eval=passes.chunks.size,
        )
        return effects


@dataclass(frozen=True)
class LIME(OnCoalitions):
    """How much showing a superpixel adds to the score, by a linear model fitted near the picture.

    Superpixels are hidden at random, and a linear model is fitted to the scores: pictures that show more count more,
    and the ridge keeps effects small that few samples support. Each pixel gets its superpixel's coefficient. It needs
    no gradient. What regions do together is averaged away, and another seed gives another map: more samples help.
    """

    title: ClassVar[str] = "LIME"
    paper: ClassVar[str] = "https://arxiv.org/abs/1602.04938"
    linear: ClassVar[bool] = True
    examples: ClassVar[Examples] = Examples(many={"samples": 1000}, few={"samples": 120})
    stands_on: ClassVar[str] = "Captum `LimeBase`"
    ours: ClassVar[str] = (
        "the draws, the weights and the fit: Captum's own draw from the global random numbers and need scikit-learn. "
        "Samples are weighed as the authors do"
    )
    unit: ClassVar[Unit] = RISE_WHERE_SHOWN

    samples: int = number(250, 10, 5000, 10, hint="Pictures with superpixels hidden. More is slower and steadier.")
    width: float = number(0.25, 0.05, 2.0, 0.05, hint="How far from the picture samples still count.")
    ridge: float = number(1.0, 0.0, 10.0, 0.1, hint="How strongly coefficients are drawn to zero.")
    seed: int = seed()

    def cost(self, regions: int) -> int:
        return self.samples

    def coalitions(self, regions: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed)
        drawn = torch.randint(0, 2, (self.samples - 1, regions), generator=generator)
        return torch.cat([drawn.new_ones(1, regions), drawn])

    def weights(self, coalitions: Tensor) -> Tensor:
        """Return an exponential kernel of the cosine distance from the whole picture, with the authors' square root."""
        distance = 1 - coalitions.double().mean(1).sqrt()
        return torch.exp(-((distance / self.width) ** 2) / 2)

    def solve(self, coalitions: Array, scores: Array, weights: Array) -> Array:
        scores = scores - scores[0]  # so that a score which never changes gives exactly 0
        shares, roots = weights / weights.sum(), np.sqrt(weights)
        # Centred, which fits an intercept that has no penalty.
        shown, changes = coalitions - shares @ coalitions, scores - shares @ scores
        ridge = math.sqrt(self.ridge) * np.eye(shown.shape[1])
        return _shortest_least_squares(
            np.concatenate([roots[:, None] * shown, ridge]), np.append(roots * changes, np.zeros(len(ridge)))
        )


@dataclass(frozen=True)
class KernelSHAP(OnCoalitions):
    """What each superpixel contributes to the score: its Shapley value, shared among its pixels.

    The Shapley value is what a region adds to the score, averaged over all orders in which the regions could be
    uncovered. The values add up to the score minus that of the hidden picture (completeness). Where the samples reach
    for all coalitions they are exact, else an estimate by weighted least squares that another seed changes.
    """

    title: ClassVar[str] = "KernelSHAP"
    paper: ClassVar[str] = "https://arxiv.org/abs/1705.07874"
    linear: ClassVar[bool] = True
    examples: ClassVar[Examples] = Examples(many={"samples": 1000}, few={"samples": 120})
    stands_on: ClassVar[str] = "Captum `LimeBase`"
    ours: ClassVar[str] = (
        "the draws, the weights and the fit: both ends are held exactly, so its values add up, each coalition is drawn"
        " with its opposite, and all coalitions are taken where the samples reach for them: exact Shapley values"
    )
    complete: ClassVar[bool] = True
    unit: ClassVar[Unit] = CONTRIBUTION

    samples: int = number(250, 10, 5000, 10, hint="Coalitions of superpixels shown. More is slower and more exact.")
    seed: int = seed()

    def cost(self, regions: int) -> int:
        return 2**regions if self._all(regions) else self.samples

    def attribution(self, values: Tensor, scores: Tensor, hidden: Tensor) -> Attribution:
        attribution = super().attribution(values, scores, hidden)
        return replace(attribution, baselines=hidden[:, None], baseline_scores=scores[:, 1:])

    def effects(self, passes: Passes, picture: Tensor, fill: Tensor, labels: Tensor, row: Tensor) -> Tensor:
        contributions = super().effects(passes, picture, fill, labels, row)
        return contributions / labels.flatten().bincount().to(contributions)

    def coalitions(self, regions: int) -> Tensor:
        """Return the coalition of all, that of none, and then all others, or as many as there are samples.

        In a sample each coalition comes with its complement, and sizes are drawn in proportion to the Shapley kernel.
        """
        ends = torch.tensor([[1], [0]]).expand(2, regions)
        if self._all(regions):
            return torch.cat([ends, torch.arange(1, 2**regions - 1)[:, None] >> torch.arange(regions) & 1])
        generator = torch.Generator().manual_seed(self.seed)
        sizes, pairs = torch.arange(1.0, regions), (self.samples - 1) // 2
        drawn_sizes = 1 + torch.multinomial(1 / (sizes * (regions - sizes)), pairs, True, generator=generator)
        ranks = torch.rand(pairs, regions, generator=generator).argsort(1).argsort(1)
        first_half = (ranks < drawn_sizes[:, None]).long()
        return torch.cat([ends, torch.stack([first_half, 1 - first_half], 1).flatten(0, 1)])[: self.samples]

    def weights(self, coalitions: Tensor) -> Tensor:
        """Return the Shapley kernel, or 1 where the coalitions were drawn in proportion to it.

        The weights of the first two, all and none, have no effect, because the fit meets their scores exactly.
        """
        (count, regions), sizes = coalitions.shape, coalitions.sum(1)
        if not self._all(regions):
            return torch.ones(count)
        kernel = [1.0, *((regions - 1) / (math.comb(regions, k) * k * (regions - k)) for k in range(1, regions)), 1.0]
        return torch.tensor(kernel)[sizes]

    def solve(self, coalitions: Array, scores: Array, weights: Array) -> Array:
        """Solve least squares for coefficients whose sum is the score of all shown minus that of none shown."""
        mean = (scores[0] - scores[1]) / coalitions.shape[1]
        roots, residuals = np.sqrt(weights[2:]), scores[2:] - scores[1] - coalitions[2:].sum(1) * mean
        centred = coalitions[2:] - coalitions[2:].mean(1, keepdims=True)  # so that the shortest solution adds up to 0
        coefficients: Array = mean + _shortest_least_squares(roots[:, None] * centred, roots * residuals)
        return coefficients

    def _all(self, regions: int) -> bool:
        return regions <= math.log2(self.samples)


def _shortest_least_squares(rows: Array, values: Array) -> Array:
    """Return the least-squares solution of the smallest norm."""
    solution: Array = np.linalg.lstsq(rows, values)[0]
    return solution
