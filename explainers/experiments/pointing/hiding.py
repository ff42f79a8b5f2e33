"""What a classifier answers when a part of the picture is hidden."""

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

BOX_FILLS = ("dataset mean", "black", "white", "blurred picture")  # those baselines that hide what is behind them
CLASSES_SHOWN = 5  # how many of the likeliest classes are listed, before and after hiding


@dataclass(frozen=True, eq=False)
class Hidden:
    """The classifier's answers to a picture, whole and with a part of it hidden.

    picture:   (C, H, W) float32 in pixel units, with the part hidden.
    answers:   (class, probability before, probability after) for the classes that are likeliest before or after, in
               the order of their probability before.
    score:     the explained score for the whole picture; hidden: the score with the part hidden.
    elsewhere: (n,) the score with another part hidden instead, at each of n other places.
    larger:    how many times as large as the part the other parts are.
    """

    picture: Array
    answers: tuple[tuple[str, float, float], ...]
    score: float
    hidden: float
    elsewhere: Array
    larger: float

    @property
    def fall(self) -> float:
        """By how much the score falls when the part is hidden."""
        return self.score - self.hidden

    @property
    def needed(self) -> bool | None:
        """Whether the classifier needs the part, judged by how much the score falls.

        True if it falls more than with any other part hidden, where those are at least as large. False if it doesn't
        fall, or falls by no more than their median, where those are no larger. None if neither is clear.
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
    """Hide a part (H, W) of a picture (C, H, W) in pixel units behind one of BOX_FILLS, then each of the others alone.

    This takes 2 passes, and 1 for each of the others.
    """
    filled = baseline(fill, picture[None], mean=classifier.mean)[0, 0]
    pictures = [
        picture,
        *(torch.where(torch.from_numpy(mask).to(picture.device), filled, picture) for mask in (part, *others)),
    ]
    answers = []
    for number, image in enumerate(pictures):
        if on_progress:
            on_progress(Progress(number, len(pictures)))
        answers.append(classifier.predict(image, len(classifier.labels)))
    scores = [_score(answer, target) for answer in answers]
    return Hidden(
        picture=pictures[1].float().cpu().numpy(),
        answers=_side_by_side(*answers[:2]),
        score=scores[0],
        hidden=scores[1],
        elsewhere=np.array(scores[2:]),
        larger=float(others[0].sum() / part.sum()) if others else 0.0,
    )


def _score(predictions: Sequence[Prediction], target: Target) -> float:
    """Return the explained score, given the predictions for all classes."""
    logit = target.scale == "logit"
    scores = {answer.index: answer.logit if logit else answer.probability for answer in predictions}
    return scores[target.index] - (0.0 if target.versus is None else scores[target.versus])


def _side_by_side(before: Sequence[Prediction], after: Sequence[Prediction]) -> tuple[tuple[str, float, float], ...]:
    """Return (class, probability before, probability after) for the classes that are likeliest before or after."""
    later = {answer.index: answer.probability for answer in after}
    shown = {answer.index for answer in (*before[:CLASSES_SHOWN], *after[:CLASSES_SHOWN])}
    return tuple((answer.label, answer.probability, later[answer.index]) for answer in before if answer.index in shown)
