"""Counts the activation functions that a network calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from explainers.runtime.recording import Call, record

ACTIVATION_NAMES = frozenset(
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
    """The activation calls of one forward pass.

    relus:  the number of calls that are a ReLU or a ReLU6.
    others: the number of calls of every other activation function, by its name.
    """

    relus: int
    others: Mapping[str, int]


def activations(network: nn.Module, picture: Tensor) -> Activations:
    """Count the activation calls of a pass over `picture` (1, C, H, W).

    Calls are counted, not modules, because a module may run several times and a function has no module.
    """
    calls = [call for call in record(network, picture) if call.name in ACTIVATION_NAMES]
    others = Counter(call.name for call in calls if relu_ceiling(call) is None)
    return Activations(len(calls) - others.total(), dict(others))


def relu_ceiling(call: Call) -> float | None:
    """Return the value at which a ReLU is cut off: infinity for ReLU, 6 for ReLU6; None if the call is no ReLU."""
    match call.name:
        case "relu":
            return float("inf")
        case "relu6":
            return 6.0
        case "hardtanh" if call.argument(1, "min_val", -1.0) == 0:  # what nn.ReLU6 calls
            return float(call.argument(2, "max_val", 1.0))
    return None
