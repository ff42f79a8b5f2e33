"""What a classifier says when a part of the picture is hidden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from explainers.arrays import Array
from explainers.classifiers import Classifier, Prediction
from explainers.explanation import Target
from explainers.images.baselines import baseline
from explainers.passes import OnProgress, Progress

FILLS = ("dataset mean", "black", "white", "blurred picture")  # baselines that can hide something
SHOWN = 5  # likeliest classes, before and after


@dataclass(frozen=True, eq=False)
class Hidden:
    """The classifier's answers to a picture, whole and with a part of it hidden.

    picture:   (C, H, W) float32 in pixel units, the part hidden.
    answers:   (class, probability before, probability after), the likeliest before and after, the likeliest first.
    score:     what is explained, for the whole picture; hidden: with the part hidden.
    elsewhere: (n,) with another part hidden instead, at each of n other places.
    larger:    how many times as large as the part those are.
    """

    picture: Array
    answers: tuple[tuple[str, float, float], ...]
    score: float
    hidden: float
    elsewhere: Array
    larger: float

    @property
    def fall(self) -> float:
        """How far the score falls."""
        return self.score - self.hidden

    @property
    def needed(self) -> bool | None:
        """Whether the classifier needs that part: hiding it hurts more than hiding as much, or more, elsewhere.

        False where it hurts no more than half of the others do, which are no larger; or not at all. Else None.
        """
        falls = self.score - self.elsewhere
        if self.fall <= 0:
            return False
        if len(falls) and self.larger >= 1 and self.fall > falls.max():
            return True
        return False if len(falls) and self.larger <= 1 and self.fall <= np.median(falls) else None


def hide(
    classifier: Classifier,
    picture: Tensor,
    part: Array,
    others: Sequence[Array],
    target: Target,
    fill: str,
    on_progress: OnProgress | None = None,
) -> Hidden:
    """Hide a part (H, W) of a picture (C, H, W) in pixel units behind one of FILLS; and each of the others, alone.

    2 passes, and 1 for each of the others.
    """
    filled = baseline(fill, picture[None], mean=classifier.mean)[0, 0]
    pictures = [
        picture,
        *(torch.where(torch.from_numpy(mask).to(picture.device), filled, picture) for mask in (part, *others)),
    ]
    answers = []
    for number, each in enumerate(pictures):
        if on_progress:
            on_progress(Progress(number, len(pictures)))
        answers.append(classifier.predict(each, len(classifier.labels)))
    scores = [_score(answer, target) for answer in answers]
    return Hidden(
        picture=pictures[1].float().cpu().numpy(),
        answers=_side_by_side(*answers[:2]),
        score=scores[0],
        hidden=scores[1],
        elsewhere=np.array(scores[2:]),
        larger=float(others[0].sum() / part.sum()) if others else 0.0,
    )


def _score(answer: Sequence[Prediction], target: Target) -> float:
    numbers = {each.index: each.logit if target.scale == "logit" else each.probability for each in answer}
    return numbers[target.index] - (0.0 if target.versus is None else numbers[target.versus])


def _side_by_side(before: Sequence[Prediction], after: Sequence[Prediction]) -> tuple[tuple[str, float, float], ...]:
    then = {each.index: each.probability for each in after}
    likely = {each.index for each in (*before[:SHOWN], *after[:SHOWN])}
    return tuple((each.label, each.probability, then[each.index]) for each in before if each.index in likely)
