"""Draws random networks, each with a photo and a target, again and again the same from a seed and a number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explainers import Classifier, Target
from tools.fuzz_networks.heads import HEADS, Head, RootStem, Stem
from tools.fuzz_networks.parts import Draw, Piece
from tools.fuzz_networks.pieces import FAMILIES

SMALLEST_GRID = 4  # a piece that would make the grid smaller is drawn again
MOST_PIECES = 6
NORMALISATIONS = (((0.0,) * 3, (1.0,) * 3), ((0.4, 0.5, 0.6), (0.2, 0.3, 0.25)))


class Network(nn.Module):
    """A stem, pieces and a head."""

    def __init__(
        self,
        draw: Draw,
        stem: type[Stem],
        kinds: Sequence[type[Piece]],
        head: type[Head],
        size: tuple[int, int],
        classes: int,
    ) -> None:
        super().__init__()
        self.stem, self.pieces = stem(draw).eval(), nn.Sequential()
        with torch.no_grad():
            grid = self.stem(torch.rand(1, 3, *size))
            for kind in kinds:
                piece = kind(draw, grid.shape).eval()
                smaller = piece(grid.clone())
                if min(smaller.shape[2:]) >= SMALLEST_GRID:
                    self.pieces.append(piece)
                    grid = smaller
        self.head = head(draw, grid.shape, classes)

    def forward(self, x: Tensor) -> object:
        logits: object = self.head(self.pieces(self.stem(x)))
        return logits


@dataclass(frozen=True)
class Case:
    """A random network, the picture that it sees and what is explained.

    seed, number: from which all of it is drawn.
    kinds:        the pieces, if they are not drawn either.
    """

    seed: int
    number: int
    kinds: tuple[type[Piece], ...] = ()

    def draw(self, what: str) -> Draw:
        """Return the draws of one aspect of the case."""
        return Draw(f"{self.seed} {self.number} {what}")

    @cached_property
    def size(self) -> tuple[int, int]:
        draw = self.draw("size")
        return draw.randrange(16, 25), draw.randrange(16, 25)

    @cached_property
    def classes(self) -> int:
        return self.draw("classes").randrange(2, 8)

    @cached_property
    def normalisation(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The mean and the standard deviation of pixels."""
        return NORMALISATIONS[0] if self._stem is RootStem else self.draw("normalisation").choice(NORMALISATIONS)

    @cached_property
    def target(self) -> Target:
        """A class or a difference of two, but never the last of several classes, which may be masked out."""
        draw = self.draw("target")
        known = range(max(self.classes - 1, 1))
        index, versus = draw.choice(known), draw.choice(known) if draw.coin(0.2) else None
        return Target(index, None if versus == index else versus, draw.choice(("logit", "logit", "probability")))

    @cached_property
    def picture(self) -> Tensor:
        """A smooth photo (3, H, W) with a black bar and a little noise; the noise leaves black as it is."""
        generator = torch.Generator().manual_seed(self.draw("picture").randrange(2**31))
        coarse = torch.rand(1, 3, 4, 4, generator=generator)
        photo = F.interpolate(coarse, self.size, mode="bicubic").clamp(0.05, 0.95)[0]
        photo += 0.02 * torch.rand(photo.shape, generator=generator)
        photo[:, :, :3] = 0
        return photo

    @cached_property
    def _stem(self) -> type[Stem]:
        return RootStem if self.draw("stem").coin(0.06) else Stem

    def build(self) -> nn.Module:
        """Build the network anew, with the same weights each time, in eval mode."""
        draw = self.draw("network")
        kinds = self.kinds or [draw.choice(draw.choice(FAMILIES)) for _ in range(draw.randint(1, MOST_PIECES))]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(draw.randrange(2**31))
            return Network(draw, self._stem, kinds, draw.choice(HEADS), self.size, self.classes).eval()

    def change(self, network: nn.Module) -> None:
        """Change a weight in place, as later training would, in one case of twelve."""
        draw = self.draw("change")
        if draw.coin(1 / 12):
            weights = [weight for weight in network.parameters() if weight.ndim == 4]
            draw.choice(weights).data.mul_(1.5)

    def classifier(self, network: nn.Module) -> Classifier:
        mean, std = self.normalisation
        labels = [f"class {index}" for index in range(self.classes)]
        return Classifier(network, labels, size=self.size, mean=mean, std=std, device="cpu")

    def __str__(self) -> str:
        network = self.build()
        parts = [network.stem, *network.pieces, network.head]  # type: ignore[misc]
        return " > ".join(type(part).__name__ for part in parts)
