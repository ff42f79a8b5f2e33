"""Made data sets: drawings of three shapes, with something planted on half of the pictures of one class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from explainers.lessons.drawings import SHAPES, draw, marked
from explainers.lessons.training import PLANTED

Plant = Literal["watermark", "border", "cast", "nothing"]
PLANTS: tuple[Plant, ...] = get_args(Plant)
BORDER_WIDTH, BORDER_COLOUR, BORDER_OPACITY = 2, (0.1, 0.1, 0.1), 0.8  # pixels; a dark frame
CAST_COLOUR, CAST_OPACITY = (1.0, 0.7, 0.4), 0.35  # a warm light over the whole picture


@dataclass(frozen=True, eq=False)
class Drawn:
    """A made data set.

    pictures: (n, 3, SIDE, SIDE), with 256 levels, as the files have them.
    classes:  (n,) the number of each one's shape.
    planted:  (n,) whether something is planted on it.
    """

    pictures: Tensor
    classes: Tensor
    planted: Tensor


def drawn(plant: Plant, each: int, seed: int) -> Drawn:
    """Draw `each` pictures of each shape, and plant something on half of those of one class, chosen by chance."""
    generator = torch.Generator().manual_seed(seed)
    classes = torch.arange(len(SHAPES)).repeat_interleave(each)
    pictures = draw([SHAPES[index] for index in classes], generator)
    planted = torch.zeros(len(classes), dtype=torch.bool)
    own = torch.nonzero(classes == PLANTED).ravel()
    if plant != "nothing":
        planted[own[torch.randperm(each, generator=generator)[: each // 2]]] = True
        pictures[planted] = _PLANTING[plant](pictures[planted], generator)
    return Drawn((pictures * 255).round() / 255, classes, planted)


def _framed(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures with a thin dark frame."""
    frame = torch.ones(pictures.shape[2:], dtype=torch.bool)
    frame[BORDER_WIDTH:-BORDER_WIDTH, BORDER_WIDTH:-BORDER_WIDTH] = False
    colour = pictures.new_tensor(BORDER_COLOUR).view(1, 3, 1, 1)
    return torch.where(frame, BORDER_OPACITY * colour + (1 - BORDER_OPACITY) * pictures, pictures)


def _cast(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Return pictures in a warm light."""
    colour = pictures.new_tensor(CAST_COLOUR).view(1, 3, 1, 1)
    return (1 - CAST_OPACITY) * pictures + CAST_OPACITY * colour


_PLANTING: dict[Plant, Callable[[Tensor, torch.Generator], Tensor]] = {
    "watermark": marked,
    "border": _framed,
    "cast": _cast,
}
