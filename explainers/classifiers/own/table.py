"""The shipped table of architectures: what each is, and what the tensors of its files look like.

`python -m tools.architectures --write` makes it; the docstring there says what stands in the file.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from explainers.classifiers.own.fingerprint import Outline, Part

PATH = Path(__file__).with_name("architectures.xz")
CONFIGURATION = ("channels", "size", "mean", "std", "interpolation", "crop_pct")  # of an architecture, as in the file
HASHES = ("named", "sizeless", "ordered", "headless", "trunk")  # of a fingerprint, as in the file


@dataclass(frozen=True)
class Architecture:
    """A classifier's code in torchvision or timm, and what its configuration suggests.

    channels, size: those of the configuration: a file may have others.
    mean, std, interpolation, crop_pct: the preprocessing of its published weights, which somebody's training need not
              have kept. crop_pct is the input's side as a part of the scaled photo's short side.
    settings: what its builder is called with besides the number of classes.
    traits:   what its code does that no tensor shows, such as ("BatchNorm's epsilon", "0.001").
    told:     the words for people.
    """

    library: str
    name: str
    told: str
    channels: int
    size: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    interpolation: str
    crop_pct: float
    settings: tuple[tuple[str, bool], ...] = ()
    traits: tuple[tuple[str, str], ...] = ()

    @property
    def title(self) -> str:
        """What people call it: "ResNet-34 (torchvision)"."""
        return f"{self.told} ({self.library})"


@dataclass(frozen=True)
class Fingerprint:
    """What the tensors in files of an architecture look like; see `fingerprint`.

    tensors:  how many count.
    outline:  what varies from file to file.
    places:   the same by place; None where names can't be done without.
    named, sizeless, ordered, headless, trunk: hashes of all tensors, of all whatever the image size, of their order, of
              all but the head's, and of all but those in the top module that the head is in.
    sketch:   a minhash of the body.
    """

    architecture: Architecture
    tensors: int
    outline: Outline
    places: Outline | None
    named: str
    sizeless: str
    ordered: str
    headless: str
    trunk: str
    sketch: bytes


@dataclass(frozen=True)
class Table:
    """All architectures by key, the fingerprints of their files, and the releases of the libraries they are of."""

    versions: Mapping[str, str]
    architectures: Mapping[str, Architecture]
    fingerprints: tuple[Fingerprint, ...]


def architectures() -> Mapping[str, Architecture]:
    """Return all architectures by key: "torchvision/resnet34", "timm/resnet34"."""
    return table().architectures


@cache
def table() -> Table:
    """Return the shipped table, which is read once."""
    return unpacked(PATH.read_bytes())


def unpacked(data: bytes) -> Table:
    """Return the table in what `tools.architectures` writes."""
    content: Mapping[str, Any] = json.loads(lzma.decompress(data))
    shared = content["shared"]
    lists = {name: tuple(map(_frozen, values)) for name, values in shared.items()}
    every: dict[str, Architecture] = {}
    for key, told, configuration, settings, traits in content["architectures"]:
        library, _, name = key.partition("/")
        every[key] = Architecture(
            library=library,
            name=name.partition(" ")[0],
            told=told,
            **dict(zip(CONFIGURATION, lists["configurations"][configuration], strict=True)),
            settings=lists["settings"][settings],
            traits=lists["traits"][traits],
        )
    outlines = [Outline(tuple(Part(*part) for part in parts), untold) for parts, untold in lists["outlines"]]
    rows = (
        Fingerprint(
            architecture=every[key],
            tensors=tensors,
            outline=outlines[outline],
            places=None if places is None else outlines[places],
            sketch=bytes.fromhex(sketch),
            **dict(zip(HASHES, hashes, strict=True)),
        )
        for key, tensors, outline, places, *hashes, sketch in content["fingerprints"]
    )
    return Table(content["versions"], every, tuple(rows))


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
