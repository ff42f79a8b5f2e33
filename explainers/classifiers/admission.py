"""Admits what people bring: checks the settings of a classifier, and copies and tries its network."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from explainers.errors import ExplanationError
from explainers.runtime.cloning import clone
from explainers.runtime.escapes import WithinCopy

Output = Literal["softmax", "sigmoid"]
OUTPUTS: tuple[Output, ...] = ("softmax", "sigmoid")


def checked_labels(labels: Iterable[object], output: str) -> tuple[str, ...]:
    """Return the labels as texts. Raises ExplanationError for labels that tell no classes apart."""
    if isinstance(labels, Mapping):
        raise ExplanationError(
            "labels must be a list with a name for each number that the network gives, in that order, not a "
            f"{type(labels).__name__}."
        )
    names = tuple(str(label).encode("utf-8", "replace").decode() for label in labels)  # half a character can't be shown
    if len(set(names)) < len(names):
        raise ExplanationError("The labels of a classifier must be unique; some appear more than once.")
    if output not in OUTPUTS:
        raise ExplanationError(f'output must be "softmax" or "sigmoid", not {output!r}.')
    if len(names) == 1 and output == "softmax":
        raise ExplanationError(
            "There is one label, and softmax gives a single class the probability 1 on every picture. Say "
            'output="sigmoid".'
        )
    if not names:
        raise ExplanationError("A classifier needs a label for each number that its network gives.")
    return names


def checked_scaling(mean: Sequence[float], std: Sequence[float]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return mean and std as numbers. Raises ExplanationError unless they can normalise a picture."""
    if len(mean) != len(std):
        raise ExplanationError(f"mean and std must have the same length, not {len(mean)} and {len(std)}.")
    means, deviations = tuple(map(float, mean)), tuple(map(float, std))
    if not means or not all(map(_is_finite, (*means, *deviations))) or not all(value > 0 for value in deviations):
        raise ExplanationError(
            f"mean and std must be finite numbers, one per channel, and std above zero; std is {std}."
        )
    return means, deviations


def checked_size(size: Sequence[int]) -> tuple[int, int]:
    """Return height and width. Raises ExplanationError unless they are two whole numbers above zero."""
    try:
        height, width = map(operator.index, size)
    except (TypeError, ValueError):
        height = width = 0
    if min(height, width) < 1:
        raise ExplanationError(f"size must be the height and width of the input in pixels, not {size!r}.")
    return height, width


def admit(network: nn.Module, name: str, device: torch.device) -> nn.Module:
    """Return a copy of a network that shares its weights and buffers, also as they change; only copies of it are run.

    Raises ExplanationError for a network without weights, or that can't be copied.
    """
    for key, weight in (*network.named_parameters(), *network.named_buffers()):
        if is_lazy(weight):
            raise ExplanationError(
                f"{name} has no weights yet: {key!r} gets its size in the first pass. Pass a picture through it first."
            )
        if weight.is_meta:
            raise ExplanationError(
                f'{name} has no weights: {key!r} is on the device "meta". Load them first, for example with '
                "load_state_dict(state, assign=True)."
            )
    return clone(network, share_buffers=True).to(device)


@torch.no_grad()
def try_out(network: nn.Module, original: nn.Module, picture: Tensor, name: str) -> object:
    """Pass a picture (1, C, H, W) through a copy of `network`; if its output has `.logits`, let it give just these.

    Return what it gives then: (1, classes), unless the network is none that can be explained.
    Raises ExplanationError for a network that fails, or whose pass reaches its `original`.
    """
    private = clone(network)
    try:
        with WithinCopy(original, private, name):
            output = private(picture)
    except ExplanationError:
        raise
    except Exception as error:  # out of code that is not ours
        reason = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        shape = " × ".join(map(str, picture.shape[1:]))
        raise ExplanationError(
            f"{name} fails on a picture of {shape} (channels, height, width): {reason}. Check size, and that mean and "
            "std have one value per channel."
        ) from error
    if isinstance(output, Tensor) or not isinstance(logits := _logits(output), Tensor):
        return output
    network.register_forward_hook(lambda module, inputs, output: _logits(output))
    return logits


def _logits(output: Any) -> Any:
    """Return the logits in the output of a network: an entry or attribute of that name; None if there is none."""
    return output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)


def _is_finite(value: float) -> bool:
    return abs(value) < float("inf")
