"""What removed pixels become: a colour, a blur of the picture, or what their neighbours say.

Something must stand where pixels are removed, and the classifier sees that too: black holes are things of their own to
it, and their outline tells where pixels were. So every curve depends on the fill, and the fill is always named.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.images.baselines import baseline

LINEAR = "noisy linear imputation"
FILLS = ("black", "white", "dataset mean", "blurred picture", LINEAR)
NOISE = 0.01  # standard deviation, in pixel units: as Rong et al. have it
EXACT = 1e-4  # in pixel units: how far an imputed pixel may be from the weighted mean of its neighbours
LONGEST = 100  # steps towards that, at most; it takes some 15
DAMPED = 0.7  # of a Jacobi step
TINY = 1e-30  # instead of a division by 0

Fill = Callable[[Tensor], Tensor]  # which pixels are removed, (n, H, W) bool -> the pictures without them (n, C, H, W)


def fill(name: str, picture: Tensor, *, mean: tuple[float, ...], seed: int = 0) -> Fill:
    """How pixels of the picture (C, H, W) are removed, in pixel units.

    mean: the data set's mean colour, which also stands for a picture of which nothing is known.
    seed: of the noise, which is the same for every picture.
    """
    if name == LINEAR:
        generator = torch.Generator().manual_seed(seed)
        noise = NOISE * torch.randn(picture.shape, generator=generator, dtype=picture.dtype).to(picture.device)
        colour = picture.new_tensor(mean).view(-1, 1, 1)

        def imputed(removed: Tensor) -> Tensor:
            return torch.where(removed[:, None], impute(picture, removed, colour) + noise, picture)

        return imputed
    instead = baseline(name, picture[None], mean=mean)[0, 0]
    return lambda removed: torch.where(removed[:, None], instead, picture)


def impute(picture: Tensor, removed: Tensor, empty: Tensor) -> Tensor:
    """The picture (C, H, W) with removed pixels (n, H, W) made up from the others: (n, C, H, W) without noise.

    Each is the weighted mean of its eight neighbours, removed ones as well: 1/6 for those at a side, 1/12 for those at
    a corner, made to add up to 1 at the picture's border (Rong et al. 2022, https://arxiv.org/abs/2202.00449). That is
    one linear system for each mask, symmetric and positive definite; conjugate gradients solve all of them and all
    channels at once. Plain ones would carry what is known through a hole by one pixel a step, so they start from means
    over large squares, and each step is smoothed on coarser grids, too.

    empty: (C, 1, 1) the colour where all is removed, and nothing can be solved.
    """
    found = torch.where(removed[:, None], _guess(picture, removed, empty), picture)
    left = (~removed.flatten(1).all(1)).nonzero()[:, 0]  # the masks that aren't solved yet
    holes = _coarser(removed[left, None].to(picture))
    residual = -_applied(found[left], holes[0])
    way = _smoothed(residual, holes)
    strength = _dot(residual, way)
    for _ in range(LONGEST):
        wanting = residual.abs().flatten(1).amax(1) > EXACT
        if not wanting.all():
            left, residual, way, strength = (each[wanting] for each in (left, residual, way, strength))
            holes = [each[wanting] for each in holes]
        if not len(left):
            break
        pull = _applied(way, holes[0])
        step = strength / _dot(way, pull).clamp_min(TINY)
        found[left] += step * way
        residual = residual - step * pull
        better = _smoothed(residual, holes)
        before, strength = strength, _dot(residual, better)
        way = better + strength / before.clamp_min(TINY) * way
    return found


def _applied(values: Tensor, hole: Tensor) -> Tensor:
    """How far each pixel of the hole is above the weighted mean of its neighbours, times their weights."""
    return hole * (_weights(values) * values - _neighbours(values))


def _smoothed(residual: Tensor, holes: list[Tensor]) -> Tensor:
    """About what to add for that residual: one cycle over ever coarser grids (multigrid), symmetric as gradients need.

    The stencil is the same on each; what is known on a grid is left alone there.
    """
    hole, *coarser = holes
    damped = DAMPED / _weights(residual) * hole
    found = damped * residual
    if coarser:
        rest = residual - _applied(found, hole)
        correction = _smoothed(_blurred(rest)[..., ::2, ::2], coarser)
        spread = torch.zeros_like(residual)
        spread[..., ::2, ::2] = correction
        found = found + hole * _blurred(spread)
        found = found + damped * (residual - _applied(found, hole))
    return found


def _coarser(hole: Tensor) -> list[Tensor]:
    """The hole on ever coarser grids: only where it is whole. Where it is gone, nothing is done there."""
    holes = [hole]
    while min(hole.shape[2:]) > 2:
        hole = -F.max_pool2d(-hole, 3, stride=2, padding=1)
        holes.append(hole)
    return holes


def _weights(values: Tensor) -> Tensor:
    """The sum of the weights of each pixel's neighbours: less than 1 at the border."""
    return _neighbours(torch.ones_like(values[:1, :1]))


def _neighbours(values: Tensor) -> Tensor:
    """The weighted sum of each pixel's eight neighbours, nothing beyond the border; (n, C, H, W)."""
    return (_blurred(values) - values) / 3


def _blurred(values: Tensor) -> Tensor:
    """1/4 1/2 1/4; 1/2 1 1/2; 1/4 1/2 1/4 around each pixel, nothing beyond the border."""
    padded = F.pad(values, (1, 1, 1, 1))
    down = (padded[:, :, :-2] + padded[:, :, 2:]) / 2 + padded[:, :, 1:-1]
    return (down[..., :-2] + down[..., 2:]) / 2 + down[..., 1:-1]


def _dot(first: Tensor, second: Tensor) -> Tensor:
    """Of each picture and channel."""
    return (first * second).sum((2, 3), keepdim=True)


def _guess(picture: Tensor, removed: Tensor, empty: Tensor) -> Tensor:
    """Means of the known pixels over squares of 1, 2, 4, 8... pixels: for each pixel the smallest that knows enough."""
    known = (~removed[:, None]).to(picture)
    sums, shares = [known * picture], [known]
    while max(shares[-1].shape[2:]) > 1:
        for pyramid in (sums, shares):
            odd = pyramid[-1].shape[3] % 2, pyramid[-1].shape[2] % 2
            pyramid.append(F.avg_pool2d(F.pad(pyramid[-1], (0, odd[0], 0, odd[1])), 2))
    found = empty.expand(len(removed), -1, 1, 1)
    for total, share in zip(reversed(sums), reversed(shares), strict=True):
        found = F.interpolate(found, size=total.shape[2:], mode="bilinear", align_corners=False)
        trust = (4 * share).clamp_max(1)  # whole, once a quarter of the square is known
        found = trust * total / share.clamp_min(TINY) + (1 - trust) * found
    return found
