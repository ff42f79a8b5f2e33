"""A private copy of a network that shares its weights."""

from __future__ import annotations

import copy
from collections import OrderedDict
from typing import Any

from torch import nn


def clone(network: nn.Module) -> nn.Module:
    """The module tree again, in eval mode, with its own hooks, modes and buffers but the same weight tensors, frozen.

    As `copy.deepcopy` would, and four times as fast: most of what that copies is the dozen empty hook tables of every
    module.
    """
    modules = list(network.modules())
    fresh: dict[int, Any] = {id(p): nn.Parameter(p.detach(), requires_grad=False) for p in network.parameters()}
    if any(_copies_itself(kind) for kind in {type(module) for module in modules}):
        return copy.deepcopy(network, fresh).eval()
    fresh.update((id(buffer), buffer.detach().clone()) for buffer in network.buffers())
    pairs = [(module, type(module).__new__(type(module))) for module in modules]
    fresh.update((id(module), its) for module, its in pairs)
    for module, its in pairs:
        state: dict[str, Any] = module.__getstate__()  # type: ignore[no-untyped-call]  # without what was compiled
        for name, value in state.items():
            empty = type(value) in (dict, OrderedDict, set) and not value
            state[name] = fresh.setdefault(id(value), type(value)()) if empty else copy.deepcopy(value, fresh)
        its.__setstate__(state)  # type: ignore[no-untyped-call]
    found: nn.Module = fresh[id(network)]
    return found.eval() if any(module.training for module in modules) else found


def _copies_itself(kind: type) -> bool:
    """Whether a class has its own idea of a copy, as scripted modules do."""
    own = ("__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__")
    return any(getattr(kind, name, None) is not getattr(nn.Module, name, None) for name in own)
