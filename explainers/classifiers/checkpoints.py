"""Weights files: read safely, and put into an architecture."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.modules.utils import consume_prefix_in_state_dict_if_present

from explainers.errors import ExplanationError

SHOWN = 3  # keys named in a message


def filled(network: nn.Module, path: Path, title: str) -> nn.Module:
    """The network with the weights of a file, in float32 whatever precision and layout they were saved in.

    network: may be on the device "meta"; its parameters and buffers are replaced.
    path:    a state_dict, as .safetensors or saved by torch.save. It may lie in a dict under "state_dict" or "model",
             and come from nn.DataParallel.
    title:   what a message calls the network.

    Raises ExplanationError for a file that can't be read and for weights that do not fit.
    """
    state, wanted = _modern(_read(path), network), network.state_dict()
    shared = [key for key in wanted if key in state]
    reshaped = {
        key: f"{key} is {tuple(state[key].shape)} there and {tuple(wanted[key].shape)} in the network"
        for key in shared
        if state[key].shape != wanted[key].shape
    }
    for key in shared:
        value = state.pop(key)
        if key not in reshaped:  # always a copy: in a file tensors lie unaligned, which changes last bits of the answer
            state[key] = value.to(wanted[key].dtype, copy=True, memory_format=torch.contiguous_format)
    missing, unexpected = network.load_state_dict(state, strict=False, assign=True)
    missing = [key for key in missing if key not in reshaped]
    parts = (("it lacks ", missing), ("it has the unknown ", unexpected), ("", list(reshaped.values())))
    if differences := [verb + _few(items) for verb, items in parts if items]:
        raise ExplanationError(f"{path.name} does not fit {title}: {'; '.join(differences)}.")
    return network


def _read(path: Path) -> OrderedDict[str, Tensor]:
    """The state_dict in a file."""
    try:
        found = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except FileNotFoundError as error:
        raise ExplanationError(f"There is no file {path}.") from error
    except Exception as error:  # there is no end to what readers raise on a file that is not theirs
        raise ExplanationError(
            f"{path} could not be read as weights: it is damaged, or it holds more than tensors (a whole network, "
            "say), which is not loaded because it could run code. Save network.state_dict() instead."
        ) from error
    for wrapper in ("state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(wrapper), Mapping):
            found = found[wrapper]
    if not isinstance(found, Mapping) or not all(
        isinstance(k, str) and isinstance(v, Tensor) for k, v in found.items()
    ):
        raise ExplanationError(f"{path.name} holds no state_dict: it must map names to tensors.")
    state = found if isinstance(found, OrderedDict) else OrderedDict(found)
    consume_prefix_in_state_dict_if_present(state, "module.")
    return state


def _modern(state: OrderedDict[str, Tensor], network: nn.Module) -> OrderedDict[str, Tensor]:
    """The state_dict as the network's code of today expects it."""
    if not hasattr(state, "_metadata"):  # MNASNet insists on knowing which version of it the weights are for
        state._metadata = {"": {"version": network._version}}  # type: ignore[attr-defined]
    for key in list(state):
        if hasattr(network, "aux_logits") and re.match(r"(aux1|aux2|AuxLogits)\.", key):
            del state[key]  # heads of GoogLeNet and Inception that only training needs
        elif (modern := re.sub(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2", key)) != key:
            state[modern] = state.pop(key)  # DenseNet's published file is older than its code
    return state


def _few(items: Sequence[str]) -> str:
    rest = len(items) - SHOWN
    return ", ".join(items[:SHOWN]) + (f" and {rest} more" if rest > 0 else "")
