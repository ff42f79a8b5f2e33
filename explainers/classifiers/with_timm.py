"""What only timm knows of its classifiers; it takes seconds to import."""

from __future__ import annotations

import math
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from torch import nn

from explainers.classifiers.published import Recipe, labels_of
from explainers.errors import ExplanationError
from explainers.importing import IMPORTING

FILE = "model.safetensors"  # of the weights in a repository of the hub


def timm_recipe(weights: str, size: int | None = None) -> Recipe:
    """Return what weights of timm's were trained for; with another side of the input in pixels if `size` says so.

    weights: timm's name of architecture and weights.

    Where timm squashes a photo to a square, its middle is taken here: a map on it would be squashed, too.
    """
    published = _published_weights(weights)
    side = size or published.input_size[-1]
    resize = max(side, math.floor(side / published.crop_pct))
    labels = _labels(weights, published.num_classes)
    return Recipe(labels, side, resize, published.interpolation, tuple(published.mean), tuple(published.std))


def timm_address(weights: str) -> str:
    """Return where weights of timm's are published: on the hub, or else where their author has put them."""
    published = _published_weights(weights)
    if not published.hf_hub_id:
        return str(published.url)
    with IMPORTING:
        from huggingface_hub import hf_hub_url
    return hf_hub_url(published.hf_hub_id, FILE)


def timm_network(weights: str, classes: int, file: Path, title: str) -> nn.Module:
    """Build the network and load the weights of a file, as timm does it, which knows how older ones are named.

    title: the name of the network in error messages.

    Raises ExplanationError for a file that can't be read and for weights that do not fit.
    """
    with IMPORTING:
        import timm
    if not file.is_file():
        raise ExplanationError(f"There is no file {file.name}.")
    from_file = {"file": str(file), "custom_load": False, "num_classes": classes}
    try:
        network: nn.Module = timm.create_model(
            weights, pretrained=True, num_classes=classes, pretrained_cfg_overlay=from_file
        )
    except Exception as error:  # timm and the readers raise errors of any kind on a file of another format
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1].strip().rstrip(".")
        raise ExplanationError(f"{file.name} does not fit {title}, or can't be read: {reason}.") from error
    return network


def _published_weights(weights: str) -> Any:
    """Return timm's record of the published weights."""
    with IMPORTING:
        import timm
    return timm.get_pretrained_cfg(weights)


@cache
def _labels(weights: str, classes: int) -> tuple[str, ...]:
    """Return the names of the classes: ImageNet's where they are meant, which one can tell from number and name."""
    with IMPORTING:
        from timm.data.imagenet_info import ImageNetInfo, infer_imagenet_subset
    if classes == 1000:
        known = labels_of("imagenet_classes.csv") if "in1k" in weights else ()
    else:
        subset = infer_imagenet_subset({"num_classes": classes})
        known = _told_apart(ImageNetInfo(subset)) if subset else ()
    return known or tuple(f"class {index}" for index in range(classes))


def _told_apart(info: Any) -> tuple[str, ...]:
    """Return the words for each class, and their meaning where two classes have the same words."""
    short, long = info.label_descriptions(), info.label_descriptions(detailed=True)
    count = Counter(short)
    return tuple(word if count[word] == 1 else meaning for word, meaning in zip(short, long, strict=True))
