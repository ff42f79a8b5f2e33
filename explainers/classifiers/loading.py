"""Loads a classifier by its name, and downloads its weights if they are missing."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path

import torch

from explainers.classifiers.catalogue import find
from explainers.classifiers.classifier import Classifier
from explainers.classifiers.download import Progress
from explainers.classifiers.view import Fit
from explainers.classifiers.weights_source import WeightsSource
from explainers.errors import ExplanationError


def load_classifier(
    name: str,
    *,
    checkpoint: str | PathLike[str] | None = None,
    labels: Sequence[str] | None = None,
    fit: Fit | None = None,
    on_progress: Progress | None = None,
    device: str | torch.device | None = None,
) -> Classifier:
    """Load the classifier called `name`.

    name:        "bundled", "efficientnet_lite0", any of torchvision's ("resnet50"), any of timm's ("timm/resnet50" or,
                 with the name of its weights, "timm/resnet50.a1_in1k"; "@288" after it sets the side of its input), or
                 one that `models.toml` or WHYPIXEL_CLASSIFIERS names.
    checkpoint:  a .pth or .safetensors file with a state_dict of that architecture; None: the weights of its source
                 (see `catalogue.find`), which are downloaded if they are not on this machine.
    labels:      one name per class of the weights; None: the published classes.
    fit:         whether a photo is cropped or padded to the input's shape; None: as the source says, which is cropped
                 for all that is published.
    on_progress: called during a download with the bytes done and the bytes in total (or None); it may raise an
                 exception to cancel.
    device:      the device of the network; None: the GPU if there is one.

    GoogLeNet and Inception rescale their input as their published weights require (`transform_input`), and come
    without the auxiliary heads that only training needs. Raises ExplanationError for an unknown name, weights that
    can't be fetched or read, and weights that do not fit.
    """
    source = find(name)
    if checkpoint is None and labels is None:
        return source.load(fit=fit, on_progress=on_progress, device=device)
    if not isinstance(source, WeightsSource):
        raise ExplanationError(
            f"{source.title} comes with weights and labels of its own. Name an architecture, such as 'resnet50', to "
            "load others into it."
        )
    path = None if checkpoint is None else Path(checkpoint)
    return source.load(fit=fit, on_progress=on_progress, device=device, checkpoint=path, labels=labels)
