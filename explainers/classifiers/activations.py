"""Which activation functions a network calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from explainers.runtime.recording import Call, record

NAMES = frozenset(
    {
        "relu",
        "relu6",
        "hardtanh",
        "silu",
        "gelu",
        "hardswish",
        "hardsigmoid",
        "sigmoid",
        "tanh",
        "leaky_relu",
        "elu",
        "selu",
        "celu",
        "prelu",
        "rrelu",
        "softplus",
        "mish",
        "glu",
        "logsigmoid",
        "softsign",
        "softshrink",
        "hardshrink",
        "tanhshrink",
        "threshold",
    }
)


@dataclass(frozen=True)
class Activations:
    """The activation calls of one forward pass: how many are ReLUs (ReLU6 counts), and the others by name."""

    relus: int
    others: Mapping[str, int]


def activations(network: nn.Module, picture: Tensor) -> Activations:
    """Count the activation calls of a pass over `picture` (1, C, H, W); calls, not modules, since one may run often."""
    calls = [call for call in record(network, picture) if call.name in NAMES]
    others = Counter(call.name for call in calls if relu_ceiling(call) is None)
    return Activations(len(calls) - others.total(), dict(others))


def relu_ceiling(call: Call) -> float | None:
    """Where a ReLU-like call stops rising: infinity for ReLU, 6 for ReLU6; None if it is no ReLU."""
    match call.name:
        case "relu":
            return float("inf")
        case "relu6":
            return 6.0
        case "hardtanh" if call.argument(1, "min_val", -1.0) == 0:  # ReLU6 modules arrive as this
            return float(call.argument(2, "max_val", 1.0))
    return None
