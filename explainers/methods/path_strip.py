"""The pictures on a path, and what the classifier says to each."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from PIL import Image
from torch import Tensor

from explainers.arrays import Array
from explainers.classifiers import Classifier
from explainers.explanation import Target
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.passes import OnProgress


@dataclass(frozen=True, eq=False)
class Strip:
    """Pictures at even steps from the first baseline (alpha 0) to the picture (alpha 1).

    alphas: (n,); pictures: (n, C, H, W) float32 in pixel units.
    logits, probabilities: (n,) of the target, as index or index minus versus.
    """

    alphas: Array
    pictures: Array
    logits: Array
    probabilities: Array


@torch.no_grad()
def strip(
    explainer: IntegratedGradients,
    classifier: Classifier,
    image: Image.Image | Tensor,
    target: Target,
    count: int,
    *,
    on_progress: OnProgress | None = None,
) -> Strip:
    """Walk `explainer`'s path (with several baselines, the first one's) in `count` pictures, without a gradient.

    Raises ExplanationError for what `explainer` would refuse.
    """
    with explainer.passing(classifier, image, target, total=count, on_progress=on_progress) as (passes, picture):
        start = explainer.starts(classifier, picture[None])[0, 0]
        alphas = torch.linspace(0, 1, count, dtype=torch.float64)
        share = alphas.to(picture).view(-1, 1, 1, 1)
        pictures = torch.where(share == 1, picture, torch.addcmul(start, share, picture - start))
        passes.in_chunks(pictures, torch.zeros(count, dtype=torch.long, device=picture.device))
        logits, probabilities = passes.answers.T.double().cpu().numpy()
        return Strip(alphas.numpy(), pictures.float().cpu().numpy(), logits, probabilities)
