"""The pictures on a path, with the scores that the classifier gives them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.methods.path_record import PathMethod
from explainers.passes import OnProgress, Passes
from explainers.question import Question


@dataclass(frozen=True, eq=False)
class PathStrip:
    """Pictures at even steps from the first baseline (alpha 0) to the picture (alpha 1).

    alphas: (n,); pictures: (n, C, H, W) float32 in pixel units.
    logits, probabilities: (n,) of the target, that is of its index, or of index minus versus.
    """

    alphas: Array
    pictures: Array
    logits: Array
    probabilities: Array


@torch.no_grad()
def path_strip(
    explainer: PathMethod, question: Question, count: int, *, on_progress: OnProgress | None = None
) -> PathStrip:
    """Pass `count` pictures on the path of `explainer` (from its first baseline) without gradients.

    Raises ExplanationError as a call of `explainer` does.
    """

    def work(passes: Passes, picture: Tensor) -> PathStrip:
        start = explainer.baselines(question.classifier, picture[None])[0, 0]
        alphas = torch.linspace(0, 1, count, dtype=torch.float64)
        fractions = alphas.to(picture).view(-1, 1, 1, 1)
        pictures = torch.where(fractions == 1, picture, torch.addcmul(start, fractions, picture - start))
        passes.in_chunks(pictures, torch.zeros(count, dtype=torch.long, device=picture.device))
        logits, probabilities = passes.answers.T.double().cpu().numpy()
        return PathStrip(alphas.numpy(), pictures.float().cpu().numpy(), logits, probabilities)

    return explainer.pass_pictures(question, work, total=count, on_progress=on_progress)
