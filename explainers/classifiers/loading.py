"""A classifier by its name: its weights found or fetched, and put into its architecture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http.client import HTTPException
from os import PathLike
from pathlib import Path
from typing import Any, Literal
from urllib.error import HTTPError, URLError

import torch
from torch import nn
from torch.overrides import TorchFunctionMode
from torchvision import models

from explainers.classifiers.catalogue import BUNDLED, Offer, find, weights
from explainers.classifiers.checkpoints import filled
from explainers.classifiers.classifier import Classifier
from explainers.classifiers.download import Progress, download
from explainers.classifiers.pocketnet import PocketNet
from explainers.classifiers.view import View
from explainers.errors import ExplanationError


def load_classifier(
    name: str,
    *,
    checkpoint: str | PathLike[str] | None = None,
    labels: Sequence[str] | None = None,
    fit: Literal["crop", "pad"] = "crop",
    on_progress: Progress | None = None,
    device: str | torch.device | None = None,
) -> Classifier:
    """The classifier called `name`: "bundled" or any of torchvision's, such as "resnet50".

    checkpoint:  a .pth or .safetensors file with a state_dict of that architecture; None: the weights on offer, which
                 are downloaded when they are not on this machine.
    labels:      one name per class of the weights; None: the published classes.
    fit:         whether a photo is cropped or padded to the input's shape.
    on_progress: called during a download with the bytes done and the bytes in total (or None); may raise to cancel.
    device:      where it runs; None: the GPU if there is one.

    GoogLeNet and Inception re-scale their input as their published weights want it (`transform_input`), and come
    without the auxiliary heads that only training needs. Raises ExplanationError for an unknown name, weights that
    can't be fetched or read, and weights that do not fit.
    """
    offer, published = find(name), weights(name)
    path = _at_hand(offer, on_progress) if checkpoint is None else Path(checkpoint)
    classes = tuple(published.meta["categories"] if labels is None else labels)
    network = filled(_unfilled(name, len(classes)), path, f"{offer.title} with {len(classes)} classes")
    preset = published.transforms()
    return Classifier(
        network,
        classes,
        size=(preset.crop_size[0], preset.crop_size[0]),
        mean=preset.mean,
        std=preset.std,
        view=View(preset.resize_size[0], preset.interpolation.value, fit),
        device=device,
        name=offer.title,
    )


def _at_hand(offer: Offer, on_progress: Progress | None) -> Path:
    """The weights file on this machine, downloaded if need be."""
    if offer.origin == "download" and offer.url:
        try:
            download(offer.url, offer.path, on_progress)
        except (OSError, HTTPException) as error:
            reason = error.reason if isinstance(error, URLError) and not isinstance(error, HTTPError) else error
            raise ExplanationError(
                f"{offer.title} needs its weights ({offer.megabytes:.0f} MB) once, and they could not be downloaded: "
                f"{reason}. Choose the bundled classifier, or put the file {offer.path.name} in {offer.path.parent}."
            ) from error
    return offer.path


def _unfilled(name: str, classes: int) -> nn.Module:
    """The architecture as torchvision builds it for its published weights, before they are loaded."""
    settings: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        settings = {"aux_logits": False, "transform_input": True, "init_weights": False}
    elif name.startswith("vit_"):
        settings = {"image_size": weights(name).meta["min_size"][0]}
    with _WithoutMemory():
        if name == BUNDLED:
            return PocketNet(classes)
        network: nn.Module = models.get_model(name, num_classes=classes, **settings)
        return network


class _WithoutMemory(TorchFunctionMode):
    """Puts what `torch.empty` makes on the device "meta": no time goes into initial weights that a file replaces.

    All else stays real, such as the sizes that RegNet computes with tensors, which the device "meta" as a whole can't
    give. The mode belongs to the thread that enters it.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return func(*args, **(kwargs or {}) | ({"device": "meta"} if func is torch.empty else {}))
