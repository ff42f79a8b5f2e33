"""From pooling to CAM: a map becomes one number, and the way back from the number to a map."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch

from explainers.arrays import Array
from explainers.explanation import Explanation
from explainers.figures.colours import SIGNED_COLOURS
from explainers.figures.functions import grid
from explainers.figures.panel import Panel
from explainers.lessons.lab import Lab
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Revealed, Shown, Text
from explainers.lessons.small_maps import overlay_panel, picture_panel, values_panel
from explainers.lessons.xception import OnXception
from explainers.methods.cam import CAM, Head
from explainers.methods.grad_cam import GradCAM
from explainers.numbers import counted, short, significant
from explainers.question import Question
from explainers.settings import choice, layer, number

PICTURES = "Cup of coffee", "Chelsea the cat", "Motorcycle"
RANKS = {"likeliest": 0, "second": 1, "third": 2}
PLACES = {"top left": (0, 0), "the middle": (1, 2), "bottom right": (3, 3)}
SHOWN_MAPS = 3  # feature maps, those that count most
LARGE = 260  # pixels on the screen, of the overlay
ACTIVATIONS, RESULT = "0 white, 1 black", "jet"  # colours
SAME, FACTOR, OTHER = "exactly the same numbers", "the same map up to a factor", "two different maps"
ROUNDING = 1e-5  # of the strongest value: maps that differ by less are the same


def pooled(value: float, place: str) -> tuple[Array, float]:
    """Return a map of 4 by 4 cells with one bright cell, and its mean as the network computes it."""
    cells = torch.zeros(1, 1, 4, 4)
    cells[0, 0][PLACES[place]] = value
    return cells[0, 0].numpy(), float(torch.nn.functional.adaptive_avg_pool2d(cells, 1))


def head_of(question: Question) -> Head:
    """Return what the CAM of a question is made of."""
    method = CAM()
    return method.pass_pictures(question, lambda passes, picture: method.head(passes, picture[None]), total=1)


@dataclass(frozen=True)
class Pooling(Live):
    """The last layers of many networks turn every feature map into one number: its mean. This is called **global
    average pooling**. Here is a map of 4 by 4 cells.

    Make the bright cell brighter, and move it. What happens to the mean?
    """

    title: ClassVar[str] = "A map becomes a number"

    bright: float = number(8.0, 0.0, 16.0, 1.0, label="The bright cell", hint="Its value; all others are 0.")
    place: str = choice(*PLACES, label="Where it is", hint="Which of the 16 cells is bright.")

    def show(self, lab: Lab) -> Shown:
        cells, mean = pooled(self.bright, self.place)
        return Shown(
            (
                f"The sum of all {cells.size} cells is {short(float(cells.sum()))}. Divided by {cells.size}, it is "
                f"**{short(mean)}**.",
                "The number says how much was found. It no longer says where.",
            ),
            rows=((Panel("The map", grid(cells, ACTIVATIONS), "A map of 4 by 4 cells, one of which is bright"),),),
        )


@dataclass(frozen=True)
class AddingUp(Live):
    """Each feature map says where the network found one thing. After pooling, the score of a class is a sum: each mean
    times a weight that belongs to the class. So do it the other way round. First multiply the whole *map* by the
    weight, then add up the maps. This is **CAM**, the class activation map.

    The lower row shows the three feature maps that count most: mean times weight. Add more and more of them, and watch
    the map of the class grow.
    """

    title: ClassVar[str] = "Feature maps, weights, and their sum"

    picture: str = choice(*PICTURES, label="Picture", hint="One of the sample pictures.")
    rank: str = choice(*RANKS, label="Class", hint="Which class is explained, counted from the likeliest.")
    count: int = number(3, 1, 256, label="Feature maps added", hint="Those that add or take away most come first.")

    def show(self, lab: Lab) -> Shown:
        question = lab.question(self.picture, RANKS[self.rank])
        head = head_of(question)
        maps, weights, bias = head.grid[0].cpu().numpy(), head.weights[0].cpu().numpy(), float(head.bias[0])
        means = maps.mean((1, 2))
        order = np.argsort(-np.abs(means * weights), kind="stable")
        chosen = order[: self.count]
        partial = np.einsum("k,khw->hw", weights[chosen], maps[chosen])
        logit = float((means * weights).sum()) + bias
        explanation = lab.explain(CAM(), question)
        parts = [
            values_panel(
                f"Feature map {index}",
                maps[index],
                ACTIVATIONS,
                f"{significant(means[index])} × {significant(weights[index])} = "
                f"{significant(means[index] * weights[index])}",
            )
            for index in order[:SHOWN_MAPS].tolist()
        ]
        return Shown(
            (
                f"{counted(len(chosen), 'feature map')} of {len(weights):,} added. So far: "
                f"{significant(float(partial.mean()))}, plus a constant of {significant(bias)} that belongs to the "
                f"class: {significant(float(partial.mean()) + bias)}.",
                f"With all of them it is **{significant(logit)}**. The classifier's own logit for "
                f"{lab.label(question)} is **{significant(explanation.score)}**.",
            ),
            rows=(
                (
                    picture_panel("Picture", explanation.picture, lab.label(question)),
                    _signed("The sum so far", partial, counted(len(chosen), "map")),
                    _signed("CAM", explanation.values[0], f"all {len(weights):,} maps"),
                ),
                tuple(parts),
            ),
        )


@dataclass(frozen=True)
class FromGradients(Live):
    """CAM needs a network with this very ending. **Grad-CAM** works on any network and at any layer. It takes its
    weights from the gradient: how much does the score rise, on average, if this feature map gets brighter everywhere?

    First stay at the deepest layer, and compare with CAM. Then choose an earlier layer: the grid becomes finer. Does
    the map become better, too?
    """

    title: ClassVar[str] = "Grad-CAM, at a layer that you choose"

    picture: str = choice(*PICTURES, label="Picture", hint="One of the sample pictures.")
    layer: str | None = layer(hint="Deeper layers give coarser maps and are closer to the decision.")

    def show(self, lab: Lab) -> Shown:
        question = lab.question(self.picture)
        explanation = lab.explain(GradCAM(layer=self.layer), question)
        raw, heat = explanation.values[0], explanation.heat
        name = self.layer or lab.classifier.layer or ""
        return Shown(
            (
                f"The layer `{name}` gives a grid of {raw.shape[0]} by {raw.shape[1]} cells. Explained: "
                f"{lab.label(question)}.",
                _against_cam(lab, question, name),
            ),
            rows=(
                (
                    Panel("The raw grid", grid(raw, ACTIVATIONS, digits=2), "The values of the map, cell by cell"),
                    values_panel("Coloured", raw, RESULT),
                    values_panel("Enlarged", heat, RESULT),
                ),
                (
                    overlay_panel(explanation, question, RESULT, LARGE),
                    picture_panel("Picture", explanation.picture, lab.label(question)),
                ),
            ),
        )


def _signed(title: str, values: Array, below: str) -> Panel:
    return values_panel(title, values, SIGNED_COLOURS, below, signed=True)


def difference(lab: Lab, question: Question) -> float:
    """Return the largest difference of CAM and Grad-CAM, each divided by its strongest value, without any ReLU."""
    first, other = (lab.explain(method, question) for method in (CAM(), GradCAM(relu=False)))
    return float(np.abs(_scaled(first) - _scaled(other)).max())


def _scaled(explanation: Explanation) -> Array:
    values = explanation.values[0]
    return values / np.abs(values).max()  # type: ignore[no-any-return]


def factor(lab: Lab, question: Question) -> float:
    """Return how many times as large CAM is as Grad-CAM."""
    first, other = (lab.explain(method, question).values for method in (CAM(), GradCAM(relu=False)))
    return float(np.abs(first).max() / np.abs(other).max())


def _against_cam(lab: Lab, question: Question, name: str) -> str:
    """Say how far Grad-CAM at a layer is from CAM."""
    if name != lab.classifier.layer:
        return "CAM exists only at the deepest layer, so there is nothing to compare this map with."
    off = difference(lab, question)
    return (
        "Before the ReLU, and divided by their strongest values, CAM and Grad-CAM differ by at most "
        f"**{significant(off)}**: they are the same map here."
    )


def _moved(lab: Lab) -> Revealed:
    means = [pooled(8.0, place)[1] for place in PLACES]
    return Revealed(
        "It stays the same" if len({*means}) == 1 else "It changes",
        f"The mean is {short(means[0])} in every place. So the score can't depend on where something was found, only "
        "on how much of it. The map before the pooling still knows where. That is why CAM goes back to it.",
    )


def _related(lab: Lab) -> Revealed:
    question = lab.question(PICTURES[0])
    off, times = difference(lab, question), factor(lab, question)
    right = OTHER if off >= ROUNDING else SAME if abs(times - 1) < ROUNDING else FACTOR
    return Revealed(
        right,
        f"CAM is {significant(times)} times Grad-CAM, in every cell. Once that is divided out, they differ by at most "
        f"{significant(off)}. The reason: after the pooling, the score is a sum of weight times mean. The derivative "
        "of a mean with respect to one cell is 1 divided by the number of cells. So the gradient *is* the weight, "
        "divided by the number of cells.",
    )


def _elsewhere(lab: Lab) -> str:
    cells = lab.explain(CAM(), lab.question(PICTURES[0])).values[0].size
    return (
        "CAM needs a network that ends in global average pooling and one linear layer, because it borrows that layer's "
        f"weights. There, both maps agree up to a factor, here {cells}, the number of cells. Grad-CAM takes the "
        "gradient instead, so it works on any network and at any layer. But at an earlier layer, a mean gradient says "
        "little: the same feature map can count for the class in one place, and against it in another."
    )


LESSON = Lesson(
    slug="cam",
    title="From pooling to CAM",
    goal="How to build a class activation map by hand, and when Grad-CAM is the same.",
    minutes=15,
    parts=(
        Text(
            "Where did it see that?",
            "Deep in a network, a picture has become a stack of small **feature maps**. Each shows where one thing was "
            "found: fur, a rim, a wheel. From these, the last layers compute one score for every class. Can we go back "
            "from the score to the place?",
        ),
        Guess(
            "moved",
            "The bright cell moves",
            "A feature map has one bright cell in a corner. The network takes the mean of the map. Now the cell moves "
            "to the middle. What happens to the mean?",
            ("It changes", "It stays the same"),
            _moved,
        ),
        Pooling(),
        AddingUp(),
        Guess(
            "related",
            "Two ways to the weights",
            "CAM takes the weights of the last layer. Grad-CAM takes the mean gradient of the score with respect to "
            "each feature map. On this network, how do you expect the two maps to compare?",
            (SAME, FACTOR, OTHER),
            _related,
        ),
        FromGradients(),
        OnXception(),
        OpenQuestion(
            "elsewhere",
            "When they differ",
            "What does CAM need that Grad-CAM doesn't? And what becomes of the mean gradient at an earlier layer?",
            _elsewhere,
        ),
        Link(
            "On a real picture",
            "The Explain page shows Grad-CAM large, over any photo, at any layer. “Save” there gives the map, the "
            "overlay and the numbers as files.",
            "Open Grad-CAM of the motorcycle, and save it",
            "explain",
            {"sample": "motorcycle_left", "method": "grad-cam"},
        ),
    ),
)
