"""Counts the activation functions that a network calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from torch.utils.weak import WeakTensorKeyDictionary

from explainers.classifiers.precision import widen
from explainers.classifiers.rectifications import rectification
from explainers.runtime.cloning import clone
from explainers.runtime.dispatch import DispatchMode
from explainers.runtime.recording import Call, tensors_in

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
        "log_sigmoid",
        "softsign",
        "softshrink",
        "hardshrink",
        "tanhshrink",
        "threshold",
    }
)


@dataclass(frozen=True)
class Activations:
    """The activations of one forward pass that the picture goes through.

    relus:     the number of calls that are a ReLU or a ReLU6, however they are written.
    others:    the number of calls of every other activation function, by its name.
    unreached: the number of ReLUs and ReLU6s, at least, that are no calls which could be replaced.
    """

    relus: int
    others: Mapping[str, int]
    unreached: int = 0


def unreached_rectifications(count: int) -> str:
    """Say that there are at least this many ReLUs that a rule can't reach."""
    relus = "ReLU is" if count == 1 else "ReLUs are"
    return f"at least {count} {relus} written in a way that the rule can't reach"


def activations(network: nn.Module, picture: Tensor) -> Activations:
    """Count the activation calls of a pass over `picture` (1, C, H, W).

    Calls are counted, not modules, because a module may run several times and a function has no module.
    """
    private, picture = clone(network), picture.clone()  # a network may change its buffers, and work in place
    with torch.enable_grad(), _Operations(picture) as operations, _Calls(operations) as calls:
        private(picture)
    return Activations(calls.relus, dict(calls.others), operations.unreached)


class _Operations(DispatchMode):  # of torch's own
    """Finds rectifications among the operations that torch runs in the end, by their values.

    So it also sees what runs inside a scripted function or a custom `autograd.Function`, and what is made of several
    operations. A tensor is the rectified form of an earlier one if it is min(max(x, 0), its maximum).

    counted: whether the call that runs now is counted by `_Calls`.
    """

    def __init__(self, picture: Tensor) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.counted = False
        self.unreached = 0
        self._from_picture = WeakTensorKeyDictionary({picture: True})
        self._signed: dict[tuple[torch.Size, bytes], Tensor] = {}  # by shape and by where they are positive

    def depends(self, value: Any) -> bool:
        """Return whether a value is a tensor that depends on the picture, unlike weights."""
        return isinstance(value, Tensor) and value in self._from_picture

    def __torch_dispatch__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        with torch._C.DisableTorchFunction():  # or the operation would be taken for another call of the network
            result = func(*args, **(kwargs or {}))
            if any(self.depends(tensor) for tensor in tensors_in((args, kwargs))):
                for output in tensors_in(result):
                    self._from_picture[output] = True
                    if output.is_floating_point():
                        self._see(widen(output.detach()))  # numbers of eight bits can't be compared
        return result

    def _see(self, y: Tensor) -> None:
        positive = y > 0
        key = y.shape, positive.cpu().numpy().tobytes()
        if bool((y < 0).any()):
            self._signed[key] = y
        elif key in self._signed and torch.equal(y, self._signed[key].clamp(0, float(y.max()))):
            del self._signed[key]  # a copy of y is no other rectification
            self.unreached += not self.counted


class _Calls(TorchFunctionMode):
    """Counts the activation calls that a `TorchFunctionMode` can replace.

    In the forward pass of a custom `autograd.Function` it can't: that has a backward rule of its own.
    """

    def __init__(self, operations: _Operations) -> None:
        super().__init__()
        self.relus, self.others = 0, Counter[str]()
        self._operations = operations

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        call = Call.of(func, args, kwargs or {})
        is_relu = rectification(call, self._concerns) is not None
        is_other = not is_relu and call.name in ACTIVATION_NAMES and self._concerns(call.argument(0, "input"))
        self.relus += is_relu
        self.others.update([call.name] if is_other else [])
        self._operations.counted = is_relu or is_other
        try:
            return func(*args, **(kwargs or {}))
        finally:
            self._operations.counted = False

    def _concerns(self, x: Any) -> bool:
        return torch.is_grad_enabled() and self._operations.depends(x)
