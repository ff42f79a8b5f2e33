"""Classifiers with randomised weights, from the output layer down. The original classifier is never changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from explainers.classifiers import Classifier
from explainers.classifiers.activations import Activations
from explainers.classifiers.layers import GridLayer
from explainers.classifiers.traits import Traits
from explainers.experiments.randomisation.stages import Stage
from explainers.runtime.cloning import clone


class RandomisedClassifier(Classifier):
    """The classifier `original` with the weights of `network`, which has the same architecture; unfused.

    Layers and activations depend on the architecture alone, so they are taken from the original: with random weights a
    ReLU may be zero everywhere, and then a pass would show another layer as the deepest one.
    """

    def __init__(self, original: Classifier, network: nn.Module) -> None:
        super().__init__(
            network,
            original.labels,
            size=original.size,
            mean=original.mean,
            std=original.std,
            view=original.view,
            output=original.output,
            device=original.device,
            prepare=False,
            name=original.name,
        )
        self._original = original

    @property
    def traits(self) -> Traits:
        return self._original.traits

    def layers(self) -> tuple[GridLayer, ...]:
        return self._original.layers()

    @property
    def layer(self) -> str | None:
        return self._original.layer

    @property
    def activations(self) -> Activations:
        return self._original.activations


def cascade(classifier: Classifier, stages: Sequence[Stage], seed: int) -> Iterator[RandomisedClassifier]:
    """Yield `classifier` with random weights in the first stage, then in the first two, and so on up to all stages.

    Each tensor is drawn once, from a normal distribution with the mean and standard deviation of its own numbers, so
    a single stage of all parameters gives the same network as the last of many stages. Buffers, such as running
    statistics, are kept. All results share one copy of the network: use each before asking for the next.
    """
    network = clone(classifier.network, share_weights=False)
    parameters, generator = dict(network.named_parameters()), torch.Generator().manual_seed(seed)
    for stage in stages:
        for name in stage.parameters:
            redraw(parameters[name], generator)
        yield RandomisedClassifier(classifier, network)


@torch.no_grad()
def redraw(weights: Tensor, generator: torch.Generator) -> None:
    """Replace a tensor's numbers, in place, by normal random numbers with the same mean and standard deviation.

    A tensor of equal numbers doesn't change. Integers are no weights and are kept.
    """
    if weights.is_floating_point() and weights.numel():
        # On the CPU, so that the draws are the same on every device.
        std, mean = torch.std_mean(weights.double().cpu(), correction=0)
        weights.copy_(torch.randn(weights.shape, generator=generator) * std.float() + mean.float())
