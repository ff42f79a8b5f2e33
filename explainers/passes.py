"""Passes through a network: private, frozen, counted, in chunks, in turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import torch
from torch import Tensor, nn

from explainers.classifiers import Classifier
from explainers.explanation import SCALES, Explanation, Target
from explainers.runtime.chunks import Chunks
from explainers.runtime.cloning import clone
from explainers.runtime.turns import turns

CHUNK_PIXELS = 8 * 224 * 224  # eight ImageNet pictures: activations of more leave a CPU's caches and gain nothing
LARGEST_CHUNK = 16  # more small pictures gain nothing either, and others wait for as long as a chunk takes
ON_A_GPU = 4  # times as many


@dataclass(frozen=True)
class Progress:
    """Where a computation stands, in pictures passed through the network.

    total:   None where nobody knows.
    preview: a first map, on the way to the real one.
    """

    done: int
    total: int | None = None
    preview: Explanation | None = None


OnProgress = Callable[[Progress], None]


def chunk_size(classifier: Classifier) -> int:
    """Pictures per pass, a fixed function of the input's size and the device, so that results repeat bit for bit."""
    height, width = classifier.size
    pictures = max(1, min(LARGEST_CHUNK, CHUNK_PIXELS // (height * width)))
    return pictures * (ON_A_GPU if classifier.device.type == "cuda" else 1)


class Passes(nn.Module):
    """One call's way through a classifier's network: pictures in, the explained number out.

    It holds a private copy of the module tree that shares the weights, so hooks, modes and layers are this call's own.
    It is entered (`with`) for as long as it is used: each pass waits for its turn on the device and keeps it, for the
    way back through the network, until the next pass asks or the call ends. `on_progress` is called at the start of
    each turn and may raise to cancel.

    chunks:     pictures per pass.
    count:      pictures passed so far; total: how many there will be, None while nobody knows.
    answers:    (count, 2), the target's logit and probability for each of them, in order.
    on_preview: called with what `Explainer.attribute` has found so far.
    """

    def __init__(
        self,
        classifier: Classifier,
        targets: Sequence[Target],
        *,
        prepared: bool,
        total: int | None = None,
        on_progress: OnProgress | None = None,
        on_preview: Callable[[Any], None] | None = None,
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
        self.chunks = Chunks(chunk_size(classifier))
        self.total, self.on_progress, self.on_preview = total, on_progress, on_preview
        self._answers: list[list[float]] = []
        self._turns = turns(classifier.device)
        self._inside = self._computing = False

    def __enter__(self) -> Passes:
        self._inside = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._inside = False
        self._give()

    @property
    def count(self) -> int:
        return len(self._answers)

    @property
    def answers(self) -> Tensor:
        return torch.tensor(self._answers, dtype=self.classifier.dtype, device=self.classifier.device).view(-1, 2)

    @property
    def column(self) -> int:
        """Which column of `answers` is explained."""
        return SCALES.index(self.scale)

    def rows(self) -> Tensor:
        """(N,) which target belongs to which picture, for calls that pass the pictures themselves."""
        return torch.arange(len(self.index), device=self.index.device)

    def run(self, count: int, work: Callable[[slice], None]) -> None:
        """`Chunks.run` that forgets the answers of chunks for which memory ran out."""

        def attempt(part: slice) -> None:
            known = len(self._answers)
            try:
                work(part)
            except BaseException:
                del self._answers[known:]
                raise

        self.chunks.run(count, attempt)

    def in_chunks(self, pictures: Tensor, rows: Tensor) -> Tensor:
        """`forward` for methods that need no gradient: in parts where the whole doesn't fit."""
        found: list[Tensor] = []
        self.run(len(pictures), lambda part: found.append(self(pictures[part], rows[part])))
        return torch.cat(found)

    def forward(self, pictures: Tensor, rows: Tensor) -> Tensor:
        """The explained number (n,) for pictures (n, C, H, W) in pixel units that belong to the targets `rows` (n,)."""
        self._take(len(pictures))
        if self.on_progress:
            self.on_progress(Progress(self.count, self.total))
        logits = self.network(self.classifier.normalise(pictures))
        self.classifier.check(logits)
        probabilities = self.classifier.probabilities(logits)
        answers = torch.stack([self._of_target(outputs, rows) for outputs in (logits, probabilities)], 1)
        self._answers += answers.tolist()
        return answers[:, self.column]

    def preview(self, found: Any) -> None:
        """Show what is found so far, where somebody looks."""
        if self.on_preview:
            self.on_preview(found)

    def _of_target(self, outputs: Tensor, rows: Tensor) -> Tensor:
        chosen = outputs.gather(1, self.index[rows, None])[:, 0]
        return chosen if self.versus is None else chosen - outputs.gather(1, self.versus[rows, None])[:, 0]

    def _take(self, pictures: int) -> None:
        if not self._inside:
            raise RuntimeError("enter the passes before using them: nobody would give their turn back")
        self._give()
        self._turns.take(self.count + pictures)
        self._computing = True

    def _give(self) -> None:
        if self._computing:
            self._computing = False
            self._turns.give()
