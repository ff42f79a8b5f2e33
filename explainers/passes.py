"""Passes pictures through a private, frozen copy of a network: counted, in chunks and in turns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Literal

import torch
from torch import Tensor, nn

from explainers.classifiers import Classifier
from explainers.classifiers.precision import widen
from explainers.classifiers.preparing import Prepared
from explainers.explanation import SCALES, Target
from explainers.runtime.chunks import Chunks
from explainers.runtime.gradients import refusal, refuse_broken_gradient, refuse_half_precision
from explainers.runtime.turns import turns

CHUNK_PIXELS = 8 * 224 * 224  # eight ImageNet pictures: more are no faster, because activations exceed a CPU's caches
LARGEST_CHUNK = 16  # of small pictures: more are no faster either, and other calls wait while a chunk passes
FORWARD_CHUNK_FACTOR = 2  # times as many without gradients: faster, and still shorter and leaner than a chunk with them
GPU_CHUNK_FACTOR = 4  # times as many pictures


@dataclass(frozen=True)
class Progress:
    """How far a computation is, in pictures passed through the network.

    done:    the pictures that have passed.
    total:   the pictures of the whole computation; None if unknown.
    preview: a first result, before the final one.
    """

    done: int
    total: int | None = None
    preview: Any = None


OnProgress = Callable[[Progress], None]
Place = Literal["first", "middle", "last"]


@dataclass(eq=False)
class Sample:
    """A picture that passed, and what it was answered.

    picture, gradient: (C, H, W); the gradient is that of the explained score, None if there was none.
    logits:            (classes,).
    row:               the number of its target.
    differentiable:    whether gradients were switched on.
    """

    picture: Tensor
    logits: Tensor
    row: int
    differentiable: bool
    gradient: Tensor | None = None


def chunk_size(classifier: Classifier, *, forward_only: bool = False) -> int:
    """Return the number of pictures per pass.

    It depends on nothing but the input's size, the device, and whether gradients follow, so that results are the same
    bit for bit.
    """
    height, width = classifier.size
    pictures = max(1, min(LARGEST_CHUNK, CHUNK_PIXELS // (height * width)))
    pictures *= GPU_CHUNK_FACTOR if classifier.device.type == "cuda" else 1
    return pictures * (FORWARD_CHUNK_FACTOR if forward_only else 1)


class Passes(nn.Module):
    """The passes of one call through a classifier's network, as a module: pictures -> the explained scores.

    It holds a private copy of the module tree that shares the weights, so hooks, modes and layers belong to this call.
    It is used inside a `with` block: each pass waits for its turn on the device, and keeps it for the backward pass
    until the next pass or the end of the block. `on_progress` is called at the start of each turn, and may raise an
    exception to cancel.

    weights:    the fingerprint of the weights, where it is known.
    folded:     whether the network is the prepared one, and that differs from the classifier's.
    refuted:    whether a faster way of passing the pictures was tried first, and gave different answers.
    checks:     the number of pictures that passed again, through the network as it is, to verify the answers.
    chunks:     the number of pictures per pass.
    count:      the number of pictures passed so far.
    total:      the number that will have passed in the end; None while it is unknown.
    answers:    (count, 2), the logit and the probability of the target for each of them, in order.
    on_preview: called with the attribution of a first result.
    samples:    by the number of the target, the first picture passed for it, the last, and one between; none where each
                passed alone through the network as it is, because they need no verification.
    """

    def __init__(
        self,
        classifier: Classifier,
        targets: Sequence[Target],
        *,
        fused: bool,
        alone: bool = False,
        forward_only: bool = False,
        total: int | None = None,
        on_progress: OnProgress | None = None,
        choose: Callable[[Tensor], Target] | None = None,
    ) -> None:
        """Take a copy of the network.

        choose: returns the target, given the logits (classes,) of the first picture, where only they tell it; until
                then, the one of `targets` stands in for it.
        """
        super().__init__()
        self.classifier = classifier
        preparation = classifier.preparation() if fused else Prepared(classifier.copies)
        self.folded, self.refuted = preparation.network is not classifier.network, False
        self._copies, self._copy = preparation.copies, preparation.copies.take()
        self.network, self.weights = self._copy.network, preparation.weights
        self._ask(targets)
        self._choose = choose
        self.alone = alone or classifier.traits.alone
        self.chunks = Chunks(1 if self.alone else chunk_size(classifier, forward_only=forward_only))
        self.total, self.on_progress = total, on_progress
        self.on_preview: Callable[[Any], None] | None = None
        self.samples: dict[tuple[int, Place], Sample] = {}
        self.checks = 0
        self._changed = False
        self._answers: list[list[float]] = []
        self._rows: list[int] = []  # of the pictures passed so far, the numbers of their targets
        self._turns = turns(classifier.device)
        self._entered = self._has_turn = self._gradient_checked = False

    def _ask(self, targets: Sequence[Target]) -> None:
        if len({(target.scale, target.versus is None) for target in targets}) > 1:
            raise ValueError("the targets of one call must share their scale and whether they have a versus")
        self.targets, self.scale = tuple(targets), targets[0].scale
        self.index = torch.tensor([target.index for target in targets], device=self.classifier.device)
        versus = [target.versus for target in targets]
        self.versus = None if None in versus else torch.tensor(versus, device=self.classifier.device)

    def __enter__(self) -> Passes:
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._give_turn()
        if self._entered:
            self._entered = False
            del self.network
            if error is None:
                self._copies.give_back(self._copy)
        if sentence := refusal(error, self.classifier.name):
            raise sentence from error

    @property
    def count(self) -> int:
        return len(self._answers)

    @property
    def answers(self) -> Tensor:
        return torch.tensor(self._answers, dtype=self.classifier.dtype, device=self.classifier.device).view(-1, 2)

    @property
    def column(self) -> int:
        """The column of `answers` that is explained."""
        return SCALES.index(self.scale)

    def rows(self) -> Tensor:
        """Return (N,), the number of each picture's target, for calls that pass the N pictures themselves."""
        return torch.arange(len(self.index), device=self.index.device)

    def run(self, count: int, work: Callable[[slice], None], *, start: int = 0) -> None:
        """Run `work` as `Chunks.run` does, and drop the answers of chunks for which memory ran out."""

        def attempt(part: slice) -> None:
            count_before = len(self._answers)
            try:
                work(part)
            except BaseException:
                del self._answers[count_before:], self._rows[count_before:]
                raise

        self.chunks.run(count, attempt, start=start)

    def in_chunks(self, pictures: Tensor, rows: Tensor) -> Tensor:
        """Return scores as `forward` does, for methods that need no gradient: the pictures pass chunk by chunk."""
        scores: list[Tensor] = []
        self.run(len(pictures), lambda part: scores.append(self(pictures[part], rows[part])))
        return torch.cat(scores)

    @torch.no_grad()
    def scores(self, row: int, make: Callable[[slice], Tensor], count: int, *, changes_network: bool = False) -> Tensor:
        """Return the scores (count,) of the target `row` for `count` changes of the picture, or of the network.

        make:            returns the pictures (n, C, H, W) of a slice of the changes, and applies any change of the
                         network before they pass. It is called again, on smaller slices, where memory runs out.
        changes_network: whether it does; no sample is taken then.
        """
        scores: list[Tensor] = []

        def work(part: slice) -> None:
            pictures = make(part)
            scores.append(self(pictures, torch.full((len(pictures),), row, device=self.index.device)))

        self._changed = changes_network
        self.run(count, work)
        self._changed = False
        return torch.cat(scores) if scores else self.answers[:0, self.column]

    def leave_out(self, pictures: int) -> None:
        """Count on fewer passes in the end, because these pictures needn't pass."""
        if self.total is not None:
            self.total -= pictures

    def forward(self, pictures: Tensor, rows: Tensor) -> Tensor:
        """Return the scores (n,) of the targets `rows` (n,) for pictures (n, C, H, W) in pixel units."""
        logits = self.logits(pictures)
        if self._choose:
            self._ask([self._choose(logits[0].detach())])
            self._choose = None
        if (self.folded or (len(pictures) > 1 and not self.alone)) and not self._changed:
            self._sample(pictures, logits, rows)
        answers = self.answers_of(logits, rows)
        self._answers += answers.tolist()
        self._rows += rows.tolist()
        scores = answers[:, self.column]
        if torch.is_grad_enabled():  # in each pass: what a network computes may depend on the picture
            refuse_half_precision(scores, self.classifier.name, hidden=self.classifier.traits.coarse)
        if torch.is_grad_enabled() and pictures.requires_grad and not self._gradient_checked:
            refuse_broken_gradient(scores, pictures, self.classifier.name)
            self._gradient_checked = True
        return scores

    def logits(self, pictures: Tensor) -> Tensor:
        """Return the logits (n, classes) for pictures (n, C, H, W) in pixel units."""
        self._take_turn(len(pictures))
        if self.on_progress:
            self.on_progress(Progress(self.count, self.total))
        inputs = self.classifier.normalise(pictures)
        # By slices, for torch forbids networks to work in place on one of several views that were made together.
        parts = [inputs[number : number + 1] for number in range(len(inputs))] if self.alone else [inputs]
        return torch.cat([self._run(part) for part in parts])

    def answers_of(self, logits: Tensor, rows: Tensor) -> Tensor:
        """Return (n, 2), the logits and probabilities of the targets `rows` (n,), given all logits (n, classes)."""
        outputs = widen(logits), self.classifier.probabilities(logits)
        return torch.stack([self._target_outputs(output, rows) for output in outputs], 1)

    def _run(self, inputs: Tensor) -> Tensor:
        classifier = self.classifier
        with classifier.traits.observed(self.network, classifier.network, classifier.device):
            logits: Tensor = self.network(inputs)
        self.classifier.check(logits)
        return logits

    def _sample(self, pictures: Tensor, logits: Tensor, rows: Tensor) -> None:
        """Keep each target's first picture, its last one, and the one whose number is the largest power of two."""
        passed, places = Counter(self._rows), dict[tuple[int, Place], int]()
        for place, row in enumerate(rows.tolist()):
            number = passed[row]
            passed[row] += 1
            places[row, "last"] = place
            if number == 0:
                places[row, "first"] = place
            elif number & (number - 1) == 0:
                places[row, "middle"] = place
        samples = {
            place: Sample(
                pictures[place].detach().clone(), logits[place].detach().clone(), row, torch.is_grad_enabled()
            )
            for place, row in {place: row for (row, _), place in places.items()}.items()
        }
        self.samples |= {key: samples[place] for key, place in places.items()}
        if pictures.requires_grad:

            def keep(gradient: Tensor | None) -> None:
                if gradient is None:  # which is refused later
                    return
                for place, sample in samples.items():
                    sample.gradient = gradient[place].detach().clone()

            pictures.register_hook(keep)  # type: ignore[no-untyped-call]

    def preview(self, attribution: Any) -> None:
        """Hand a first result to `on_preview`, if there is one."""
        if self.on_preview:
            self.on_preview(attribution)

    def _target_outputs(self, outputs: Tensor, rows: Tensor) -> Tensor:
        output = outputs.gather(1, self.index[rows, None])[:, 0]
        return output if self.versus is None else output - outputs.gather(1, self.versus[rows, None])[:, 0]

    def _take_turn(self, pictures: int) -> None:
        if not self._entered:
            raise RuntimeError("enter the passes before using them: nobody would give their turn back")
        self._give_turn()
        self._turns.take(self.count + pictures)
        self._has_turn = True

    def _give_turn(self) -> None:
        if self._has_turn:
            self._has_turn = False
            self._turns.give()
