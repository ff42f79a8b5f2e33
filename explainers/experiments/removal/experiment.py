"""Deletion and insertion: does the score follow the pixels that a map calls important?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.classifiers import Classifier
from explainers.experiments.base import Experiment, ExperimentProgress
from explainers.experiments.removal.fills import PIXEL_FILLS, Fill, fill
from explainers.experiments.removal.orders import centred, moved, order, scattered
from explainers.experiments.removal.outcome import COMPARED_EVERY, ORDER_COUNT, RANDOM_COUNT, Curves, RemovalOutcome
from explainers.explainer import Explainer
from explainers.explanation import SCALES, Explanation
from explainers.passes import Passes
from explainers.question import Question
from explainers.runtime.chunks import enough_memory
from explainers.settings import choice, number, seed
from explainers.verification import verified

BLURRED = "blurred picture"
AS_EXPLAINED = "as explained"


@dataclass(frozen=True)
class Removal(Experiment):
    """Pixels are removed in the order of the map, and brought back in the same order: does the score follow?

    If the map is right, the score falls early when its strongest pixels go first (deletion) and rises early when they
    come first (insertion). The map is compared with itself moved to 16 wrong places, because the copies have the same
    grain and the same areas. Random pixels are no fair opponent: holes all over a picture destroy any classifier's
    score, so nearly every map with larger areas loses against them in deletion and wins in insertion. Pictures with
    holes are unlike anything the classifier has learnt from, so a curve also depends on what fills the holes.
    """

    title = "Deletion and insertion"
    paper = "https://arxiv.org/abs/1806.07421"
    pace = 0.45  # without gradients

    deletion: str = choice(
        *PIXEL_FILLS,
        hint="Black holes add edges of their own. Imputation fills them from their neighbours (ROAD, Rong et al. 2022) "
        "and takes three times as long: minutes at 224 x 224 pixels.",
        label="Deletion: removed pixels become",
    )
    insertion: str = choice(
        BLURRED,
        *(name for name in PIXEL_FILLS if name != BLURRED),
        hint="The picture that the pixels return to.",
        label="Insertion: missing pixels are",
    )
    score: str = choice(
        AS_EXPLAINED,
        *SCALES,
        label="Score that is watched",
        hint="The logit belongs to the class alone. The probability also depends on the other classes, and saturates.",
    )
    steps: int = number(
        16, 4, 50, 2, label="Points on the curves", hint="They are closest where few pixels are removed."
    )
    seed: int = seed(high=999, hint="Fixes the random pixels, the order of pixels with equal values, and the noise.")

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        return 2 * (2 + (self.steps - 1) + (ORDER_COUNT - 1) * (self.steps // COMPARED_EVERY - 1))

    @torch.no_grad()
    def run(
        self, explainer: Explainer, question: Question, explanation: Explanation, progress: ExperimentProgress
    ) -> RemovalOutcome:
        map_order = order(explanation.heat, self.seed)
        size = map_order.shape[0], map_order.shape[1]
        other_orders = moved(map_order), scattered(size, RANDOM_COUNT, self.seed), centred(size)[None]
        classifier, target = question.classifier, question.target
        scale = target.scale if self.score == AS_EXPLAINED else SCALES[SCALES.index(self.score)]
        # Shares are denser at the start, where the score changes most.
        counts = np.rint(np.linspace(0, 1, self.steps + 1) ** 2 * map_order.size).astype(int)
        with enough_memory():
            picture, _ = classifier.see(question.photo.image)
            orders = torch.from_numpy(np.concatenate([map_order[None], *other_orders])).to(picture.device)

            def curves(passes: Passes, name: str, *, rising: bool) -> Curves:
                remove = fill(name, picture, mean=classifier.mean, seed=self.seed)
                answers = sweep(passes, orders, counts.tolist(), remove, rising=rising)
                seen = [remove(_missing(orders[:1], count, rising=rising))[0] for count in counts.tolist()]
                levels = [(image.clamp(0, 1) * 255).round().byte().cpu().numpy() for image in seen]
                return Curves(name, rising, counts / map_order.size, answers, np.stack(levels), scale)

            (deletion, insertion), _ = verified(
                classifier,
                [target],
                lambda passes: (
                    curves(passes, self.deletion, rising=False),
                    curves(passes, self.insertion, rising=True),
                ),
                fused=True,
                total=progress.total,
                on_progress=progress.on_progress,
            )
        return RemovalOutcome(deletion, insertion, flat=bool(np.ptp(explanation.heat) == 0))


def sweep(passes: Passes, orders: Tensor, counts: list[int], remove: Fill, *, rising: bool) -> Array:
    """Return answers (n, S, 2) while `counts` (S) pixels of a picture are removed in each of n orders (n, H, W).

    rising: whether pixels are brought back instead. The first order is tried at all counts, the others at every second
    (NaN elsewhere). At both ends all orders give the same picture, so it is passed only once.
    """
    last, device = len(counts) - 1, orders.device
    inner = [
        (order_index, stop)
        for order_index in range(len(orders))
        for stop in range(1, last)
        if order_index == 0 or stop % COMPARED_EVERY == 0
    ]
    trials = torch.tensor([(0, 0), (0, last), *inner], device=device)
    limits = torch.tensor(counts, device=device)[:, None, None]

    def work(part: slice) -> None:
        order_indices, stops = trials[part].T
        passes(remove(_missing(orders[order_indices], limits[stops], rising=rising)), torch.zeros_like(order_indices))

    before = passes.count
    passes.run(len(trials), work)
    answers = passes.answers[before:].double().cpu().numpy()
    curves = np.full((len(orders), len(counts), len(SCALES)), np.nan)
    curves[tuple(trials.cpu().numpy().T)] = answers
    curves[1:, [0, last]] = answers[:2]
    return curves


def _missing(orders: Tensor, count: int | Tensor, *, rising: bool) -> Tensor:
    """Return which pixels are missing after `count` pixels were removed, or brought back, in each order."""
    return orders >= count if rising else orders < count
