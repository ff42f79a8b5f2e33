"""Makes private copies of a network that share its weights."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any

from torch import nn


def clone(network: nn.Module) -> nn.Module:
    """Copy the module tree, with hooks, modes and buffers of its own, and share the weight tensors, frozen.

    The copy is in eval mode. `copy.deepcopy` would do the same but takes four times as long, mostly for the dozen empty
    hook tables of every module.
    """
    modules = list(network.modules())
    copies: dict[int, Any] = {id(p): nn.Parameter(p.detach(), requires_grad=False) for p in network.parameters()}
    if any(_copies_itself(kind) for kind in {type(module) for module in modules}):
        return copy.deepcopy(network, copies).eval()
    copies.update((id(buffer), buffer.detach().clone()) for buffer in network.buffers())
    pairs = [(module, type(module).__new__(type(module))) for module in modules]
    copies.update((id(module), copied) for module, copied in pairs)
    for module, copied in pairs:
        state: dict[str, Any] = module.__getstate__()  # type: ignore[no-untyped-call]  # which leaves compiled code out
        for name, value in state.items():
            empty = type(value) in (dict, OrderedDict, set) and not value
            state[name] = copies.setdefault(id(value), type(value)()) if empty else copy.deepcopy(value, copies)
        copied.__setstate__(state)  # type: ignore[no-untyped-call]
    cloned: nn.Module = copies[id(network)]
    return cloned.eval() if any(module.training for module in modules) else cloned


def _copies_itself(kind: type) -> bool:
    """Return whether a class of modules customises how it is copied, as scripted modules do."""
    methods = ("__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__")
    return any(getattr(kind, name, None) is not getattr(nn.Module, name, None) for name in methods)
