"""Superpixels hidden many at once, and a linear model of what that does to the score."""

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
from explainers.explainer import Attribution
from explainers.methods.on_superpixels import OfSuperpixels
from explainers.passes import Passes
from explainers.settings import number

Solve = Callable[[Array, Array, Array], Array]


class LinearModel:
    """A linear model as Captum's LIME fits it. `solve`: (coalitions, scores, weights) -> coefficients, in float64."""

    def __init__(self, solve: Solve) -> None:
        self.solve = solve

    def fit(self, loader: DataLoader[Any]) -> None:
        # the set itself: going through the loader would draw from the global random numbers
        self.found = self.solve(*(tensor.double().cpu().numpy() for tensor in loader.dataset.tensors))  # type: ignore[attr-defined]

    def representation(self) -> Tensor:
        return torch.from_numpy(self.found)


@dataclass(frozen=True)
class OfCoalitions(OfSuperpixels):
    """What methods that fit a linear model to scores of coalitions (the superpixels that are shown) share."""

    def coalitions(self, regions: int) -> Tensor:
        """(S, M) of 0 and 1, of which the first shows all."""
        raise NotImplementedError

    def weights(self, coalitions: Tensor) -> Tensor:
        """(S,) how much the score of each coalition counts."""
        raise NotImplementedError

    def solve(self, coalitions: Array, scores: Array, weights: Array) -> Array:
        """(M,) the coefficients of the superpixels."""
        raise NotImplementedError

    def effects(self, passes: Passes, picture: Tensor, fill: Tensor, labels: Tensor, row: Tensor) -> Tensor:
        coalitions = self.coalitions(int(labels.max()) + 1)
        weights = iter(self.weights(coalitions))

        def drawn(inputs: Tensor, **more: Any) -> Iterator[Tensor]:
            yield from coalitions.to(labels.device)[:, None]

        model = captum.attr.LimeBase(
            passes.in_chunks,
            LinearModel(self.solve),
            similarity_func=lambda *given: next(weights),
            perturb_func=drawn,
            perturb_interpretable_space=True,
            from_interp_rep_transform=lambda shown, inputs: torch.where(shown[0, labels] > 0, inputs, fill),
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
class LIME(OfCoalitions):
    """How much showing a superpixel adds to the score, by a linear model fitted near the picture.

    Superpixels are hidden at random, and a linear model is fitted to the scores: pictures that show more count more,
    and the ridge keeps effects small that few samples support. Each pixel gets its superpixel's coefficient. It needs
    no gradient. What regions do together is averaged away, and another seed gives another map: more samples help.
    """

    title: ClassVar[str] = "LIME"
    paper: ClassVar[str] = "https://arxiv.org/abs/1602.04938"
    unit: ClassVar[str] = "rise of the {scale} where shown"

    samples: int = number(250, 10, 5000, 10, hint="Pictures with superpixels hidden. More is slower and steadier.")
    width: float = number(0.25, 0.05, 2.0, 0.05, hint="How far from the picture samples still count.")
    ridge: float = number(1.0, 0.0, 10.0, 0.1, hint="How strongly coefficients are drawn to zero.")
    seed: int = number(0, 0, 9999, hint="Start of the random numbers.")

    def cost(self, regions: int) -> int:
        return self.samples

    def coalitions(self, regions: int) -> Tensor:
        generator = torch.Generator().manual_seed(self.seed)
        drawn = torch.randint(0, 2, (self.samples - 1, regions), generator=generator)
        return torch.cat([drawn.new_ones(1, regions), drawn])

    def weights(self, coalitions: Tensor) -> Tensor:
        """Exponential in the cosine distance from the whole picture, with the root that the authors' program takes."""
        distance = 1 - coalitions.double().mean(1).sqrt()
        return torch.exp(-((distance / self.width) ** 2) / 2)

    def solve(self, coalitions: Array, scores: Array, weights: Array) -> Array:
        scores = scores - scores[0]  # so that a score which never changes gives exactly nothing
        share, root = weights / weights.sum(), np.sqrt(weights)
        shown, rise = coalitions - share @ coalitions, scores - share @ scores  # the intercept, which no ridge holds
        ridge = math.sqrt(self.ridge) * np.eye(shown.shape[1])
        return _least_squares(
            np.concatenate([root[:, None] * shown, ridge]), np.append(root * rise, np.zeros(len(ridge)))
        )


@dataclass(frozen=True)
class KernelSHAP(OfCoalitions):
    """What each superpixel contributes to the score: its Shapley value, shared among its pixels.

    The Shapley value is what a region adds to the score, averaged over all orders in which the regions could be
    uncovered. The values add up to the score minus that of the hidden picture (completeness). Where the samples reach
    for all coalitions they are exact, else an estimate by weighted least squares that another seed changes.
    """

    title: ClassVar[str] = "KernelSHAP"
    paper: ClassVar[str] = "https://arxiv.org/abs/1705.07874"
    complete: ClassVar[bool] = True
    unit: ClassVar[str] = "contribution to the {scale}"

    samples: int = number(250, 10, 5000, 10, hint="Coalitions of superpixels shown. More is slower and more exact.")
    seed: int = number(0, 0, 9999, hint="Start of the random numbers.")

    def cost(self, regions: int) -> int:
        return 2**regions if self._all(regions) else self.samples

    def found(self, values: Tensor, scores: Tensor, hidden: Tensor) -> Attribution:
        return replace(super().found(values, scores, hidden), baselines=hidden[:, None], baseline_scores=scores[:, 1:])

    def effects(self, passes: Passes, picture: Tensor, fill: Tensor, labels: Tensor, row: Tensor) -> Tensor:
        contributions = super().effects(passes, picture, fill, labels, row)
        return contributions / labels.flatten().bincount().to(contributions)

    def coalitions(self, regions: int) -> Tensor:
        """All shown, none shown, then every other coalition, or as many as there are samples: each with its opposite.

        Their sizes are drawn as often as the Shapley kernel weighs them.
        """
        ends = torch.tensor([[1], [0]]).expand(2, regions)
        if self._all(regions):
            return torch.cat([ends, torch.arange(1, 2**regions - 1)[:, None] >> torch.arange(regions) & 1])
        generator = torch.Generator().manual_seed(self.seed)
        sizes, pairs = torch.arange(1.0, regions), (self.samples - 1) // 2
        chosen = 1 + torch.multinomial(1 / (sizes * (regions - sizes)), pairs, True, generator=generator)
        ranks = torch.rand(pairs, regions, generator=generator).argsort(1).argsort(1)
        half = (ranks < chosen[:, None]).long()
        return torch.cat([ends, torch.stack([half, 1 - half], 1).flatten(0, 1)])[: self.samples]

    def weights(self, coalitions: Tensor) -> Tensor:
        """The Shapley kernel; 1 where the draw has followed it. The ends are held exactly, whatever their weight."""
        (count, regions), sizes = coalitions.shape, coalitions.sum(1)
        if not self._all(regions):
            return torch.ones(count)
        kernel = [1.0, *((regions - 1) / (math.comb(regions, k) * k * (regions - k)) for k in range(1, regions)), 1.0]
        return torch.tensor(kernel)[sizes]

    def solve(self, coalitions: Array, scores: Array, weights: Array) -> Array:
        """Least squares among the coefficients that add up to the change from none shown to all shown."""
        mean = (scores[0] - scores[1]) / coalitions.shape[1]
        root, rest = np.sqrt(weights[2:]), scores[2:] - scores[1] - coalitions[2:].sum(1) * mean
        apart = coalitions[2:] - coalitions[2:].mean(1, keepdims=True)  # the shortest solution adds up to 0
        found: Array = mean + _least_squares(root[:, None] * apart, root * rest)
        return found

    def _all(self, regions: int) -> bool:
        return regions <= math.log2(self.samples)


def _least_squares(rows: Array, values: Array) -> Array:
    """The shortest of the solutions."""
    found: Array = np.linalg.lstsq(rows, values)[0]
    return found
