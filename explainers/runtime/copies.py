"""Keeps private copies of a network, so that a call needn't make one where an earlier call left its own as new.

Anything may happen to a copy: methods put hooks on it, and passes keep in it what they like. So a copy is used again
only if all that it consists of, and all that the network consists of, is what it was when the copy was made. Networks
with objects in them whose inside can't be compared are copied anew for every call.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explainers.runtime.cloning import clone_by
from explainers.runtime.contents import Contents
from explainers.runtime.copying import Copier

MAX_KEPT = 4  # copies of one network: more are needed only while more calls are under way
MAX_KEPT_BYTES = 64 * 2**20  # of their buffers, which can be large


@dataclass(eq=False)
class Copy:
    """A private copy of a network.

    original, own: what the network and the copy consisted of when it was made; None if that can't be told.
    buffers:       the tensors of the copy that share no memory with the network, and how many bytes they take.
    sources:       the tensors of the network that they are copies of.
    """

    network: nn.Module
    original: Contents | None = None
    own: Contents | None = None
    buffers: tuple[Tensor, ...] = ()
    sources: tuple[Tensor, ...] = ()
    bytes: int = 0

    def as_new(self) -> bool:
        """Return whether the network is as it was, and give the buffers the numbers that it has now."""
        if self.original is None or self.original.changed():
            return False
        if self.buffers:
            torch._foreach_copy_(self.buffers, self.sources)
        return True


class Copies:
    """The private copies of a network."""

    def __init__(self, original: nn.Module) -> None:
        self.original = original
        self._kept: list[Copy] = []

    @torch.inference_mode(False)  # whose tensors couldn't take part in the gradient of a later call
    @torch.no_grad()
    def take(self) -> Copy:
        """Return a copy that nobody else has. Raises ExplanationError for a network that can't be copied."""
        try:
            copy = self._kept.pop()
        except IndexError:
            return _new(self.original)
        return copy if copy.as_new() else _new(self.original)

    def give_back(self, copy: Copy) -> None:
        """Keep a copy that nobody uses any more, unless something in it has changed."""
        kept = len(self._kept)
        if copy.own is None or kept >= MAX_KEPT or (kept + 1) * copy.bytes > MAX_KEPT_BYTES or copy.own.changed():
            return
        self._kept.append(copy)

    def drop(self) -> None:
        """Keep none of the copies."""
        self._kept.clear()


def _new(network: nn.Module) -> Copy:
    copier = Copier(share_weights=True)
    copied = clone_by(copier, network)
    pairs = [(original, copier.copies[key]) for key, original in copier.originals.items()]
    pairs = [(original, copy) for original, copy in pairs if original is not copy]  # what both share belongs to neither
    try:
        original, own = (Contents(side) for side in zip(*pairs, strict=True))
    except TypeError:  # there is something else in it
        return Copy(copied)
    tensors = [pair for pair in pairs if isinstance(pair[0], Tensor)]
    apart = [(source, buffer) for source, buffer in tensors if source.data_ptr() != buffer.data_ptr()]
    sources, buffers = zip(*apart, strict=True) if apart else ((), ())
    return Copy(copied, original, own, buffers, sources, sum(buffer.nbytes for buffer in buffers))
