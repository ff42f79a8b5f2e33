"""Copies what modules hold: tensors, containers, objects, and functions that know modules.

`copy.deepcopy` can't be used for it: it fails on locks and on tensors that autograd made, shares functions and weak
references, which lead back to the original, and takes four times as long.
"""

from __future__ import annotations

import copyreg
import functools
import threading
import types
import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from explainers.errors import ExplanationError
from explainers.runtime.closures import UNCHANGING_KINDS, fill, reached_from, without_contents

WEAK_PROXIES = (weakref.ProxyType, weakref.CallableProxyType)
NEW_LOCKS: dict[type, Callable[[], Any]] = {type(make()): make for make in (threading.Lock, threading.RLock)}
EMPTY_TABLES = (dict, OrderedDict, set)  # a module has a dozen of them, for hooks


class Copier:
    """Copies the modules of one network, and what they hold, each thing once.

    The copies of modules share their weights, frozen, unless they are to have weights of their own. What can't be
    copied, such as an open file, is shared.

    share_buffers: whether copies share buffers, too, so that they follow later changes.
    copies:    the copies by the ids of their originals, as `__deepcopy__` expects them.
    originals: these by their ids; they must outlive this, or another object could get their id.
    """

    def __init__(self, *, share_weights: bool, share_buffers: bool = False) -> None:
        self.share_weights, self.share_buffers = share_weights, share_buffers
        self.copies: dict[int, Any] = {}
        self.originals: dict[int, Any] = {}
        self._by_kind: dict[type, Callable[[Any], Any]] = {
            **dict.fromkeys((dict, OrderedDict), self._dict),
            **dict.fromkeys((tuple, frozenset), self._unchanging),
            list: self._list,
            set: self._set,
            types.FunctionType: self._function,
            types.MethodType: lambda method: types.MethodType(self.copy(method.__func__), self.copy(method.__self__)),
            types.BuiltinMethodType: self._builtin,
            functools.partial: self._partial,
            weakref.ReferenceType: lambda reference: weakref.ref(self.copy(reference())),
            **dict.fromkeys(WEAK_PROXIES, self._proxy),
            **dict.fromkeys(NEW_LOCKS, self._lock),
        }

    def copy(self, value: Any) -> Any:
        """Return the copy of a value; it is made when it is first asked for."""
        kind = type(value)
        if kind in UNCHANGING_KINDS:
            return value
        known = self.copies.get(id(value))
        if known is not None:
            return known
        if make := self._by_kind.get(kind):
            copied = make(value)
        elif issubclass(kind, Tensor):
            copied = self._tensor(value)
        elif issubclass(kind, nn.Module):
            self.modules(value)
            copied = self.copies[id(value)]
        else:
            copied = self._object(value)
        return self._keep(value, copied)

    def modules(self, network: nn.Module) -> None:
        """Copy a network and all its modules.

        Modules are filled from the leaves up, because those with their own idea of a copy look into their parts.
        """
        modules = [module for module in network.modules() if id(module) not in self.copies]
        for module in modules:
            for weight in module._parameters.values():
                if weight is not None and id(weight) not in self.copies:
                    self._keep(weight, self._weight(weight))
            for buffer in module._buffers.values():
                if buffer is not None and id(buffer) not in self.copies:
                    shared = self.share_buffers and not buffer.is_inference()
                    self._keep(buffer, buffer.detach() if shared else buffer.detach().clone())
        kinds = {kind for kind in {type(module) for module in modules} if not copies_itself(kind)}
        pairs = [(module, type(module).__new__(type(module))) for module in modules if type(module) in kinds]
        for module, copied in pairs:
            self._keep(module, copied)
        for module, copied in reversed(pairs):
            self._fill(module, copied)
        if id(network) not in self.copies:
            self._keep(network, self._self_copying(network))

    def _fill(self, module: nn.Module, copied: nn.Module) -> None:
        state: dict[str, Any] = module.__getstate__()  # type: ignore[no-untyped-call]  # which leaves compiled code out
        for name, value in state.items():
            kind = type(value)
            if kind in EMPTY_TABLES and not value:
                copy = self.copies.get(id(value))
                state[name] = self._keep(value, kind()) if copy is None else copy
            elif kind not in UNCHANGING_KINDS:
                state[name] = self.copy(value)
        copied.__setstate__(state)  # type: ignore[no-untyped-call]

    def _self_copying(self, module: nn.Module) -> Any:
        try:
            return self._reduced(module)
        except Exception as error:  # which comes out of code that is not ours
            raise ExplanationError(
                f"{type(module).__name__} can't be copied ({error}), and maps are computed on a private copy of the "
                "network. Change how it is copied (__deepcopy__ or __getstate__), or replace it with another module."
            ) from error

    def _weight(self, weight: Tensor) -> nn.Parameter:
        values = weight.detach()
        if not self.share_weights or weight.is_inference():  # such a tensor could take part in no gradient
            values = values.clone()
        return nn.Parameter(values, requires_grad=False)

    def _tensor(self, tensor: Tensor) -> Tensor:
        if tensor.is_leaf and not tensor.is_inference():
            copied: Tensor = tensor.__deepcopy__(self.copies)  # type: ignore[no-untyped-call]
            return copied
        return tensor.detach().clone()

    def _dict(self, table: dict[Any, Any]) -> dict[Any, Any]:
        copied: dict[Any, Any] = self._keep(table, type(table)())
        copied.update((self.copy(key), self.copy(value)) for key, value in table.items())
        return copied

    def _list(self, items: list[Any]) -> list[Any]:
        copied: list[Any] = self._keep(items, [])
        copied.extend(self.copy(item) for item in items)
        return copied

    def _set(self, items: set[Any]) -> set[Any]:
        copied: set[Any] = self._keep(items, set())
        copied.update(self.copy(item) for item in items)
        return copied

    def _unchanging(self, items: Any) -> Any:
        copies = [self.copy(item) for item in items]
        return items if all(map(_same, copies, items)) else type(items)(copies)

    def _partial(self, partial: functools.partial[Any]) -> functools.partial[Any]:
        keywords = {name: self.copy(value) for name, value in partial.keywords.items()}
        return functools.partial(self.copy(partial.func), *map(self.copy, partial.args), **keywords)

    def _lock(self, lock: Any) -> Any:
        return NEW_LOCKS[type(lock)]()

    def _builtin(self, method: types.BuiltinMethodType) -> Any:
        """Return a method of a list, say, for the list's copy, if there is one."""
        owner = self.copies.get(id(method.__self__))
        return method if owner is None else getattr(owner, method.__name__)

    def _proxy(self, proxy: Any) -> Any:
        """Return a weak proxy of a module for the module's copy."""
        return weakref.proxy(self.copy(next(proxy.modules()))) if isinstance(proxy, nn.Module) else proxy

    def _function(self, function: types.FunctionType) -> types.FunctionType:
        """Return the function for the copies of the modules that it knows; one that knows none stays the same."""
        if not self._knows_modules(function):
            return function
        copied: types.FunctionType = self._keep(
            function, without_contents(function)
        )  # first, because a cell may hold the function itself
        fill(copied, function, lambda value: self.copy(value) if self._knows_modules(value) else value)
        return copied

    def _knows_modules(self, value: Any) -> bool:
        """Return whether a function that knows this value can reach a module, or what is copied already, through it.

        Other things that functions know belong to the program around, and are shared.
        """
        return any(id(known) in self.copies or isinstance(known, nn.Module) for known in reached_from(value))

    def _object(self, value: Any) -> Any:
        try:
            return self._reduced(value)
        except ExplanationError:
            raise
        except Exception:  # an object that can't be copied, for reasons of its own
            return value

    def _reduced(self, value: Any) -> Any:
        """Copy an object in the way that its class asks for, as `copy.deepcopy` does."""
        kind = type(value)
        if deepcopy := getattr(value, "__deepcopy__", None):
            return deepcopy(self.copies)
        reduce = copyreg.dispatch_table.get(kind)
        reduced = reduce(value) if reduce else value.__reduce_ex__(4)
        if isinstance(reduced, str):  # the name of something that there is once
            return value
        make, arguments, state, items, pairs = (*reduced, None, None, None)[:5]
        copied = self._keep(value, make(*map(self.copy, arguments)))
        if state is not None:
            _restore(copied, self.copy(state))
        for item in items or ():
            copied.append(self.copy(item))
        for key, item in pairs or ():
            copied[self.copy(key)] = self.copy(item)
        return copied

    def _keep(self, value: Any, copied: Any) -> Any:
        key = id(value)
        self.copies[key], self.originals[key] = copied, value
        return copied


def _same(one: Any, other: Any) -> bool:
    return one is other


def copies_itself(kind: type) -> bool:
    """Return whether a class of modules customises how it is copied, as scripted modules do."""
    methods = ("__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__")
    return any(getattr(kind, name, None) is not getattr(nn.Module, name, None) for name in methods)


def _restore(copied: Any, state: Any) -> None:
    """Give a new object its state, as unpickling does."""
    if hasattr(copied, "__setstate__"):
        copied.__setstate__(state)
        return
    attributes, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
    copied.__dict__.update(attributes or {})
    for name, value in (slots or {}).items():
        setattr(copied, name, value)
