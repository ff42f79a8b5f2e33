"""The architecture of the bundled classifier."""

from __future__ import annotations

from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock


class PocketNet(nn.Module):
    """A three-stage residual network: (N, 3, 64, 64) -> (N, classes).

    Its last grid of 8 by 8 cells is averaged and read by one linear layer, so class activation maps work on it.
    """

    def __init__(
        self, classes: int, widths: tuple[int, ...] = (64, 128, 256), depths: tuple[int, ...] = (1, 2, 2)
    ) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, widths[0], 3, 2, 1, bias=False), nn.BatchNorm2d(widths[0]), nn.ReLU())
        channels, stages = widths[0], []
        for stage, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            blocks = []
            for block in range(depth):
                stride = 2 if block == 0 and stage > 0 else 1
                reshapes = stride != 1 or channels != width
                blocks.append(
                    BasicBlock(channels, width, stride, _shortcut(channels, width, stride) if reshapes else None)
                )
                channels = width
            stages.append(nn.Sequential(*blocks))
        self.stages = nn.Sequential(*stages)
        self.fc = nn.Linear(channels, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.stages(self.stem(pictures)).mean((2, 3)))
        return logits


def _shortcut(channels: int, width: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
