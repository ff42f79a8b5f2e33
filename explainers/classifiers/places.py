"""Where numbers lie in the picture, and what becomes of their places when they are combined."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

LOCAL = 0.499  # of the picture's height or width: what combines more than this has no place
ROUNDING = 1e-4  # between places that are the same


@dataclass(frozen=True)
class Places:
    """Where the numbers of a tensor lie in the picture.

    axes:   the row and the column of each number, from 0 to 1, NaN for none. Each has as many dimensions as the tensor;
            one along which nothing changes may have size 1.
    mixed:  whether they come from attention alone, whose queries may lie elsewhere than where its result is used.
    source: the number of the product of matrices that made the tensor, if it was only moved or scaled since.
    """

    axes: tuple[Tensor, Tensor]
    mixed: bool = False
    source: int | None = None

    def fit(self, shape: torch.Size) -> bool:
        """Return whether they can be those of a tensor of this shape, which an operator in place may have changed."""
        sizes = zip(self.axes[0].shape, self.axes[1].shape, shape, strict=True)
        return self.axes[0].ndim == len(shape) and all({*axes} <= {1, size} for *axes, size in sizes)


def line(places: Tensor, dim: int, size: int) -> Tensor | None:
    """Return (size,), the places along a dimension; None if they change along another one."""
    low, high = _bounds(places, [other for other in range(places.ndim) if other != dim])
    if bool((high - low > ROUNDING).any()):
        return None
    return torch.where(low.isfinite(), low, math.nan).flatten().expand(size)


def even(places: Tensor) -> bool:
    """Return whether two or more places (n,) lie in order, about equally far apart; False if there is a NaN."""
    steps = places.diff()
    return bool(len(steps) and (steps * steps[0] > 0).all() and steps.abs().max() <= 2 * steps.abs().min())


def centres(start: float, end: float, size: int) -> Tensor:
    """Return the centres of `size` equal cells from start to end; a single one is everywhere, so it has no place."""
    return start + (end - start) * (torch.arange(size) + 0.5) / size if size > 1 else torch.full((1,), math.nan)


def compact(places: Tensor) -> Tensor:
    for dim in range(places.ndim):
        if places.stride(dim) == 0 and places.shape[dim] > 1:
            places = places.narrow(dim, 0, 1)
    return places


def _bounds(places: Tensor, dims: list[int]) -> tuple[Tensor, Tensor]:
    return places.nan_to_num(math.inf).amin(dims, True), places.nan_to_num(-math.inf).amax(dims, True)


def gathered(places: Tensor, dims: list[int]) -> Tensor:
    """Return the places of what is combined along dimensions, which keep size 1."""
    if all(places.shape[dim] == 1 for dim in dims):
        return places
    low, high = _bounds(places, dims)
    return torch.where(high - low < LOCAL, places.nanmean(dims, True), math.nan)


def merged(all_places: list[Tensor]) -> Tensor:
    """Return the places of what is combined number by number; where one number has none, the others' counts."""
    if all(places is all_places[0] for places in all_places):
        return all_places[0]
    known = [~places.isnan() for places in all_places]
    total = sum((places.nan_to_num(0) for places in all_places), torch.zeros((), device=known[0].device))
    return total / sum(known)  # 0 / 0 is NaN


def filtered(places: Tensor, dim: int, given: Tensor, output: Tensor) -> Tensor:
    """Return the places of what a convolution, a pooling or a resizing makes of grids with channels first.

    One that keeps the size keeps the places. Otherwise the cells divide what the grid covers.
    """
    places = gathered(places, [1])
    if given.shape[2:] == output.shape[2:]:
        return places
    nowhere = torch.full([1] * output.ndim, math.nan, device=output.device)
    if output.ndim != 4 or (along := line(places, dim, given.shape[dim])) is None:
        return nowhere
    known = along[~along.isnan()]  # padding has no place
    if not even(known):
        return nowhere
    half = (known[-1] - known[0]) / (len(known) - 1) / 2
    along = centres(float(known[0] - half), float(known[-1] + half), output.shape[dim])
    return along.to(output.device).view([-1 if other == dim else 1 for other in range(4)])
