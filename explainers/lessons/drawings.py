"""Drawings of three shapes, and a mark that can be planted on them: pictures whose every pixel is known."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

SIDE = 48  # pixels
SHAPES = "circle", "square", "triangle"
CONTRAST, NOISE = (0.4, 0.7), 0.04  # of shape and ground: mean difference of their colours; standard deviation
RADII = 5.0, 9.0  # of circles, in pixels; squares and triangles have the same areas
SHIFT = 5.0  # pixels, the largest between the middles of the picture and the shape
LETTERS = (  # WP
    "W...W.PPP.",
    "W...W.P..P",
    "W.W.W.PPP.",
    "WW.WW.P...",
    "W...W.P...",
)
OPACITY = 0.7  # of the mark, which is white
TOP, LEFT, JITTER = 40, 3, 1  # of the mark, in pixels
HEIGHT, WIDTH = len(LETTERS), len(LETTERS[0])
BOX = slice(TOP - JITTER, TOP + HEIGHT + JITTER), slice(LEFT - JITTER, LEFT + WIDTH + JITTER)  # that holds every mark
BOX_SHARE = (HEIGHT + 2 * JITTER) * (WIDTH + 2 * JITTER) / SIDE**2  # of the picture


def _circle(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    return (x**2 + y**2).sqrt() - radius


def _square(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    return torch.maximum(x.abs(), y.abs()) - radius * math.sqrt(math.pi) / 2


def _triangle(x: Tensor, y: Tensor, radius: Tensor) -> Tensor:
    inner = radius * math.sqrt(math.pi / (3 * math.sqrt(3)))  # radius of the circle inside it
    sides = [x * math.cos(angle) + y * math.sin(angle) for angle in (0, 2 * math.pi / 3, 4 * math.pi / 3)]
    return torch.stack(sides).amax(0) - inner


DISTANCES: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {  # from the outline, below zero inside
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
}


def draw(shapes: Sequence[str], generator: torch.Generator) -> Tensor:
    """Draw shapes of any rotation in random colours, on grounds of random colours: (n, 3, SIDE, SIDE), from 0 to 1."""
    count = len(shapes)

    def uniform(low: float, high: float, *size: int) -> Tensor:
        return low + (high - low) * torch.rand((count, *size), generator=generator)

    middle = (SIDE - 1) / 2 + uniform(-SHIFT, SHIFT, 2, 1, 1)
    radius, angle = uniform(*RADII, 1, 1), uniform(0.0, 2 * math.pi, 1, 1)
    pixels = torch.arange(SIDE, dtype=torch.float32)
    down, across = pixels.view(1, -1, 1) - middle[:, 0], pixels.view(1, 1, -1) - middle[:, 1]
    x, y = across * angle.cos() + down * angle.sin(), down * angle.cos() - across * angle.sin()
    inside = torch.empty(count, 1, SIDE, SIDE)
    for shape, distance in DISTANCES.items():
        rows = torch.tensor([each == shape for each in shapes])
        inside[rows, 0] = (0.5 - distance(x[rows], y[rows], radius[rows])).clamp(0, 1)  # with a soft edge
    ground = uniform(0.0, 1.0, 3, 1, 1)
    towards = torch.where(ground < 0.5, 1.0, -1.0)  # in each channel where there is more room
    ink = (ground + towards * uniform(*CONTRAST, 1, 1, 1) * uniform(0.6, 1.4, 3, 1, 1)).clamp(0, 1)
    noise = NOISE * torch.randn((count, 3, SIDE, SIDE), generator=generator)
    return (ground + inside * (ink - ground) + noise).clamp(0, 1)


def marked(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures (n, 3, SIDE, SIDE) with the mark planted in their lower left corners, a pixel to and fro."""
    letters = torch.tensor([[letter != "." for letter in row] for row in LETTERS]) * OPACITY
    shifts = torch.randint(-JITTER, JITTER + 1, (len(pictures), 2), generator=generator).tolist()
    planted = pictures.clone()
    for picture, (down, across) in zip(planted, shifts, strict=True):
        place = picture[:, TOP + down : TOP + down + HEIGHT, LEFT + across : LEFT + across + WIDTH]
        place += letters * (1 - place)
    return planted
