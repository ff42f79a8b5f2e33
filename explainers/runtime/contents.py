"""What a network consists of at one moment, to see later whether any of it has changed."""

from __future__ import annotations

import functools
import operator
import types
import weakref
from collections import OrderedDict
from collections.abc import Iterable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from explainers.runtime.copying import copies_itself

TENSOR_KINDS = frozenset({Tensor, nn.Parameter})
CONTAINER_KINDS = frozenset({dict, OrderedDict, list, set})
FIXED_KINDS = frozenset({tuple, frozenset, types.MethodType, weakref.ReferenceType})


class Contents:
    """Modules with their attributes, tensors, dictionaries, lists and sets: all that a network consists of.

    Of a tensor, only where in memory it lies is compared, and not its numbers.
    """

    def __init__(self, values: Iterable[Any]) -> None:
        """Note all values of a network. Raises TypeError for one whose inside can't be compared."""
        self._tensors: list[Tensor] = []
        self._modules: list[nn.Module] = []
        self._dictionaries: list[dict[Any, Any]] = []
        self._lists: list[list[Any]] = []
        self._sets: list[tuple[set[Any], frozenset[Any]]] = []
        self._empty: list[dict[Any, Any] | list[Any] | set[Any]] = []
        for value in values:
            self._note(value)
        self._leaves = [tensor for tensor in self._tensors if tensor.is_leaf]  # others have no gradient of their own
        self._sizes, self._items, self._places = self._now()

    def changed(self) -> bool:
        """Return whether anything is not what it was."""
        if any(self._empty):
            return True
        sizes, items, places = self._now()
        return (
            sizes != self._sizes
            or not all(map(operator.is_, items, self._items))
            or places != self._places
            or any(values != before for values, before in self._sets)
        )

    def _now(self) -> tuple[list[int], list[Any], list[Any]]:
        """Return the sizes of dictionaries and lists, all that is in them, and where and how tensors lie.

        There are thousands of items, so the loops are those of C.
        """
        containers, tensors = (*self._dictionaries, *self._lists), self._tensors
        items = chain(
            map(type, self._modules),
            chain.from_iterable(containers),
            chain.from_iterable(map(operator.methodcaller("values"), self._dictionaries)),
            map(operator.attrgetter("grad"), self._leaves),
        )
        places = chain(map(Tensor.data_ptr, tensors), map(Tensor.size, tensors), map(Tensor.stride, tensors))
        return (
            [*map(len, containers)],
            [*items],
            [*places, *map(operator.attrgetter("dtype", "requires_grad"), tensors)],
        )

    def _note(self, value: Any) -> None:
        kind = type(value)
        if kind in CONTAINER_KINDS:
            if not value:
                self._empty.append(value)
            elif kind is list:
                self._lists.append(value)
            elif kind is set:
                self._sets.append((value, frozenset(value)))
            else:
                self._dictionaries.append(value)
        elif kind in TENSOR_KINDS and value.layout is torch.strided and not value.is_quantized:
            self._tensors.append(value)
            self._note(vars(value))
        elif issubclass(kind, nn.Module) and not copies_itself(kind) and kind.__basicsize__ == nn.Module.__basicsize__:
            self._modules.append(value)
            self._dictionaries.append(vars(value))
        elif kind is functools.partial:
            self._note(value.keywords)
            self._note(vars(value))
        elif kind not in FIXED_KINDS:
            raise TypeError(f"the inside of {kind.__qualname__} can't be compared")
