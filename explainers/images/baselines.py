"""Baselines: pictures without information, in which a path starts, or with which a part of a picture is hidden.

All are made in pixel units and normalised like any picture, so black is black. (Zero in a network's normalised input
would be the data set's mean colour.)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

DISTANCE_FROM_BASELINE = (
    "how far each pixel is from the baseline, by which its slope is multiplied"  # what every map of such a method shows
)
BASELINES = ("black", "white", "random", "grey", "dataset mean", "blurred picture", "colour")


def baseline(
    name: str,
    pictures: Tensor,
    *,
    mean: tuple[float, ...],
    seed: int = 0,
    draws: int = 1,
    blur: float = 10.0,
    colour: str = "#000000",
) -> Tensor:
    """Return the baselines (N, k, C, H, W) of pictures (N, C, H, W) in pixel units; k is `draws` if random, else 1.

    name:   one of BASELINES.
    mean:   the data set's mean colour, per channel.
    seed:   seeds a generator of this call; every picture of a batch gets the same draws.
    blur:   standard deviation in per cent of the longer side.
    colour: as #rrggbb.
    """
    match name:
        case "random":
            noise = torch.rand(
                (draws, *pictures.shape[1:]), generator=torch.Generator().manual_seed(seed), dtype=torch.float32
            )
            return noise.to(pictures).expand(len(pictures), -1, -1, -1, -1)
        case "blurred picture":
            return blurred(pictures, blur)[:, None]
        case "black" | "white" | "grey":
            fill = pictures.new_full((pictures.shape[1],), {"black": 0.0, "white": 1.0, "grey": 0.5}[name])
        case "dataset mean":
            fill = pictures.new_tensor(mean)
        case "colour":
            fill = solid(colour, pictures.shape[1]).to(pictures)
        case _:
            raise ValueError(f"no baseline is called {name!r}")
    return fill.view(1, 1, -1, 1, 1).expand(len(pictures), 1, *pictures.shape[1:]).clone()


def blurred(pictures: Tensor, percent: float) -> Tensor:
    """Blur pictures (N, C, H, W) with a Gaussian whose standard deviation is `percent` of their longer side."""
    sigma = percent / 100 * max(pictures.shape[2:])
    radius = min(
        int(3 * sigma) + 1, min(pictures.shape[2:]) - 1
    )  # padding by reflection can't be wider than the picture
    if radius <= 0:
        return pictures.clone()
    distance = torch.linspace(-radius, radius, 2 * radius + 1, dtype=pictures.dtype, device=pictures.device)
    density = torch.exp(-0.5 * (distance / sigma).pow(2))
    weights, channels = density / density.sum(), pictures.shape[1]
    kernel = torch.mm(weights[:, None], weights[None]).expand(channels, 1, -1, -1)
    return F.conv2d(F.pad(pictures, [radius] * 4, mode="reflect"), kernel, groups=channels)


def solid(colour: str, channels: int) -> Tensor:
    """Convert a colour #rrggbb to (channels,) in pixel units; for one channel, to the luma that Pillow computes."""
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return torch.tensor(
        [red, green, blue] if channels == 3 else [0.299 * red + 0.587 * green + 0.114 * blue] * channels
    )
