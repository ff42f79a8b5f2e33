"""Saturation: a slope of zero where an input matters most, and what Integrated Gradients collects on the way there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from torch import Tensor

from explainers.explanation import SCALES, Scale
from explainers.figures import saturation
from explainers.figures.colours import ORANGE, VIOLET
from explainers.figures.functions import Curve, curves
from explainers.figures.panel import Panel
from explainers.lessons.functions import attributions, slopes, value, values
from explainers.lessons.lab import Lab
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Revealed, Shown, Text
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.numbers import percent, short, significant
from explainers.paths.quadrature import quadrature
from explainers.settings import choice, number

LIMIT = 0.8  # above it, the function stays as it is
CORNER = "Exactly at 0.8 the function has a corner, and no slope of its own: it is 1 on the left and 0 on the right."
PICTURE = "Cup of coffee"
STEPS = 32  # of the integral on a picture


def limited(points: Tensor) -> Tensor:
    """Return min(x, 0.8)."""
    return points[:, 0].clamp(max=LIMIT)


@dataclass(frozen=True)
class Collecting(Live):
    """Integrated Gradients doesn't only look at x. It walks there from 0, in small steps, and reads the slope at every
    step. Then it multiplies the mean of all these slopes by the length of the whole path.

    Move x beyond 0.8, and compare the two answers. Then take fewer steps.
    """

    title: ClassVar[str] = "Collecting slopes on the way"

    x: float = number(1.0, 0.1, 1.5, 0.05, label="x", hint="What the model is given.")
    steps: int = number(20, 1, 50, label="Steps", hint="At how many places on the way the slope is read.")

    def show(self, lab: Lab) -> Shown:
        across = np.linspace(0, 1.5, 151)
        (slope,), y = slopes(limited, self.x), value(limited, self.x)
        (collected,) = attributions(limited, [self.x], [0.0], steps=self.steps)
        places = [alpha * self.x for alpha in quadrature("midpoint", self.steps)[0]]
        read = [slopes(limited, place)[0] for place in places]
        lines = (
            Curve("f(x) = min(x, 0.8)", across, values(limited, across)),
            Curve("slopes read on the way", places, read, VIOLET, points=True),
            Curve("x", [self.x], [y], ORANGE, points=True),
        )
        return Shown(
            (
                f"Slope at x = {short(self.x)}: {short(slope)}. Slope times x: **{short(slope * self.x)}**.",
                f"Mean slope on the way: {short(collected / self.x)}. Mean slope times x: "
                f"**{short(collected)}**. That is what Integrated Gradients gives to x.",
                f"And what did x add? f({short(self.x)}) - f(0) = **{short(y - value(limited, 0))}**.",
                *([CORNER] if math.isclose(self.x, LIMIT) else []),
            ),
            (
                Panel(
                    "The function, and the slopes on the way from 0 to x",
                    curves(lines, "x"),
                    f"The function min(x, 0.8), and its slopes at {self.steps} places between 0 and x",
                ),
            ),
        )


@dataclass(frozen=True)
class OnPicture(Live):
    """A classifier saturates, too. Here the picture fades in from black. At alpha 0 everything is black, and at alpha 1
    the picture is there. Follow the score, and below it the mean gradient of all pixels.

    Where does the score rise, and where is it flat? Change from the probability to the logit: which of the two
    saturates more?
    """

    title: ClassVar[str] = "The same on a picture"

    picture: str = choice(PICTURE, "Chelsea the cat", "Cameraman", label="Picture", hint="One of the sample pictures.")
    score: str = choice(*reversed(SCALES), label="Score", hint="Which score is followed: the logit or the probability.")

    def show(self, lab: Lab) -> Shown:
        scale: Scale = "logit" if self.score == "logit" else "probability"
        question = lab.question(self.picture, scale=scale)
        explanation = lab.explain(IntegratedGradients(steps=STEPS, rule="trapezoid"), question)
        trace, label = explanation.trace, lab.label(question)
        assert trace is not None
        scores = trace.logits if scale == "logit" else trace.probabilities
        half = float(np.interp(0.5, trace.alphas, scores))
        done = (half - scores[0]) / (scores[-1] - scores[0])
        back = ", and the rest of the path takes a little back" if done > 1 else ""
        figures = list(saturation(explanation).items())
        return Shown(
            (
                f"From black to the picture, the {scale} of {label} goes from {significant(scores[0])} to "
                f"**{significant(scores[-1])}**. Halfway, at alpha 0.5, it is {significant(half)}: "
                f"**{percent(done)}** of the change is done{back}.",
                f"The gradient is largest at alpha {significant(trace.alphas[trace.gradient_size.argmax()])}. Its mean "
                f"magnitude is **{significant(trace.gradient_size.max())}** there, and "
                f"{significant(trace.gradient_size[-1])} at the picture.",
            ),
            tuple(Panel(title, figure, f"{title}, for {label}") for title, figure in (figures[0], figures[2])),
        )


def _slope(lab: Lab) -> Revealed:
    (slope,) = slopes(limited, 1.0)
    return Revealed(
        short(slope),
        f"At x = 1 the function is {short(value(limited, 1.0))}, and a little to the left or right it is the "
        f"same. So the slope is {short(slope)}. A map of slopes would say that x doesn't matter, although "
        f"f(0) is {short(value(limited, 0.0))}: all of f(1) is the work of x. This is **saturation**.",
    )


def _collected(lab: Lab) -> Revealed:
    (share,) = attributions(limited, [1.0], [0.0])
    change = value(limited, 1.0) - value(limited, 0.0)
    (before,), (after,) = slopes(limited, LIMIT / 2), slopes(limited, 1.0)
    return Revealed(
        short(share),
        f"The slope is {short(before)} on the first {percent(LIMIT)} of the path and {short(after)} on the "
        f"rest. The mean is {short(share)}, times the length of the path, which is 1. That is exactly f(1) - f(0) = "
        f"{short(change)}. It had to be: to add up a slope over a path is to integrate a derivative, and that "
        "gives the difference between the two ends. For attributions, this is called **completeness**.",
    )


def _where(lab: Lab) -> str:
    question = lab.question(PICTURE, scale="probability")
    trace = lab.explain(IntegratedGradients(steps=STEPS, rule="trapezoid"), question).trace
    assert trace is not None
    at, size = trace.alphas[trace.gradient_size.argmax()], trace.gradient_size
    return (
        f"For the probability of {lab.label(question)}, the gradient is largest at alpha {significant(at)}: "
        f"{significant(size.max())} on average. At the picture itself it is {significant(size[-1])}. A classifier that "
        "is already sure has a small gradient, so the gradient at the picture alone is a poor witness. Integrated "
        "Gradients asks at all the darker pictures on the way, too, where the decision was still open."
    )


LESSON = Lesson(
    slug="saturation",
    title="Saturation",
    goal="Why a slope of zero doesn't mean that an input is unimportant, and what Integrated Gradients does about it.",
    minutes=12,
    parts=(
        Text(
            "A function that has had enough",
            "Take **f(x) = min(x, 0.8)**. Up to 0.8, it is a line: f(x) = x. From there on it stays at 0.8, however "
            "large x becomes. Classifiers behave like this. Once they have seen enough to be sure, more of the same "
            "changes nothing.",
        ),
        Guess("slope", "The slope at 1", "What is the slope of f at x = 1?", ("1", "0.8", "0.2", "0"), _slope),
        Guess(
            "collected",
            "Walking there",
            "Integrated Gradients walks from 0 to x = 1 in very small steps. It takes the mean slope on the way "
            "and multiplies it by the length of the path, which is 1. What does it give to x?",
            ("0", "0.2", "0.8", "1"),
            _collected,
        ),
        Collecting(),
        OnPicture(),
        OpenQuestion(
            "where",
            "Where it is decided",
            "Look at the curves of the probability again. Where on the way is the gradient large, and where is it "
            "small? Why is the gradient at the picture itself a poor witness?",
            _where,
        ),
        Link(
            "On a real picture",
            "The Path page shows all of this for every picture: drag alpha, and see the picture fade in, the gradient "
            "at that place and the map that has been collected so far.",
            "Follow the path to a cup of coffee",
            "path",
            {"sample": "coffee", "scale": "probability"},
        ),
    ),
)
