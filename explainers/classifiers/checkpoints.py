"""Reads weights files safely, and loads them into a network."""

from __future__ import annotations

import re
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present
from torch.overrides import TorchFunctionMode

from explainers.errors import ExplanationError
from explainers.numbers import listed

MAX_NAMED_KEYS = 3  # in an error message; the others are counted
RENAMED = (  # what published files call otherwise than the code of the network does
    (r"(denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2"),  # DenseNet's are older than its code
    (r"^_blocks\.(\d+)\._(expand|depthwise|project)_conv\.", r"blocks.\1.\2.conv."),  # EfficientNet-Lite's, and so on
    (r"^_blocks\.(\d+)\._bn0\.", r"blocks.\1.expand.norm."),
    (r"^_blocks\.(\d+)\._bn1\.", r"blocks.\1.depthwise.norm."),
    (r"^_blocks\.(\d+)\._bn2\.", r"blocks.\1.project.norm."),
    (r"^_conv_stem\.", "stem.conv."),
    (r"^_bn0\.", "stem.norm."),
    (r"^_conv_head\.", "head.conv."),
    (r"^_bn1\.", "head.norm."),
    (r"^_fc\.", "fc."),
)


class EmptyOnMeta(TorchFunctionMode):
    """Puts tensors made by `torch.empty` on the device "meta": a file replaces initial weights, so they cost no time.

    Other tensors stay real: RegNet computes sizes with tensors, which has no result on the device "meta". So do those
    of integers, which are indices that a network computes and no file has. The mode belongs to the thread that enters
    it.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        settings = kwargs or {}
        if func is torch.empty and (settings.get("dtype") or torch.float32).is_floating_point:
            settings = settings | {"device": "meta"}
        return func(*args, **settings)


def load_weights(network: nn.Module, path: Path, title: str) -> nn.Module:
    """Load the weights of a file into `network`, and return it.

    Weights are converted to the data types of the network, and stored contiguously.

    network: a network that may be on the device "meta"; its parameters and buffers are replaced.
    path:    a state_dict, as .safetensors or saved by torch.save. It may be an entry "state_dict" or "model" of a
             dict, and come from nn.DataParallel.
    title:   the name of the network in error messages.

    Raises ExplanationError for a file that can't be read and for weights that do not fit.
    """
    return fill(network, read_state(path), path.name, title)


def fill(network: nn.Module, state: OrderedDict[str, Tensor], file: str, title: str) -> nn.Module:
    """Put the weights of a state_dict, which is emptied, into `network` as `load_weights` does, and return it.

    file: the name of the file it comes from, for error messages.

    Raises ExplanationError for weights that do not fit.
    """
    state, expected = _updated(state, network), network.state_dict()
    shared = [key for key in expected if key in state]
    if strange := [f"{key} is {kind}" for key in shared if (kind := _strange_kind(state[key], expected[key]))]:
        raise ExplanationError(
            f"{file} doesn't hold the weights of {title} as plain numbers: {listed(strange, MAX_NAMED_KEYS)}. Save the "
            "state_dict of the network in float32."
        )
    reshaped = {
        key: f"{key} is {tuple(state[key].shape)} there and {tuple(expected[key].shape)} in the network"
        for key in shared
        if state[key].shape != expected[key].shape
    }
    for key in shared:
        value = state.pop(key)
        if key not in reshaped:  # copied, because tensors in a file are unaligned, which changes the logits' last bits
            state[key] = value.to(expected[key].dtype, copy=True, memory_format=torch.contiguous_format)
    missing, unexpected = network.load_state_dict(state, strict=False, assign=True)
    missing = [key for key in missing if key not in reshaped]
    parts = (("it lacks ", missing), ("it has the unknown ", unexpected), ("", list(reshaped.values())))
    if differences := [verb + listed(items, MAX_NAMED_KEYS) for verb, items in parts if items]:
        raise ExplanationError(f"{file} does not fit {title}: {'; '.join(differences)}.")
    return network


def read_state(path: Path) -> OrderedDict[str, Tensor]:
    """Read the state_dict in a file of the kinds that `load_weights` takes.

    Raises ExplanationError for a file that can't be read.
    """
    try:
        content = load_file(path) if path.suffix == ".safetensors" else _unpickled(path)
    except FileNotFoundError as error:
        raise ExplanationError(f"There is no file {path.name}.") from error
    except Exception as error:  # readers raise errors of any kind on a file of another format
        raise ExplanationError(
            f"{path.name} could not be read as weights: it is damaged, or it holds more than tensors (a whole network, "
            "say), which is not loaded because it could run code. Save network.state_dict() instead."
        ) from error
    for wrapper in ("state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(wrapper), Mapping):
            content = content[wrapper]
    if not isinstance(content, Mapping) or not all(
        isinstance(key, str) and isinstance(value, Tensor) for key, value in content.items()
    ):
        raise ExplanationError(f"{path.name} holds no state_dict: it must map names to tensors.")
    state = content if isinstance(content, OrderedDict) else OrderedDict(content)
    consume_prefix_in_state_dict_if_present(state, "module.")
    return state


def _unpickled(path: Path) -> Any:
    """Read a file of torch.save's, mapped into memory unless it has the form of releases before 1.6."""
    return torch.load(path, "cpu", weights_only=True, mmap=zipfile.is_zipfile(path))


def _strange_kind(value: Tensor, expected: Tensor) -> str:
    """Return what a weight is, if it can't be converted to what the network expects without changing it."""
    if value.is_quantized:
        return "quantised"
    if value.is_meta:
        return "empty (on the device meta)"
    if value.layout is not torch.strided or value.is_nested:
        return "sparse or nested"
    if expected.is_floating_point() and not value.is_floating_point():
        return f"of {value.dtype}"
    return "complex" if value.is_complex() else ""


def _updated(state: OrderedDict[str, Tensor], network: nn.Module) -> OrderedDict[str, Tensor]:
    """Change the state_dict of an older release to what the current code of the network expects."""
    if not hasattr(state, "_metadata"):  # MNASNet requires the version that the weights were made for
        state._metadata = {"": {"version": network._version}}  # type: ignore[attr-defined]
    for key in list(state):
        if hasattr(network, "aux_logits") and re.match(r"(aux1|aux2|AuxLogits)\.", key):
            del state[key]  # auxiliary heads of GoogLeNet and Inception, which only training needs
            continue
        value, updated_key = state.pop(key), key
        for published, name in RENAMED:
            updated_key = re.sub(published, name, updated_key)
        state[updated_key] = value
    return state
