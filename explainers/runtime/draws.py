"""Gives the random draws of a pass a state of their own, which draws in other threads don't disturb."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from explainers.runtime.dispatch import DispatchMode

SEED = 0  # of the one draw of a random network that is explained


class Draws(DispatchMode):
    """Draws, for each operation of this thread that may draw, from where its last draw ended.

    All threads share torch's generators: what another thread draws meanwhile moves them. A generator of the network's
    own, which would draw other numbers in each pass, is ignored.

    drawn: whether anything was drawn.
    """

    supports_higher_order_operators = True

    def __init__(self, device: torch.device) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.drawn = False
        self._device = device
        self._states = self._read()

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if not _may_draw(func, args, kwargs):
            return func(*args, **kwargs)
        if "generator" in kwargs:
            kwargs = kwargs | {"generator": None}
        with _DRAWING:
            self._write()
            result = func(*args, **kwargs)
            states = self._read()
        self.drawn |= not all(map(torch.equal, states, self._states))
        self._states = states
        return result

    def _read(self) -> list[Tensor]:
        """Return the states of the generators that a pass may draw from."""
        cuda = [torch.cuda.get_rng_state(self._device)] if self._device.type == "cuda" else []
        return [torch.get_rng_state(), *cuda]

    def _write(self) -> None:
        torch.set_rng_state(self._states[0])
        for state in self._states[1:]:
            torch.cuda.set_rng_state(state, self._device)


_DRAWING = threading.Lock()


@contextmanager
def own_draws(device: torch.device) -> Iterator[Draws]:
    """Start the draws inside the block from `SEED`, and leave the generators as they were before it."""
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(SEED)
        with Draws(device) as draws:
            yield draws


def _may_draw(func: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Return whether an operation may draw random numbers; a dropout with probability 0 doesn't."""
    if torch.Tag.nondeterministic_seeded not in getattr(func, "tags", ()):  # operators of higher order have none
        return False
    names = [argument.name for argument in func._schema.arguments]
    return bool((dict(zip(names, args, strict=False)) | kwargs).get("dropout_p", 1))
