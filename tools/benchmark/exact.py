"""Exact Integrated Gradients for networks of affine layers and ReLU: an oracle without quadrature error.

On the straight path from a baseline to a picture such a network is a chain of affine pieces, so the integral of its
gradient is a finite sum (Sotoudeh and Thakur 2019, "Computing Linear Restrictions of Neural Networks", whose algorithm
ExactLine this is: https://arxiv.org/abs/1908.06214).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

SIZE = (14, 14)  # height and width of the small network's input
CLASSES = 3


class Exact(NamedTuple):
    """An exact map, and what it was computed from.

    values:   (C, H, W), shaped as the picture; they add up to the score minus the baseline's score.
    kinks:    (K,) alphas in (0, 1), ascending, where a ReLU switches.
    residual: sum(values) - (score - baseline score), which is rounding.
    """

    values: Tensor
    kinks: Tensor
    residual: float


def small_network(seed: int) -> nn.Sequential:
    """Build a network (N, 3, 14, 14) -> (N, 3) in float64 and eval mode; its weights depend on `seed` alone."""
    draw = torch.Generator().manual_seed(seed)
    with torch.device("meta"):  # where torch's initial weights draw nothing from the global generator
        network = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(8, 16, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(16 * 7 * 7, CLASSES),
        )
    network.to_empty(device="cpu").double()
    for weight in network.parameters():
        inputs = weight[0].numel()  # per output; 1 for a bias
        nn.init.normal_(weight, std=(2 / inputs) ** 0.5 if weight.ndim > 1 else 0.1, generator=draw)
    return network.eval().requires_grad_(False)


def small_picture(seed: int) -> Tensor:
    """Draw noise (3, 14, 14) from 0 to 1 in float64; it depends on `seed` alone."""
    return torch.rand((3, *SIZE), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def exact(network: nn.Sequential, picture: Tensor, baseline: Tensor, index: int) -> Exact:
    """Compute the Integrated Gradients of output `index` of `network` on the path from `baseline` to `picture`.

    network:           (N, ...) -> (N, classes), of affine layers and ReLU only.
    picture, baseline: (...), in float64.
    """
    kinks = _kinks(network, picture, baseline)
    ends = torch.cat([kinks.new_tensor([0.0]), kinks, kinks.new_tensor([1.0])])
    middles = _along(picture, baseline, (ends[1:] + ends[:-1]) / 2).requires_grad_()
    (gradients,) = torch.autograd.grad(network(middles)[:, index].sum(), middles)
    values = torch.tensordot(ends.diff(), gradients, 1) * (picture - baseline)
    before, after = network(torch.stack([baseline, picture]))[:, index].tolist()
    return Exact(values, kinks, float(values.sum()) - (after - before))


@torch.no_grad()
def _kinks(network: nn.Sequential, picture: Tensor, baseline: Tensor) -> Tensor:
    """Find the alphas (K,) at which a ReLU's input changes sign, one layer after the other.

    Between two neighbouring alphas of the layers before, each input of the next ReLU layer is affine in alpha, so its
    zero follows from its values at the two.
    """
    alphas = picture.new_tensor([0.0, 1.0])
    for depth, layer in enumerate(network):
        if isinstance(layer, nn.ReLU):
            inputs = network[:depth](_along(picture, baseline, alphas)).flatten(1)
            left, right = inputs[:-1], inputs[1:]
            zeros = alphas[:-1, None] + alphas.diff()[:, None] * left / (left - right)
            alphas = torch.cat([alphas, zeros[left.sign() * right.sign() < 0]]).unique()  # type: ignore[no-untyped-call]
    return alphas[1:-1]


def _along(picture: Tensor, baseline: Tensor, alphas: Tensor) -> Tensor:
    """Return the points (P, ...) on the path at the alphas (P,)."""
    return baseline + alphas.view(-1, *[1] * picture.ndim) * (picture - baseline)
