"""Makes private copies of a network that share its weights."""

from __future__ import annotations

from torch import nn

from explainers.runtime.copying import Copier


def clone(network: nn.Module, *, share_weights: bool = True, share_buffers: bool = False) -> nn.Module:
    """Copy the module tree, with hooks, modes and buffers of its own, and share the weight tensors, frozen.

    The copy is in eval mode. Functions that know modules, such as `self.act = lambda x: self.norm(x)`, know the copies
    in it. A copy that shares buffers, too, must not be run, for a pass may change them.

    Raises ExplanationError for a module that can't be copied.
    """
    return clone_by(Copier(share_weights=share_weights, share_buffers=share_buffers), network)


def clone_by(copier: Copier, network: nn.Module) -> nn.Module:
    """Copy the module tree as `clone` does, by a copier that can be asked for the copies of its parts afterwards."""
    cloned: nn.Module = copier.copy(network)
    if any(module.training for module in cloned.modules()):
        cloned.eval()  # its result isn't used, because a module's own `train` may return nothing
    return cloned
