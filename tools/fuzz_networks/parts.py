"""The parts that pieces of random networks are made of: draws, convolutions, norms and activations."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

WIDTH = 8  # channels between pieces, so that any piece can follow any other
CLOSED_ON_NOISE = 0.5  # of the spread: neighbouring pixels of noise differ by more on average, those of photos by less
ACTIVATIONS: tuple[type[nn.Module], ...] = (nn.GELU, nn.Softplus, nn.Sigmoid, nn.Tanh, nn.PReLU)
INPUT_COPYING_ACTIVATIONS: tuple[Any, ...] = (nn.ReLU6, nn.Hardswish, nn.SiLU, nn.Hardtanh)  # in place, for a gradient
IN_PLACE_ACTIVATIONS: tuple[Any, ...] = (
    *(nn.ReLU, *INPUT_COPYING_ACTIVATIONS, *INPUT_COPYING_ACTIVATIONS),
    *(nn.LeakyReLU, nn.ELU, nn.CELU, nn.SELU, nn.Mish, nn.Hardsigmoid),
)
ACTIVATION_FUNCTIONS: tuple[Callable[..., Tensor], ...] = (
    *(F.relu, F.relu6, F.hardswish, F.silu, F.hardtanh, F.leaky_relu, F.elu),
    *(F.gelu, F.softplus, torch.sigmoid, torch.relu_, F.leaky_relu_, Tensor.relu, Tensor.tanh_, Tensor.sigmoid_),
)


class Draw(random.Random):
    """The draws of one network."""

    def coin(self, chance: float = 0.5) -> bool:
        return self.random() < chance


class Piece(nn.Module):
    """A part of a random network: (N, WIDTH, h, w) -> (N, WIDTH, h', w'), unless it says otherwise.

    at_random:   whether it answers differently each time.
    only_relu:   whether its only rectifiers are calls of ReLU, if it has any, so that guided rules are defined on it.
    """

    at_random: ClassVar[bool] = False
    only_relu: ClassVar[bool] = True

    def __init__(self, draw: Draw, shape: torch.Size) -> None:
        """Draw the piece for inputs of this shape (1, WIDTH, h, w)."""
        super().__init__()

    def forward(self, x: Tensor) -> Any:
        """Return a tensor; its type is Any because that is what modules return when they are called."""
        raise NotImplementedError


class Called(nn.Module):
    """An activation that is called as a function."""

    def __init__(self, function: Callable[..., Tensor], **options: Any) -> None:
        super().__init__()
        self.function, self.options = function, options

    def forward(self, x: Tensor) -> Tensor:
        return self.function(x, **self.options)

    def extra_repr(self) -> str:
        return f"{self.function.__name__}, {self.options}"


def activation(draw: Draw) -> nn.Module:
    """Draw an activation: a module or a function, in place or not."""
    match draw.randrange(4):
        case 0:
            return Called(draw.choice(ACTIVATION_FUNCTIONS))
        case 1:
            return Called(draw.choice((F.relu, F.relu6, F.hardswish, F.silu, F.hardtanh, F.elu)), inplace=draw.coin())
        case 2:
            return draw.choice(ACTIVATIONS)()
    made: nn.Module = draw.choice(IN_PLACE_ACTIVATIONS)(inplace=draw.coin())
    return made


def in_place_activation(draw: Draw) -> nn.Module:
    """Draw an activation that works in place."""
    made: nn.Module = draw.choice(IN_PLACE_ACTIVATIONS)(inplace=True)
    return made


def convolution(draw: Draw, inputs: int = WIDTH, outputs: int = WIDTH, **options: Any) -> nn.Conv2d:
    """Draw a convolution that keeps height and width, unless `options` say otherwise, and the size of values."""
    kernel = options.pop("kernel_size", None) or draw.choice((1, 3, 3))
    groups = draw.choice((1, 1, 2, inputs)) if inputs == outputs and not inputs % 2 else 1
    drawn: dict[str, Any] = {"padding": kernel // 2, "groups": groups, "bias": draw.coin()}
    drawn |= {"padding_mode": draw.choice(("zeros", "zeros", "reflect", "circular"))} if kernel > 1 else {}
    made = nn.Conv2d(inputs, outputs, kernel, **(drawn | options))
    nn.init.normal_(made.weight, std=made.weight[0].numel() ** -0.5)
    return made


def norm(draw: Draw, width: int = WIDTH) -> nn.BatchNorm2d:
    """Draw a BatchNorm with statistics and weights as after training; some weights are negative."""
    made = nn.BatchNorm2d(width, eps=draw.choice((1e-5, 1e-3)))
    assert made.running_mean is not None
    assert made.running_var is not None
    made.running_mean.normal_(0, 0.3)
    made.running_var.uniform_(0.3, 2.3)
    nn.init.normal_(made.weight, 1, 0.6)
    nn.init.normal_(made.bias, 0, 0.3)
    return made


def linear(inputs: int, outputs: int) -> nn.Linear:
    """Draw a linear layer that keeps the size of values."""
    made = nn.Linear(inputs, outputs)
    nn.init.normal_(made.weight, std=inputs**-0.5)
    return made
