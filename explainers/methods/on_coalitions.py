"""The base class of methods that hide many superpixels at once, and fit a linear model to the scores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import captum.attr
import torch
from torch import Tensor
from torch.utils.data import DataLoader

from explainers.arrays import Array
from explainers.explainer import Explainer
from explainers.methods.on_superpixels import OnSuperpixels
from explainers.methods.sampling import Drawn, Estimate, Plan, samples, sampling_tolerance
from explainers.passes import Passes

SAMPLES, MOST_SAMPLES = 250, 5000  # by default, and at most
Solve = Callable[[Array, Array, Array], tuple[Array, Array | None]]


class LinearModel:
    """A linear model with the interface that Captum's LIME expects.

    solve: (coalitions, scores, weights) -> coefficients and their standard errors, in float64.
    """

    def __init__(self, solve: Solve) -> None:
        self.solve = solve

    def fit(self, loader: DataLoader[Any]) -> None:
        # The data set is read directly, because iterating over the loader would draw from the global generator.
        self.coefficients, self.standard_errors = self.solve(
            *(tensor.double().cpu().numpy() for tensor in loader.dataset.tensors)  # type: ignore[attr-defined]
        )

    def representation(self) -> Tensor:
        return torch.from_numpy(self.coefficients)


@dataclass(frozen=True)
class OnCoalitions(OnSuperpixels):
    """The base class of methods that fit a linear model to the scores of coalitions, the sets of superpixels shown."""

    samples: int | None = samples(
        SAMPLES,
        10,
        MOST_SAMPLES,
        10,
        hint="How many pictures with superpixels hidden. More is slower and closer to the exact map.",
    )
    tolerance: float = sampling_tolerance(only_if={"samples": None})

    @property
    def repeatable(self) -> Explainer:
        return replace(self, samples=SAMPLES) if self.samples is None else self

    def cost(self, regions: int) -> int:
        plan = self.plan(regions)
        return plan.most if plan else 2**regions

    def plan(self, regions: int) -> Plan | None:
        """Return how many coalitions of so many superpixels are drawn; None if all of them are taken."""
        return Plan.of("coalitions of superpixels", self.samples, MOST_SAMPLES, self.tolerance)

    def coalitions(self, regions: int) -> Tensor:
        """Return S coalitions of M superpixels, (S, M) of 0 (hidden) and 1 (shown); the first shows all."""
        raise NotImplementedError

    def weights(self, coalitions: Tensor) -> Tensor:
        """Return the weights (S,) of the coalitions' scores in the fit."""
        raise NotImplementedError

    def solve(self, coalitions: Array, scores: Array, weights: Array) -> tuple[Array, Array | None]:
        """Return the coefficients (M,) of the superpixels, and their standard errors; None if they are unknown."""
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
        regions, shares = int(labels.max()) + 1, self.shares(labels)
        coalitions, known = self.coalitions(regions).to(labels.device), picture.new_zeros(0)

        def scores(asked: Tensor, row: Tensor) -> Tensor:
            """Return the scores of the first coalitions, of which each passes once."""
            nonlocal known
            new = asked[len(known) :] > 0

            def shown(part: slice) -> Tensor:
                return torch.where(new[part][:, labels][:, None], picture, fill)

            known = torch.cat([known, passes.scores(int(row[0]), shown, len(new))])
            return known

        def extend(count: int) -> Estimate:
            drawn = coalitions[:count]
            weights, generated = iter(self.weights(drawn)), iter(drawn[:, None])
            model = LinearModel(self.solve)
            values = captum.attr.LimeBase(
                scores,
                model,
                similarity_func=lambda *args: next(weights),
                perturb_func=lambda *args: next(generated),
                perturb_interpretable_space=True,
                from_interp_rep_transform=lambda coalition, inputs: coalition,
                to_interp_rep_transform=None,
            ).attribute(picture[None], additional_forward_args=(row,), n_samples=count, perturbations_per_eval=count)
            errors = model.standard_errors
            return Estimate(
                values.to(labels.device) / shares,
                None if errors is None else torch.from_numpy(errors).to(labels.device) / shares,
            )

        plan = self.plan(regions)
        return plan.draw(passes, extend, preview) if plan else Drawn(extend(len(coalitions)))

    def shares(self, labels: Tensor) -> Tensor:
        """Return among how many (M,) each superpixel's coefficient is shared; `labels` (H, W) are their numbers."""
        return torch.ones(int(labels.max()) + 1, device=labels.device)
