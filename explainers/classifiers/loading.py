"""Loads a classifier by its name, and downloads its weights if they are missing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http.client import HTTPException
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.catalogue import WEIGHTS_FOLDER_VARIABLE, Source, find
from explainers.classifiers.checkpoints import load_weights
from explainers.classifiers.classifier import Classifier
from explainers.classifiers.download import Progress, download, why
from explainers.classifiers.published import address, recipe
from explainers.classifiers.view import View
from explainers.errors import ExplanationError
from explainers.importing import IMPORTING


def load_classifier(
    name: str,
    *,
    checkpoint: str | PathLike[str] | None = None,
    labels: Sequence[str] | None = None,
    fit: Literal["crop", "pad"] = "crop",
    on_progress: Progress | None = None,
    device: str | torch.device | None = None,
) -> Classifier:
    """Load the classifier called `name`: "bundled", "efficientnet_lite0", or any of torchvision's.

    checkpoint:  a .pth or .safetensors file with a state_dict of that architecture; None: the weights of its source
                 (see `catalogue.find`), which are downloaded if they are not on this machine.
    labels:      one name per class of the weights; None: the published classes.
    fit:         whether a photo is cropped or padded to the input's shape.
    on_progress: called during a download with the bytes done and the bytes in total (or None); it may raise an
                 exception to cancel.
    device:      the device of the network; None: the GPU if there is one.

    GoogLeNet and Inception rescale their input as their published weights require (`transform_input`), and come
    without the auxiliary heads that only training needs. Raises ExplanationError for an unknown name, weights that
    can't be fetched or read, and weights that do not fit.
    """
    bundled = BUNDLED_CLASSIFIERS.get(name)
    source, made_for = find(name), bundled.recipe if bundled else recipe(name)
    path = _weights_file(source, on_progress) if checkpoint is None else Path(checkpoint)
    classes = tuple(made_for.labels if labels is None else labels)
    network = load_weights(_architecture(name, len(classes)), path, f"{source.title} with {len(classes)} classes")
    return Classifier(
        network,
        classes,
        size=(made_for.size, made_for.size),
        mean=made_for.mean,
        std=made_for.std,
        view=View(made_for.resize, made_for.interpolation, fit),
        device=device,
        name=source.title,
        source=name if checkpoint is None and labels is None else None,
    )


def _weights_file(source: Source, on_progress: Progress | None) -> Path:
    """Return the path of the weights file: a bundled one is checked, and a missing one is downloaded first."""
    if source.origin == "bundled":
        BUNDLED_CLASSIFIERS[source.name].check()
    if source.origin == "download":
        try:
            download(address(source.name), source.path, on_progress)
        except (OSError, HTTPException) as error:
            raise ExplanationError(
                f"{source.title} needs its weights ({source.megabytes:.0f} MB) once, and they could not be downloaded: "
                f"{why(error)}. Try again when it is online, choose another classifier, or save them as "
                f"{source.name}.pth in a folder on the machine that runs Whypixel, and name the folder in "
                f"{WEIGHTS_FOLDER_VARIABLE}."
            ) from error
    return source.path


def _architecture(name: str, classes: int) -> nn.Module:
    """Build the network without weights, as torchvision builds it for its published weights."""
    settings: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        settings = {"aux_logits": False, "transform_input": True, "init_weights": False}
    elif name.startswith("vit_"):
        settings = {"image_size": recipe(name).size}
    if bundled := BUNDLED_CLASSIFIERS.get(name):
        with _EmptyOnMeta():
            return bundled.build(classes)
    with IMPORTING:
        from torchvision import models
    with _EmptyOnMeta():
        network: nn.Module = models.get_model(name, num_classes=classes, **settings)
        return network


class _EmptyOnMeta(TorchFunctionMode):
    """Puts tensors made by `torch.empty` on the device "meta": a file replaces initial weights, so they cost no time.

    Other tensors stay real: RegNet computes sizes with tensors, which has no result on the device "meta". The mode
    belongs to the thread that enters it.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return func(*args, **(kwargs or {}) | ({"device": "meta"} if func is torch.empty else {}))
