"""Passes through a network: private, frozen, counted, in chunks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from explainers.classifiers import Classifier
from explainers.explanation import SCALES, Target
from explainers.tracing import clone

CHUNK_PIXELS = 8 * 224 * 224  # eight ImageNet pictures: activations of more leave the CPU's caches and gain nothing
LARGEST_CHUNK = 64


@dataclass(frozen=True)
class Progress:
    """Where a computation stands, in pictures passed through the network; total is None where nobody knows."""

    done: int
    total: int | None = None


OnProgress = Callable[[Progress], None]


class Passes(nn.Module):
    """One call's way through a classifier's network: pictures in, the explained number out.

    It holds a private copy of the module tree that shares the weights, so hooks, modes and layers are this call's own.
    `on_progress` is called before each chunk and may raise to cancel.

    chunk:   pictures per pass, a fixed function of the input's size, so that results repeat bit for bit.
    count:   pictures passed so far.
    answers: (count, 2), the target's logit and probability for each of them, in order.
    """

    def __init__(
        self,
        classifier: Classifier,
        targets: Sequence[Target],
        *,
        prepared: bool,
        total: int | None = None,
        on_progress: OnProgress | None = None,
    ) -> None:
        super().__init__()
        if len({(target.scale, target.versus is None) for target in targets}) > 1:
            raise ValueError("the targets of one call must share their scale and whether they have a versus")
        self.classifier = classifier
        self.network = clone(classifier.prepared if prepared else classifier.network)
        self.scale = targets[0].scale
        self.index = torch.tensor([target.index for target in targets], device=classifier.device)
        versus = [target.versus for target in targets]
        self.versus = None if None in versus else torch.tensor(versus, device=classifier.device)
        height, width = classifier.size
        self.chunk = max(1, min(LARGEST_CHUNK, CHUNK_PIXELS // (height * width)))
        self.total, self.on_progress = total, on_progress
        self._answers: list[Tensor] = []

    @property
    def count(self) -> int:
        return sum(len(answer) for answer in self._answers)

    @property
    def answers(self) -> Tensor:
        return torch.cat(self._answers)

    @property
    def column(self) -> int:
        """Which column of `answers` is explained."""
        return SCALES.index(self.scale)

    def rows(self) -> Tensor:
        """(N,) which target belongs to which picture, for calls that pass the pictures themselves."""
        return torch.arange(len(self.index), device=self.index.device)

    def forward(self, pictures: Tensor, rows: Tensor) -> Tensor:
        """The explained number (n,) for pictures (n, C, H, W) in pixel units that belong to the targets `rows` (n,)."""
        if self.on_progress:
            self.on_progress(Progress(self.count, self.total))
        logits = self.network(self.classifier.normalise(pictures))
        self.classifier.check(logits)
        probabilities = self.classifier.probabilities(logits)
        answers = torch.stack([self._of_target(outputs, rows) for outputs in (logits, probabilities)], 1)
        self._answers.append(answers.detach())
        return answers[:, self.column]

    def _of_target(self, outputs: Tensor, rows: Tensor) -> Tensor:
        chosen = outputs.gather(1, self.index[rows, None])[:, 0]
        return chosen if self.versus is None else chosen - outputs.gather(1, self.versus[rows, None])[:, 0]
