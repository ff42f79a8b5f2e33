"""What is asked about every network: a method of explainers, and its map by the oracle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from explainers import (
    Classifier,
    GradCAM,
    GuidedBackprop,
    HiResCAM,
    InputXGradient,
    IntegratedGradients,
    LayerCAM,
    Saliency,
    SmoothGrad,
)
from explainers.explainer import Explainer
from explainers.methods.sampling import gaussian, seeds
from tools.fuzz_networks.networks import Case
from tools.fuzz_networks.oracle import Combine, Oracle

STEPS = 7
NODES = (0.0, 0.4058451513773972, 0.7415311855993945, 0.9491079123427585)  # of Gauss and Legendre, for 7 points
WEIGHTS = (0.4179591836734694, 0.3818300505051189, 0.2797053914892766, 0.1294849661688697)
RULES: dict[str, list[tuple[float, float]]] = {  # (alpha, weight)
    "midpoint": [((i + 0.5) / STEPS, 1 / STEPS) for i in range(STEPS)],
    "left": [(i / STEPS, 1 / STEPS) for i in range(STEPS)],
    "right": [((i + 1) / STEPS, 1 / STEPS) for i in range(STEPS)],
    "trapezoid": [(i / STEPS, (0.5 if i in (0, STEPS) else 1) / STEPS) for i in range(STEPS + 1)],
    "gauss-legendre": [
        ((1 + sign * node) / 2, weight / 2)
        for node, weight in zip(NODES, WEIGHTS, strict=True)
        for sign in ((1, -1) if node else (1,))
    ],
}
BASELINES = {"black": 0.0, "white": 1.0}
NOISE, SAMPLES = 0.15, 3


@dataclass(frozen=True)
class Check:
    """A method with its settings, and the function that gives its map by the oracle."""

    explainer: Explainer
    answer: Callable[[Oracle], Tensor]

    @property
    def name(self) -> str:
        return self.explainer.title


def checks(case: Case, network: nn.Module, classifier: Classifier) -> list[Check]:
    """Return what is asked about the network of a case; settings differ from case to case."""
    picture, draw = case.picture, case.draw("settings")
    rule, baseline, seed = draw.choice(list(RULES)), draw.choice(list(BASELINES)), draw.randrange(1000)
    start = torch.full_like(picture, BASELINES[baseline])
    found = [
        Check(Saliency(), lambda oracle: oracle.gradient(picture)),
        Check(InputXGradient(), lambda oracle: oracle.gradient(picture) * picture),
        Check(
            IntegratedGradients(steps=STEPS, rule=rule, baseline=baseline),
            lambda oracle: oracle.integrated(picture, start, RULES[rule]),
        ),
        Check(
            SmoothGrad(samples=SAMPLES, noise=NOISE, seed=seed),
            lambda oracle: oracle.smoothed(picture, [NOISE * gaussian(s, picture) for s in seeds(seed, SAMPLES)]),
        ),
    ]
    if all(getattr(module, "only_relu", True) for module in network.modules()):
        found.append(Check(GuidedBackprop(), lambda oracle: oracle.guided(picture)))
    return found + _at_layer(case, classifier)


def _channels_first(classifier: Classifier, name: str) -> bool:
    return any(layer.name == name and layer.layout.order == "channels first" for layer in classifier.layers())


def _at_layer(case: Case, classifier: Classifier) -> list[Check]:
    layer = classifier.layer
    if layer is None or not _channels_first(classifier, layer):
        return []
    ways: list[tuple[Explainer, Combine]] = [
        (GradCAM(relu=False), lambda grid, gradient: (gradient.mean((1, 2), keepdim=True) * grid).sum(0, keepdim=True)),
        (HiResCAM(relu=False), lambda grid, gradient: (gradient * grid).sum(0, keepdim=True)),
        (LayerCAM(relu=False), lambda grid, gradient: (gradient.clamp(min=0) * grid).sum(0, keepdim=True)),
    ]
    return [
        Check(explainer, partial(Oracle.at_layer, picture=case.picture, layer=layer, combine=combine))
        for explainer, combine in ways
    ]
