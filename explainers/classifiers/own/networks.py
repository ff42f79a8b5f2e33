"""Builds the network that a file is of, and puts the file's weights into it."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path

from torch import Tensor, nn

from explainers.classifiers.checkpoints import EmptyOnMeta, fill, read_state
from explainers.classifiers.own.building import build
from explainers.classifiers.own.candidate import Candidate
from explainers.classifiers.own.fingerprint import compared, is_compared
from explainers.classifiers.own.heads import Head, HeadLayer


def network_for(candidate: Candidate) -> nn.Module:
    """Build the network of a candidate, (N, channels, size, size) -> (N, classes), with empty weights for `fill`."""
    network = build(candidate.architecture, candidate.classes, candidate.channels, candidate.size)
    if candidate.head:
        with EmptyOnMeta():
            network.set_submodule(candidate.head.module, _head(candidate.head))
    return network


def load_own(candidate: Candidate, weights: Path, title: str) -> nn.Module:
    """Build the network of a candidate, and put the weights of a file into it, each of which must fit.

    weights: a .safetensors file with the names that `recognise` was given.
    title:   the name of the network in error messages.

    Raises ExplanationError for a file that can't be read and for weights that do not fit.
    """
    network, state = network_for(candidate), read_state(weights)
    names = _names(candidate, network)
    expected = network.state_dict()
    chosen = OrderedDict[str, Tensor]()
    for name, value in state.items():
        own = names.get(name, name) if candidate.order else _renamed(candidate, name)
        if own in expected or (is_compared(name) and name not in candidate.left_out):
            chosen[own] = value
    for name, value in expected.items():  # what a network computes by itself, and releases differ in saving
        if not is_compared(name) and name not in chosen:
            chosen[name] = value
    return fill(network, chosen, weights.name, title)


def _head(head: Head) -> nn.Module:
    """Build the layers of a head, with whatever has no weights between them taken for a ReLU or for nothing."""
    if head.layers[0].place is None:
        return _layer(head.layers[0])
    modules: list[nn.Module] = [nn.Flatten(1)] * head.layers[0].place
    for at, layer in enumerate(head.layers):
        modules.append(_layer(layer))
        if at + 1 < len(head.layers):
            gap = (head.layers[at + 1].place or 0) - (layer.place or 0) - 1
            modules += [nn.ReLU() if between == 0 else nn.Identity() for between in range(gap)]
    return nn.Sequential(*modules)


def _layer(layer: HeadLayer) -> nn.Module:
    if layer.kind == "norm":
        return nn.BatchNorm1d(layer.after)
    return nn.Linear(layer.before, layer.after, layer.bias)


def _names(candidate: Candidate, network: nn.Module) -> dict[str, str]:
    """The network's names by the file's, where their order tells which is which."""
    own = compared({name: tuple(value.shape) for name, value in network.state_dict().items()})
    return dict(zip(candidate.order, own, strict=False))


def _renamed(candidate: Candidate, name: str) -> str:
    name = name.removeprefix(candidate.prefix)
    head = candidate.head
    return f"{head.module}{name[len(head.prefix) :]}" if head and name.startswith(f"{head.prefix}.") else name
