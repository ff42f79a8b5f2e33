"""The architecture of the bundled classifier."""

from __future__ import annotations

from torch import Tensor, nn


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


class BasicBlock(nn.Module):
    """Two convolutions beside a shortcut, as in torchvision's small ResNets: layer by layer, and name by name."""

    def __init__(self, channels: int, width: int, stride: int, downsample: nn.Module | None) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample = downsample

    def forward(self, grids: Tensor) -> Tensor:
        changed: Tensor = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(grids)))))
        changed += grids if self.downsample is None else self.downsample(grids)
        rectified: Tensor = self.relu(changed)
        return rectified


def _shortcut(channels: int, width: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 1, stride, bias=False), nn.BatchNorm2d(width))
