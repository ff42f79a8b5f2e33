"""What removed pixels become: a colour, a blur of the picture, or a mean of their neighbours.

Something must stand where pixels are removed, and the classifier sees that, too: to it, black holes are objects, and
their outline shows which pixels were removed. So every curve depends on the fill, and the fill is always named.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

from explainers.images.baselines import baseline

LINEAR_IMPUTATION = "noisy linear imputation"
PIXEL_FILLS = ("black", "white", "dataset mean", "blurred picture", LINEAR_IMPUTATION)
IMPUTATION_NOISE = 0.01  # standard deviation, in pixel units, as in Rong et al.
IMPUTATION_TOLERANCE = 1e-4  # in pixel units: how far an imputed pixel may be from the weighted mean of its neighbours
MAX_SOLVER_STEPS = 100  # of conjugate gradients; about 15 are enough
JACOBI_DAMPING = 0.7  # what a Jacobi step is multiplied by
MIN_DIVISOR = 1e-30  # keeps divisions from being by 0

Fill = Callable[[Tensor], Tensor]  # (n, H, W) bool, true for removed pixels -> the pictures without them (n, C, H, W)


def fill(name: str, picture: Tensor, *, mean: tuple[float, ...], seed: int = 0) -> Fill:
    """Return a function that removes pixels of the picture (C, H, W), in pixel units.

    name: one of PIXEL_FILLS.
    mean: the data set's mean colour, which also replaces a picture of which all pixels are removed.
    seed: for the noise, which is the same for every picture.
    """
    if name == LINEAR_IMPUTATION:
        generator = torch.Generator().manual_seed(seed)
        normal = torch.randn(picture.shape, generator=generator, dtype=picture.dtype)
        noise = IMPUTATION_NOISE * normal.to(picture.device)
        colour = picture.new_tensor(mean).view(-1, 1, 1)

        def imputed(removed: Tensor) -> Tensor:
            return torch.where(removed[:, None], impute(picture, removed, colour) + noise, picture)

        return imputed
    instead = baseline(name, picture[None], mean=mean)[0, 0]
    return lambda removed: torch.where(removed[:, None], instead, picture)


def impute(picture: Tensor, removed: Tensor, empty: Tensor) -> Tensor:
    """Impute the removed pixels (n, H, W) of the picture (C, H, W) from the others: (n, C, H, W), without noise.

    A removed pixel becomes the weighted mean of its eight neighbours, removed or not: 1/6 for those at a side, 1/12 for
    those at a corner, normalised at the picture's border (Rong et al. 2022, https://arxiv.org/abs/2202.00449). That is
    one linear system for each mask, symmetric and positive definite; conjugate gradients solve all of them and all
    channels at once. Without preconditioning they would carry known values into a hole by one pixel a step, so they
    start from means over large squares, and a multigrid cycle preconditions every step.

    empty: (C, 1, 1) the colour of a picture of which all pixels are removed, for which there is nothing to solve.
    """
    images = torch.where(removed[:, None], _initial_guess(picture, removed, empty), picture)
    unsolved = (~removed.flatten(1).all(1)).nonzero()[:, 0]  # indices of the masks that aren't solved yet
    holes = _coarser_holes(removed[unsolved, None].to(picture))
    residual = -_apply_system(images[unsolved], holes[0])
    direction = _precondition(residual, holes)
    product = _dot(residual, direction)
    for _ in range(MAX_SOLVER_STEPS):
        unfinished = residual.abs().flatten(1).amax(1) > IMPUTATION_TOLERANCE
        if not unfinished.all():
            state = unsolved, residual, direction, product
            unsolved, residual, direction, product = (values[unfinished] for values in state)
            holes = [hole[unfinished] for hole in holes]
        if not len(unsolved):
            break
        applied = _apply_system(direction, holes[0])
        step = product / _dot(direction, applied).clamp_min(MIN_DIVISOR)
        images[unsolved] += step * direction
        residual = residual - step * applied
        smoothed = _precondition(residual, holes)
        before, product = product, _dot(residual, smoothed)
        direction = smoothed + product / before.clamp_min(MIN_DIVISOR) * direction
    return images


def _apply_system(values: Tensor, hole: Tensor) -> Tensor:
    """Multiply by the system's matrix: each pixel of the hole less the mean of its neighbours, times their weights."""
    return hole * (_weights(values) * values - _neighbours(values))


def _precondition(residual: Tensor, holes: list[Tensor]) -> Tensor:
    """Return about the correction that removes a residual: one multigrid cycle over ever coarser grids.

    The cycle is symmetric, as conjugate gradients require. The stencil is the same on every grid, and pixels that are
    known on a grid are not corrected there.
    """
    hole, *coarser = holes
    damped = JACOBI_DAMPING / _weights(residual) * hole
    correction = damped * residual
    if coarser:
        rest = residual - _apply_system(correction, hole)
        coarse = _precondition(_blurred(rest)[..., ::2, ::2], coarser)
        interpolated = torch.zeros_like(residual)
        interpolated[..., ::2, ::2] = coarse
        correction = correction + hole * _blurred(interpolated)
        correction = correction + damped * (residual - _apply_system(correction, hole))
    return correction


def _coarser_holes(hole: Tensor) -> list[Tensor]:
    """Return the hole on ever coarser grids; a coarse pixel belongs to it only if all pixels around it do."""
    holes = [hole]
    while min(hole.shape[2:]) > 2:
        hole = -F.max_pool2d(-hole, 3, stride=2, padding=1)
        holes.append(hole)
    return holes


def _weights(values: Tensor) -> Tensor:
    """Return the sum of the weights of each pixel's neighbours, which is less than 1 at the border."""
    return _neighbours(torch.ones_like(values[:1, :1]))


def _neighbours(values: Tensor) -> Tensor:
    """Return the weighted sum of each pixel's eight neighbours (n, C, H, W), with zeros beyond the border."""
    return (_blurred(values) - values) / 3


def _blurred(values: Tensor) -> Tensor:
    """Convolve with the kernel 1/4 1/2 1/4; 1/2 1 1/2; 1/4 1/2 1/4, with zeros beyond the border."""
    padded = F.pad(values, (1, 1, 1, 1))
    down = (padded[:, :, :-2] + padded[:, :, 2:]) / 2 + padded[:, :, 1:-1]
    return (down[..., :-2] + down[..., 2:]) / 2 + down[..., 1:-1]


def _dot(first: Tensor, second: Tensor) -> Tensor:
    """Return the dot product for each picture and channel."""
    return (first * second).sum((2, 3), keepdim=True)


def _initial_guess(picture: Tensor, removed: Tensor, empty: Tensor) -> Tensor:
    """Fill holes with means of the known pixels over squares of 1, 2, 4, 8... pixels, the smallest that hold enough."""
    known = (~removed[:, None]).to(picture)
    sums, shares = [known * picture], [known]
    while max(shares[-1].shape[2:]) > 1:
        for pyramid in (sums, shares):
            odd = pyramid[-1].shape[3] % 2, pyramid[-1].shape[2] % 2
            pyramid.append(F.avg_pool2d(F.pad(pyramid[-1], (0, odd[0], 0, odd[1])), 2))
    guess = empty.expand(len(removed), -1, 1, 1)
    for total, share in zip(reversed(sums), reversed(shares), strict=True):
        guess = F.interpolate(guess, size=total.shape[2:], mode="bilinear", align_corners=False)
        trust = (4 * share).clamp_max(1)  # full, once a quarter of the square is known
        guess = trust * total / share.clamp_min(MIN_DIVISOR) + (1 - trust) * guess
    return guess
