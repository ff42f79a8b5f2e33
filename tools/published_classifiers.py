"""Writes the tables of what torchvision and timm publish, which name every classifier of theirs without importing them.

    python -m tools.published_classifiers --write

It takes some minutes, because it builds every network of timm's, without weights, to know how large its file is.
Without --write it only says whether the tables are those of the installed versions.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import timm
import torch
from torchvision import models

from explainers.classifiers import published

FOLDER = Path(published.__file__).parent
IMAGENET, LARGER = 1000, 10_000  # fewer classes than the latter, if not ImageNet's, are features or embeddings of texts
LICENCES = {None: "", "unknown": "", "apache-2.0": "Apache-2.0", "mit": "MIT", "bsd-3-clause": "BSD-3-Clause"}
SWAG = "CC-BY-NC-4.0"  # of the only weights of torchvision's that name a licence of their own
PROCESSES = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="write the tables instead of comparing them")
    tables = {"torchvision.csv": _rows_of_torchvision(), "timm.csv": _rows_of_timm()}
    write = parser.parse_args().write
    for name, rows in tables.items():
        lines = io.StringIO(newline="")
        csv.writer(lines, lineterminator="\n").writerows(rows)
        if write:
            (FOLDER / name).write_text(lines.getvalue(), encoding="utf-8")
        elif (FOLDER / name).read_text(encoding="utf-8") != lines.getvalue():
            sys.exit(f"{name} isn't what is published; write it anew by --write.")


def _rows_of_torchvision() -> Iterator[tuple[object, ...]]:
    for name in sorted(models.list_models(module=models)):
        weights = models.get_model_weights(name).DEFAULT
        title = type(weights).__name__.removesuffix("_Weights").replace("_", " ")
        accuracy, megabytes = weights.meta["_metrics"]["ImageNet-1K"]["acc@1"], weights.meta["_file_size"]
        licence = SWAG if "SWAG" in weights.meta.get("license", "") else "BSD-3-Clause"
        file = Path(urlparse(weights.url).path).name
        (size,) = weights.transforms().crop_size
        yield name, title, weights.name, accuracy, megabytes, file, size, licence


def _rows_of_timm() -> Iterator[tuple[object, ...]]:
    """Name a classifier and its weights, those that timm takes by default first among those of an architecture."""
    kept = [
        (name, weights)
        for architecture in sorted(timm.list_models())
        for name in _of_architecture(architecture)
        if (weights := timm.get_pretrained_cfg(name)) and _is_classifier(weights)
    ]
    networks = dict.fromkeys((weights.architecture, weights.num_classes) for _, weights in kept)
    with ProcessPoolExecutor(PROCESSES) as pool:
        sizes = dict(zip(networks, pool.map(_megabytes, networks, chunksize=8), strict=True))
    for name, weights in kept:
        licence = LICENCES.get(weights.license, weights.license)
        megabytes = round(sizes[weights.architecture, weights.num_classes], 1)
        on_hub = weights.hf_hub_id  # where all files have the same name, and hashes are told by the server
        file = "" if on_hub else Path(urlparse(str(weights.url)).path).name
        yield name, weights.num_classes, weights.input_size[-1], megabytes, file, licence


@cache
def _of_architecture(architecture: str) -> list[str]:
    default = timm.get_pretrained_cfg(architecture)
    names: list[str] = timm.list_pretrained(f"{architecture}.*")
    first = f"{architecture}.{default.tag}" if default else ""
    return sorted(names, key=lambda name: (name != first, name))


def _is_classifier(weights: Any) -> bool:
    return bool(weights.num_classes == IMAGENET or weights.num_classes > LARGER)


def _megabytes(network: tuple[str, int]) -> float:
    """The size of all that the file of an architecture with so many classes holds, in units of 2**20 bytes."""
    architecture, classes = network
    torch.set_num_threads(1)
    with torch.device("meta"):
        built = timm.create_model(architecture, num_classes=classes)
    return float(sum(tensor.numel() * tensor.element_size() for tensor in built.state_dict().values())) / 2**20


if __name__ == "__main__":
    main()
