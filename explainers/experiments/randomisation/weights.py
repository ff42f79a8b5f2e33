"""A classifier whose weights are drawn anew, from the output down. The one it is made from is not touched."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from explainers.classifiers import Classifier
from explainers.classifiers.activations import Activations
from explainers.classifiers.layers import GridLayer
from explainers.experiments.randomisation.stages import Stage


class RandomisedClassifier(Classifier):
    """`original` with the weights of `network`, which has its architecture; unfused.

    What is read from a pass is the architecture's and stays the original's: with random weights a ReLU may be silent
    everywhere, and another layer would be taken for the deepest one.
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

    def layers(self) -> tuple[GridLayer, ...]:
        return self._original.layers()

    @property
    def layer(self) -> str | None:
        return self._original.layer

    @property
    def activations(self) -> Activations:
        return self._original.activations


def cascade(classifier: Classifier, stages: Sequence[Stage], seed: int) -> Iterator[RandomisedClassifier]:
    """`classifier` with its weights drawn anew in the first stage, in the first two, and so on to all of them.

    Each tensor is drawn once, from a normal distribution with the mean and standard deviation of its own numbers, so
    all stages in one come to the same as the last of many. Buffers, such as running statistics, are kept. All share
    one copy of the network: each is to be used before the next is asked for.
    """
    network = copy.deepcopy(classifier.network)  # the weights, too, unlike `clone`
    parameters, generator = dict(network.named_parameters()), torch.Generator().manual_seed(seed)
    for stage in stages:
        for name in stage.parameters:
            redraw(parameters[name], generator)
        yield RandomisedClassifier(classifier, network)


@torch.no_grad()
def redraw(weights: Tensor, generator: torch.Generator) -> None:
    """Draw a tensor anew, in place, as normal numbers with the mean and standard deviation that it has.

    A tensor of equal numbers stays as it is, and so do whole numbers, which are no weights.
    """
    if weights.is_floating_point() and weights.numel():
        spread, mean = torch.std_mean(weights.double().cpu(), correction=0)  # the same draws on every device
        weights.copy_(torch.randn(weights.shape, generator=generator) * spread.float() + mean.float())
