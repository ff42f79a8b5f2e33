"""Builds the network that a file is of, and puts the file's weights into it."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from explainers.classifiers.checkpoints import EmptyOnMeta, fill, read_state
from explainers.classifiers.own.candidate import Candidate
from explainers.classifiers.own.fingerprint import NOT_COMPARED, Shapes, compared
from explainers.classifiers.own.heads import Head, HeadLayer
from explainers.classifiers.own.table import Architecture
from explainers.errors import ExplanationError
from explainers.importing import IMPORTING


def network_for(candidate: Candidate) -> nn.Module:
    """Build the network of a candidate, (N, channels, size, size) -> (N, classes), with empty weights for `fill`."""
    network = _built(candidate.architecture, candidate.classes, candidate.channels, candidate.size)
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
        if own in expected or (_is_compared(name) and name not in candidate.left_out):
            chosen[own] = value
    for name, value in expected.items():  # what a network computes by itself, and releases differ in saving
        if not _is_compared(name) and name not in chosen:
            chosen[name] = value
    return fill(network, chosen, weights.name, title)


def shapes_of(architecture: Architecture) -> Shapes:
    """Return the shapes of all tensors of an architecture as its library builds it."""
    network = _built(architecture, 1000, architecture.channels, architecture.size)
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}


def _built(architecture: Architecture, classes: int, channels: int, size: int) -> nn.Module:
    """Build an architecture with empty weights, or with initial ones where it computes tables that no file has."""
    with suppress(Exception), EmptyOnMeta():  # some builders compute with what is empty then
        network = _library_network(architecture, classes, channels, size)
        if not _lacks_tables(network):
            return network
    try:
        return _library_network(architecture, classes, channels, size)
    except Exception as error:  # builders raise errors of any kind for a size that they can't have
        raise ExplanationError(
            f"{architecture.title} can't be built with {classes:,} classes, {channels} channels and pictures of {size} "
            "px, which the file's tensors ask for. Choose another architecture."
        ) from error


def _library_network(architecture: Architecture, classes: int, channels: int, size: int) -> nn.Module:
    settings: dict[str, Any] = dict(architecture.settings)
    own_size = size != architecture.size
    if architecture.library == "timm":
        with IMPORTING:
            import timm
        settings |= {"img_size": size} if own_size else {}
        made: nn.Module = timm.create_model(architecture.name, num_classes=classes, in_chans=channels, **settings)
        return made
    with IMPORTING:
        from torchvision import models
    settings |= {"image_size": size} if own_size else {}
    network: nn.Module = models.get_model(architecture.name, num_classes=classes, **settings)
    if channels != architecture.channels:
        _widen(network, architecture.channels, channels)
    return network


def _lacks_tables(network: nn.Module) -> bool:
    """Whether something is empty that comes from no file."""
    saved = {name for name in network.state_dict() if _is_compared(name)}
    return any(buffer.is_meta and name not in saved for name, buffer in network.named_buffers())


def _widen(network: nn.Module, usual: int, channels: int) -> None:
    """Give the first convolution other input channels: torchvision's builders don't ask for them."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == usual:
            settings = {key: getattr(module, key) for key in ("kernel_size", "stride", "padding", "dilation")}
            bias = module.bias is not None
            network.set_submodule(name, nn.Conv2d(channels, module.out_channels, bias=bias, **settings))
            return


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


def _is_compared(name: str) -> bool:
    return name.rpartition(".")[2] not in NOT_COMPARED
