"""Loops that explain one picture a call, as users write them: by autograd alone, and by Captum."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from pathlib import Path

import captum.attr
import torch
from PIL import Image
from torch import Tensor

from explainers import Classifier, Explainer
from explainers.methods.gradients import Saliency
from explainers.methods.integrated_gradients import IntegratedGradients
from tools.benchmark.report import relative_l1_error

STEPS = (10, 15, 20, 30, 40, 60, 80, 120, 160, 240)  # that an integral is tried with
REFERENCE_STEPS, REFERENCE_PICTURES = 480, 6
BATCH = 8  # points of one picture that pass at once
Explain = Callable[[Path], Tensor]


def _see(classifier: Classifier, path: Path) -> Tensor:
    with Image.open(path) as file:
        return classifier.normalise(classifier.see(file.convert("RGB"))[0][None])


def plain(classifier: Classifier, explainer: Explainer, steps: int) -> Explain:
    """Return what explains a picture by autograd alone."""
    network = classifier.network
    if isinstance(explainer, IntegratedGradients):
        return lambda path: _integral(classifier, _see(classifier, path), steps)
    if isinstance(explainer, Saliency):

        def gradient(path: Path) -> Tensor:
            picture = _see(classifier, path).requires_grad_()
            return torch.autograd.grad(network(picture).max(), picture)[0]

        return gradient
    kept: list[Tensor] = []
    layer = network.get_submodule(classifier.layer or "")

    def grad_cam(path: Path) -> Tensor:
        handle = layer.register_forward_hook(lambda module, inputs, output: kept.append(output))
        picture = _see(classifier, path).requires_grad_()
        score = network(picture).max()
        handle.remove()
        grid = kept.pop()
        (slope,) = torch.autograd.grad(score, grid)
        return (slope.mean((2, 3), keepdim=True) * grid).sum(1).relu().detach()

    return grad_cam


def by_captum(classifier: Classifier, explainer: Explainer, steps: int) -> Explain:
    """Return what explains a picture by Captum, as its documentation does."""
    network = classifier.network

    def likeliest(picture: Tensor) -> int:
        with torch.no_grad():
            return int(network(picture).argmax())

    def explain(path: Path) -> Tensor:
        picture = _see(classifier, path).requires_grad_()
        index = likeliest(picture)
        if isinstance(explainer, IntegratedGradients):
            black = classifier.normalise(torch.zeros_like(picture))
            values: Tensor = captum.attr.IntegratedGradients(network).attribute(
                picture, black, index, n_steps=steps, method="riemann_middle", internal_batch_size=BATCH
            )
        elif isinstance(explainer, Saliency):
            values = captum.attr.Saliency(network).attribute(picture, index)
        else:
            layer = network.get_submodule(classifier.layer or "")
            values = captum.attr.LayerGradCam(network, layer).attribute(picture, index)
        return values.detach()

    return explain


def _integral(classifier: Classifier, picture: Tensor, steps: int) -> Tensor:
    """Integrate the gradient of the likeliest class by the midpoint rule, some points at a time."""
    black = classifier.normalise(torch.zeros_like(picture))
    with torch.no_grad():
        index = int(classifier.network(picture).argmax())
    total = torch.zeros_like(picture)
    middles = (torch.arange(steps) + 0.5) / steps
    for alphas in (middles[start : start + BATCH] for start in range(0, steps, BATCH)):
        points = (black + alphas.view(-1, 1, 1, 1) * (picture - black)).requires_grad_()
        (gradients,) = torch.autograd.grad(classifier.network(points)[:, index].sum(), points)
        total += gradients.sum(0)
    return total / steps * (picture - black)


def steps_needed(classifier: Classifier, paths: Sequence[Path], tolerance: float) -> int:
    """Return the smallest number of steps that is within the tolerance, for half of some pictures."""
    seen = [_see(classifier, path) for path in paths[:REFERENCE_PICTURES]]
    references = [_integral(classifier, picture, REFERENCE_STEPS) for picture in seen]
    for steps in STEPS:
        errors = [
            relative_l1_error(_integral(classifier, picture, steps), reference)
            for picture, reference in zip(seen, references, strict=True)
        ]
        if statistics.median(errors) <= tolerance:
            return steps
    return STEPS[-1]
