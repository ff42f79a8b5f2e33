"""Builds architectures as their libraries do, without initial weights."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from torch import nn

from explainers.classifiers.checkpoints import EmptyOnMeta
from explainers.classifiers.own.fingerprint import Shapes, is_compared
from explainers.classifiers.own.table import Architecture
from explainers.errors import ExplanationError
from explainers.importing import IMPORTING


def build(architecture: Architecture, classes: int, channels: int, size: int) -> nn.Module:
    """Build an architecture with empty weights, or with initial ones where it computes tables that no file has.

    size: side of the pictures in pixels.

    Raises ExplanationError for a size that it can't have.
    """
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
    saved = {name for name in network.state_dict() if is_compared(name)}
    return any(buffer.is_meta and name not in saved for name, buffer in network.named_buffers())


def _widen(network: nn.Module, usual: int, channels: int) -> None:
    """Give the first convolution other input channels: torchvision's builders don't ask for them."""
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d) and module.in_channels == usual:
            settings = {key: getattr(module, key) for key in ("kernel_size", "stride", "padding", "dilation")}
            bias = module.bias is not None
            network.set_submodule(name, nn.Conv2d(channels, module.out_channels, bias=bias, **settings))
            return


def shapes_of(architecture: Architecture, classes: int, channels: int) -> Shapes:
    """Return the shapes of all tensors of an architecture for its usual image size."""
    network = build(architecture, classes, channels, architecture.size)
    return {name: tuple(value.shape) for name, value in network.state_dict().items()}
