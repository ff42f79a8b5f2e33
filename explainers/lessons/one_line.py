"""Attribution on one line: what a share in a score is, and where a slope is no good witness."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from explainers.figures.colours import GREY, ORANGE
from explainers.figures.functions import Curve, bars, curves
from explainers.figures.panel import Panel
from explainers.lessons.functions import Function, slopes, value, values
from explainers.lessons.lab import Lab
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Revealed, Shown, Text
from explainers.numbers import short
from explainers.settings import choice, number

NAMES = "x₁", "x₂"
KINK = "a kink: y = max(x, 0)"
BENT: dict[str, Function] = {
    "y = x²": lambda points: points[:, 0] ** 2,
    "an S: y = 1 / (1 + e⁻ˣ)": lambda points: torch.sigmoid(points[:, 0]),
    KINK: lambda points: torch.relu(points[:, 0]),
}
S_CURVE = BENT["an S: y = 1 / (1 + e⁻ˣ)"]
CORNER = "At its corner the kink has no tangent. Programs then take the slope on one side, here the left one."
LEFT, RIGHT = -6.0, 6.0  # ends of the curves
FLAT = 6.0  # where the S is flat


def line(points: Tensor) -> Tensor:
    """Return 2 x₁ + 3 x₂."""
    return points @ points.new_tensor([2.0, 3.0])


def product(points: Tensor) -> Tensor:
    """Return x₁ · x₂."""
    return points.prod(1)


@dataclass(frozen=True)
class OneLine(Live):
    """Move the two numbers. Each gets its slope times its value, and the two shares add up to y.

    The slope with respect to one number, while the other stays as it is, is called its **partial derivative**. Does it
    ever change here?
    """

    title: ClassVar[str] = "Two numbers and their shares"

    x1: float = number(1.0, -3.0, 3.0, 0.5, label="x₁", hint="The first number that the model is given.")
    x2: float = number(1.0, -3.0, 3.0, 0.5, label="x₂", hint="The second number that the model is given.")

    def show(self, lab: Lab) -> Shown:
        inputs = self.x1, self.x2
        partial, y = slopes(line, *inputs), value(line, *inputs)
        shares = [slope * number for slope, number in zip(partial, inputs, strict=True)]
        parts = " + ".join(f"{short(slope)} · {_factor(x)}" for slope, x in zip(partial, inputs, strict=True))
        figure = bars({f"share of {name}": share for name, share in zip(NAMES, shares, strict=True)} | {"y": y})
        return Shown(
            (
                f"The partial derivatives are **{short(partial[0])}** and **{short(partial[1])}**.",
                f"The shares are {short(shares[0])} and {short(shares[1])}. Together they are "
                f"{short(sum(shares))}, and y = {parts} = **{short(y)}**.",
            ),
            (Panel("What each number adds to y", figure, f"Bars of the two shares and of y = {short(y)}"),),
        )


@dataclass(frozen=True)
class Tangent(Live):
    """A classifier isn't one straight line. But close to one place, every smooth curve looks like a line: its
    **tangent**. (For several numbers, this is the Taylor expansion of first order.) The slope of the tangent is the
    derivative there.

    Move the place where the tangent touches. Then move the step: at first the tangent is nearly right. How far can you
    go before it misleads you?
    """

    title: ClassVar[str] = "A bent line and its tangent"

    curve: str = choice(*BENT, label="Function", hint="What the model computes from x.")
    place: float = number(1.0, -5.0, 5.0, 0.5, label="The tangent touches at x", hint="Where the slope is taken.")
    step: float = number(0.5, -5.0, 5.0, 0.25, label="Step", hint="How far x moves away from there.")

    def show(self, lab: Lab) -> Shown:
        function, x = BENT[self.curve], np.linspace(LEFT, RIGHT, 241)
        (slope,), y = slopes(function, self.place), value(function, self.place)
        end = self.place + self.step
        true, promised = value(function, end) - y, slope * self.step
        touching = np.array([max(LEFT, self.place - 3), min(RIGHT, self.place + 3)])
        lines = (
            Curve("the function", x, values(function, x)),
            Curve("its tangent", touching, y + slope * (touching - self.place), ORANGE, dash=True),
            Curve("where x ends up", [end], [value(function, end)], GREY, points=True),
        )
        return Shown(
            (
                f"At x = {short(self.place)} the slope is **{short(slope)}**. For a step of "
                f"{short(self.step)} the tangent promises a change of {short(promised)}.",
                f"The function really changes by **{short(true)}**. The tangent is off by "
                f"**{short(abs(promised - true))}**.",
                *([CORNER] if self.curve == KINK and self.place == 0 else []),
            ),
            (
                Panel(
                    self.curve,
                    curves(lines, "x", "y"),
                    f"The function, and its tangent at x = {short(self.place)}",
                ),
            ),
        )


def _factor(number: float) -> str:
    """Write a number behind a multiplication sign."""
    return short(number) if number >= 0 else f"({short(number)})"


def _rise(lab: Lab) -> Revealed:
    before, after = value(line, 1, 1), value(line, 2, 1)
    return Revealed(
        short(after - before),
        f"At x₁ = 1 and x₂ = 1, y is {short(before)}. At x₁ = 2 it is {short(after)}. The rise of "
        f"{short(after - before)} is the number in front of x₁, wherever you start. That is what a line is.",
    )


def _larger(lab: Lab) -> Revealed:
    first, second = (slope * number for slope, number in zip(slopes(line, 4, 1), (4, 1), strict=True))
    steepness = slopes(line, 4, 1)
    return Revealed(
        NAMES[0] if first > second else NAMES[1],
        f"x₁ adds {short(steepness[0])} · 4 = {short(first)}, and x₂ adds {short(steepness[1])} · 1 "
        f"= {short(second)}. The slope of x₂ is larger, but there is less of x₂. So there are two questions. "
        "*How much would y change if this number changed?* The slope answers that. *How much did this number add?* "
        "That is the slope times the number, at least on a line. Maps of both kinds exist, so always ask which one you "
        "are looking at.",
    )


def _flat(lab: Lab) -> Revealed:
    (slope,), here, without = slopes(S_CURVE, FLAT), value(S_CURVE, FLAT), value(S_CURVE, 0)
    return Revealed(
        "Yes: without x, y would be much lower",
        f"The slope at x = {short(FLAT)} is only {short(slope)}, so a small change of x does almost nothing. But "
        f"y is {short(here)} there, and at x = 0 it is {short(without)}. x did that. The slope tells you what "
        "happens close by, and nothing else. The next lesson is about this.",
    )


def _interaction(lab: Lab) -> str:
    partial = slopes(product, 0, 5)
    return (
        f"At x₁ = 0 and x₂ = 5 the partial derivatives are {short(partial[0])} and {short(partial[1])}, so "
        f"x₂ seems not to matter. But at x₁ = 1 the second one is {short(slopes(product, 1, 5)[1])}: how much x₂ "
        "matters depends on x₁. The two numbers *interact*. One number for each input can't say that."
    )


LESSON = Lesson(
    slug="one-line",
    title="Attribution on one line",
    goal="What a share in a score is, and when a slope is a bad witness.",
    minutes=10,
    parts=(
        Text(
            "The question",
            "A classifier looks at thousands of numbers, the pixels of a picture, and gives a score. Which of the "
            "numbers made the score what it is? The share of each is called its **attribution**.\n\nLet us begin with "
            "two numbers instead of thousands, and with the simplest model there is, a line:\n\n**y = 2 x₁ + 3 x₂**",
        ),
        Guess(
            "rise",
            "One number moves",
            "x₁ goes up by 1, and x₂ stays where it is. By how much does y rise?",
            ("1", "2", "3", "5"),
            _rise,
        ),
        OneLine(),
        Guess(
            "larger",
            "Which one added more?",
            "Now x₁ = 4 and x₂ = 1. Which of the two adds more to y?",
            (*NAMES, "both the same"),
            _larger,
        ),
        Tangent(),
        Guess(
            "flat",
            "Where the curve is flat",
            "Look at the S at x = 6. It is nearly flat there: the slope is almost zero. Does x play a part in y?",
            ("No: where the slope is zero, x plays no part", "Yes: without x, y would be much lower"),
            _flat,
        ),
        OpenQuestion(
            "interaction",
            "Two numbers together",
            "Another model is y = x₁ · x₂. What are its two partial derivatives at x₁ = 0 and x₂ = 5, and what don't "
            "they tell you?",
            _interaction,
        ),
        Link(
            "On a real picture",
            "A photo is thousands of numbers, and the classifier is a highly curved function of them. The **vanilla "
            "gradient** is the slope of the score with respect to every pixel at once. Its map shows how large each "
            "slope is. You now know what it can say: what a small change of a pixel would do.",
            "Open the vanilla gradient of a cup of coffee",
            "explain",
            {"sample": "coffee", "method": "vanilla-gradient"},
        ),
    ),
)
