"""A hash that tells networks apart by their architecture, settings and weights."""

from __future__ import annotations

import functools
import hashlib
import re
import types
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from explainers.runtime.closures import contents

SWITCH_KINDS = (bool, int, float, str, tuple, types.FunctionType, functools.partial)
ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # by which Python tells objects apart, differently in every process
MAX_DEPTH = 8  # of objects in objects, which may contain each other


def identity(network: nn.Module, facts: object) -> str:
    """Return a hash of the architecture, settings and state of a network, and of facts about its use."""
    digest = _Digest()
    digest.add((str(network), repr(facts)))
    for name, module in network.named_modules():
        for key, value in sorted(vars(module).items()):  # such as GoogLeNet's transform_input, which no weight shows
            if isinstance(value, SWITCH_KINDS):
                digest.add((name, key, value))
    for name, value in network.state_dict().items():
        digest.add((name, value))
    return digest.hex()


class _Digest:
    """A hash of values, the same in every process; objects are told apart by their class and what they hold."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def hex(self) -> str:
        return self._hash.hexdigest()

    def add(self, value: Any, depth: int = 0) -> None:
        """Add a value and what it consists of."""
        if isinstance(value, Tensor):
            self._add_tensor(value)
            return
        parts = _parts(value) if depth < MAX_DEPTH else ()
        self._hash.update(f"{type(value).__qualname__}[".encode())
        if parts is None:
            self._hash.update(ADDRESS.sub("", repr(value)).encode())
        else:
            for part in parts:
                self.add(part, depth + 1)
        self._hash.update(b"]")

    def _add_tensor(self, tensor: Tensor) -> None:
        self.add(f"{tensor.dtype} {tensor.layout} {tuple(tensor.shape)}")
        if tensor.is_quantized:
            self.add(_quantisation(tensor))
            tensor = tensor.int_repr()
        elif tensor.layout is not torch.strided:
            tensor = tensor.to_dense()
        numbers = tensor.detach().resolve_conj().resolve_neg().cpu().contiguous().reshape(-1)
        self._hash.update(numbers.view(torch.uint8).numpy().data)


def _parts(value: Any) -> tuple[Any, ...] | None:
    """Return what tells a value from others of its class; None if that is its text."""
    match value:
        case Mapping():
            return tuple(value.items())
        case list() | tuple():
            return tuple(value)
        case set() | frozenset():
            return tuple(sorted(value, key=repr))
        case functools.partial():
            return (value.func, value.args, value.keywords)
        case types.FunctionType():
            known = (content for cell in value.__closure__ or () for content in contents(cell))
            plain = tuple(content for content in known if isinstance(content, (bool, int, float, str)))
            return (value.__code__, value.__defaults__, value.__kwdefaults__, plain)
        case types.CodeType():
            return (value.co_code, value.co_names, value.co_consts)
        case type():
            return None
        case nn.Module():
            return ()
    return tuple(vars(value).items()) if getattr(value, "__dict__", None) else None


def _quantisation(tensor: Tensor) -> tuple[Any, ...]:
    """Return how the integers of a quantised tensor are converted to numbers."""
    if tensor.qscheme() in (torch.per_tensor_affine, torch.per_tensor_symmetric):
        return (tensor.q_scale(), tensor.q_zero_point())
    return (tensor.q_per_channel_scales(), tensor.q_per_channel_zero_points(), tensor.q_per_channel_axis())
