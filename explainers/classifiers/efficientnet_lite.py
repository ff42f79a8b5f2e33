"""The architecture of the bundled ImageNet classifier."""

from __future__ import annotations

from collections import OrderedDict

from torch import Tensor, nn
from torch.nn import functional as F

STAGES = (  # expansion, output channels, blocks, stride of the first block, side of the kernel
    (1, 16, 1, 1, 3),
    (6, 24, 2, 2, 3),
    (6, 40, 2, 2, 5),
    (6, 80, 3, 2, 3),
    (6, 112, 3, 1, 5),
    (6, 192, 4, 2, 5),
    (6, 320, 1, 1, 3),
)
STEM_CHANNELS, HEAD_CHANNELS = 32, 1280
EPSILON = 1e-3  # TensorFlow's, with which the weights were trained


class EfficientNetLite0(nn.Module):
    """EfficientNet-Lite0 of Tan and Le (2019), without the blocks that phones can't run: (N, 3, H, W) -> (N, classes).

    Its weights were trained in TensorFlow, which pads a picture of an even side at the right and at the bottom only.
    All activations are ReLU6. The last grid, 7 by 7 cells at 224 px, is averaged and read by one linear layer, so class
    activation maps work on it.
    """

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = _convolution(3, STEM_CHANNELS, 3, stride=2)
        channels, blocks = STEM_CHANNELS, []
        for expansion, width, depth, stride, kernel in STAGES:
            for block in range(depth):
                blocks.append(InvertedResidual(channels, width, expansion, kernel, 1 if block else stride))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.head = _convolution(channels, HEAD_CHANNELS, 1)
        self.fc = nn.Linear(HEAD_CHANNELS, classes)

    def forward(self, pictures: Tensor) -> Tensor:
        logits: Tensor = self.fc(self.head(self.blocks(self.stem(pictures))).mean((2, 3)))
        return logits


class InvertedResidual(nn.Module):
    """Widens each cell's channels, convolves each channel by itself, and narrows them again (Sandler et al. 2018)."""

    def __init__(self, channels: int, width: int, expansion: int, kernel: int, stride: int) -> None:
        super().__init__()
        hidden = channels * expansion
        self.expand = _convolution(channels, hidden, 1) if expansion > 1 else nn.Identity()
        self.depthwise = _convolution(hidden, hidden, kernel, stride=stride, groups=hidden)
        self.project = _convolution(hidden, width, 1, activation=False)
        self.adds = stride == 1 and channels == width

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.project(self.depthwise(self.expand(x)))
        return x + y if self.adds else y


class PadLikeTensorFlow(nn.Module):
    """Pads a grid so that a convolution with a stride has ceil(side / stride) outputs; an odd cell goes to the end."""

    def __init__(self, kernel: int, stride: int) -> None:
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        height, width = (max(self.kernel - (side % self.stride or self.stride), 0) for side in x.shape[-2:])
        return F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2))


def _convolution(
    channels: int, width: int, kernel: int, *, stride: int = 1, groups: int = 1, activation: bool = True
) -> nn.Sequential:
    padding = 0 if stride > 1 else kernel // 2
    parts = OrderedDict[str, nn.Module]()
    if stride > 1:
        parts["pad"] = PadLikeTensorFlow(kernel, stride)
    parts["conv"] = nn.Conv2d(channels, width, kernel, stride, padding, groups=groups, bias=False)
    parts["norm"] = nn.BatchNorm2d(width, EPSILON)
    if activation:
        parts["activation"] = nn.ReLU6()
    return nn.Sequential(parts)
