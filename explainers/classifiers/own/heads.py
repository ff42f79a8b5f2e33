"""Heads that somebody put in the place of an architecture's own: layers in a row, read from names and shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from explainers.classifiers.own.fingerprint import Shapes

NAME = re.compile(r"(?:(?P<place>[0-9]{1,2})\.)?(?P<tensor>weight|bias|running_mean|running_var)")
NORM = {"weight", "bias", "running_mean", "running_var"}


@dataclass(frozen=True)
class HeadLayer:
    """One layer: its place in an nn.Sequential (None if it is alone), its features before and after, and its kind."""

    place: int | None
    kind: Literal["linear", "norm"]
    before: int
    after: int
    bias: bool


@dataclass(frozen=True)
class Head:
    """Layers in a row.

    module: the module of the network that they replace.
    prefix: what their names in the file begin with, without the last dot.
    """

    module: str
    prefix: str
    layers: tuple[HeadLayer, ...]

    @property
    def classes(self) -> int:
        """The features after the last layer."""
        return self.layers[-1].after

    @property
    def sentence(self) -> str:
        """What is assumed of it, for people."""
        linear = [layer for layer in self.layers if layer.kind == "linear"]
        sizes = " → ".join(map(str, [linear[0].before, *(layer.after for layer in linear)]))
        if len(linear) == 1:
            return f"Its head is a linear layer of its own ({sizes}), called “{self.prefix}”."
        between = "A ReLU between them is a guess, because a file doesn't tell."
        if not any(self.has_activation_after(at) for at in range(len(self.layers) - 1)):
            between = "Nothing is between them."
        return f"Its head is {len(linear)} linear layers of its own ({sizes}). {between}"

    def has_activation_after(self, at: int) -> bool:
        """Whether there was a layer without weights after a layer, and a linear one comes later.

        A norm is taken to come before the activation.
        """
        this, following = self.layers[at], self.layers[at + 1]
        return (following.place or 0) - (this.place or 0) > 1


def read_head(module: str, prefix: str, shapes: Shapes) -> Head | None:
    """Return the layers in tensors whose names, without `prefix`, are "weight", "bias" or "3.weight", and so on.

    None unless they are linear layers, with norms between them, whose features fit together and which end in a
    linear one.
    """
    places: dict[int | None, dict[str, tuple[int, ...]]] = {}
    for name, shape in shapes.items():
        found = NAME.fullmatch(name.removeprefix(f"{prefix}."))
        if found is None:
            return None
        place = None if found["place"] is None else int(found["place"])
        places.setdefault(place, {})[found["tensor"]] = shape
    if None in places and len(places) > 1:
        return None
    layers = [_layer(place, places[place]) for place in sorted(places, key=lambda place: place or 0)]
    read = tuple(layer for layer in layers if layer)
    fits = all(one.after == other.before for one, other in pairwise(read))
    if not read or len(read) < len(layers) or not fits or read[-1].kind != "linear":
        return None
    return Head(module, prefix, read)


def _layer(place: int | None, tensors: Mapping[str, tuple[int, ...]]) -> HeadLayer | None:
    weight, bias = tensors.get("weight", ()), tensors.get("bias")
    if len(weight) == 2 and tensors.keys() <= {"weight", "bias"} and bias in (None, weight[:1]):
        return HeadLayer(place, "linear", weight[1], weight[0], bias is not None)
    if len(weight) == 1 and tensors.keys() == NORM and set(tensors.values()) == {weight}:
        return HeadLayer(place, "norm", weight[0], weight[0], True)
    return None
