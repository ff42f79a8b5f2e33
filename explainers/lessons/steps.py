"""How many steps: the sum that must come out, and a rule that never gets there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import captum.attr
import numpy as np
import torch
from torch import Tensor

from explainers.check import Check
from explainers.explanation import Explanation
from explainers.figures.colours import GREY, ORANGE
from explainers.figures.functions import Curve, curves
from explainers.figures.panel import Panel
from explainers.lessons.functions import attributions, value
from explainers.lessons.lab import Lab
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Revealed, Shown, Text
from explainers.lessons.small_maps import common_peak, map_panel, picture_panel
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.numbers import counted, percent, short, significant
from explainers.paths.quadrature import RULES
from explainers.settings import choice, number

PICTURES = "Cup of coffee", "Chelsea the cat", "Motorcycle"
FEW, MANY = 5, 50  # steps
RULE = "left"  # the first that comes to mind: the slope at the beginning of each step
SMALL, LARGE = 0.01, 0.1  # gaps between which an answer lies
GAPS = "less than 1%", "1% to 10%", "more than 10%"
END = 2.0  # of the way on which the linear function is integrated
COUNTS = (2, 3, 5, 10, 20, 50, 100)  # of the library's steps


def tripled(points: Tensor) -> Tensor:
    """Return 3 x."""
    return 3 * points[:, 0]


def by_library(steps: int) -> float:
    """Return what Captum gives to x = 2 by its trapezoid rule, for the function 3 x and the baseline 0."""
    method = captum.attr.IntegratedGradients(tripled)
    start = torch.tensor([[END]], dtype=torch.float64)
    return float(method.attribute(start, baselines=0.0, n_steps=steps, method="riemann_trapezoid"))


@dataclass(frozen=True)
class FewOrMany(Live):
    """Integrated Gradients adds up slopes on the way from black to the picture. The values of all pixels together
    should be the score of the picture minus the score of black. How far they are off, as a share of that difference, is
    called the **gap**.

    Compare 5 steps with 50, then choose a number of your own. Then try another rule. “Left” reads the slope at the
    beginning of each step, “midpoint” in its middle, “right” at its end. “Trapezoid” takes the mean of both ends, and
    “gauss-legendre” chooses places and weights that suit smooth curves best.
    """

    title: ClassVar[str] = "Five steps against fifty"

    picture: str = choice(*PICTURES, label="Picture", hint="One of the sample pictures.")
    steps: int = number(20, 2, 50, label="Your number of steps", hint="Each is one pass through the network.")
    rule: str = choice(RULE, *(rule for rule in RULES if rule != RULE), label="Rule", hint="Where the slope is read.")

    def show(self, lab: Lab) -> Shown:
        question = lab.question(self.picture)
        counts = list(dict.fromkeys((FEW, MANY, self.steps)))
        maps = [lab.explain(IntegratedGradients(steps=count, rule=self.rule), question) for count in counts]
        strongest, last = common_peak(*maps), maps[-1]
        aim = last.score - (last.baseline_score or 0.0)
        return Shown(
            (
                f"The logit of {lab.label(question)} is {significant(last.score)} for the picture and "
                f"{significant(last.baseline_score or 0.0)} for black. So the pixels must add up to "
                f"**{significant(aim)}**. In the maps, red pixels raise it and "
                "blue ones lower it.",
                *(
                    f"{counted(count, 'step')}: they add up to {significant(_sum(each))}. The gap is **{_gap(each)}**."
                    for count, each in zip(counts, maps, strict=True)
                ),
            ),
            rows=(
                (
                    picture_panel("Picture", last.picture, lab.label(question)),
                    *(
                        map_panel(counted(count, "step"), each, f"gap {_gap(each)}", strongest)
                        for count, each in zip(counts, maps, strict=True)
                    ),
                ),
            ),
        )


@dataclass(frozen=True)
class OtherLibrary(Live):
    """A well-known library, Captum, has a *trapezoid rule*, too. Let it integrate **f(x) = 3x** on the way from 0 to 2,
    and do the same with the trapezoid rule of Whypixel.

    What should come out? Which of the two is right, and does it help to take more steps?
    """

    title: ClassVar[str] = "A rule that is too small"

    steps: int = number(10, 2, 100, label="Number of steps n", hint="At how many places the slope is read.")

    def show(self, lab: Lab) -> Shown:
        aim, theirs = value(tripled, END) - value(tripled, 0.0), by_library(self.steps)
        (ours,) = attributions(tripled, [END], [0.0], rule="trapezoid", steps=self.steps)
        counts = sorted({*COUNTS, self.steps})
        lines = (
            Curve("what the sum must be", [counts[0], counts[-1]], [aim, aim], GREY, dash=True),
            Curve("the library's trapezoid rule", counts, [by_library(count) for count in counts], ORANGE),
            Curve("your n", [self.steps], [theirs], ORANGE, points=True),
        )
        return Shown(
            (
                f"f({short(END)}) - f(0) = **{short(aim)}**, so the answer must be {short(aim)}.",
                f"Whypixel's trapezoid rule gives **{short(ours)}**. The library's gives **{significant(theirs)}**.",
                f"The library's is too small by {percent(1 - theirs / aim)} of the right number. And 1/n is "
                f"{percent(1 / self.steps)}.",
            ),
            (
                Panel(
                    "What the library's rule gives, over n",
                    curves(lines, "n", "sum"),
                    "The library's sum comes closer to the right one with more steps, and stays below",
                ),
            ),
        )


def _sum(explanation: Explanation) -> float:
    """Return what the pixels add up to."""
    check = Check.of(explanation)
    return check.pixels if check else float(explanation.values.sum(dtype=np.float64))


def _gap(explanation: Explanation) -> str:
    return "can't be judged" if explanation.gap is None else percent(explanation.gap)


def _five(lab: Lab) -> Revealed:
    question = lab.question(PICTURES[0])
    few, many = (lab.explain(IntegratedGradients(steps=count, rule=RULE), question) for count in (FEW, MANY))
    gap = few.gap or 0.0
    return Revealed(
        GAPS[(gap >= SMALL) + (gap > LARGE)],
        f"With {FEW} steps the pixels add up to {significant(_sum(few))}, and they should add up to "
        f"{significant(few.score - (few.baseline_score or 0.0))}: the gap is {_gap(few)}. With {MANY} steps it is "
        f"{_gap(many)}. The sum is a check that costs nothing, and every map of this method should come with it.",
    )


def _linear(lab: Lab) -> Revealed:
    aim = value(tripled, END) - value(tripled, 0.0)
    (one,) = attributions(tripled, [END], [0.0], steps=1)
    return Revealed(
        short(aim),
        f"f({short(END)}) - f(0) is {short(aim)}. The slope is the same everywhere on the way. So it doesn't matter "
        f"where it is read, or how often: even a single step gives {short(one)}.",
    )


def _caught(lab: Lab) -> str:
    steps = COUNTS[3]
    share = by_library(steps) / (value(tripled, END) - value(tripled, 0.0))
    return (
        "On a linear function all slopes are equal. So the only thing that can go wrong is how much they count "
        f"together: their weights must add up to 1. The library's weights for n = {steps} add up to {short(share)}, "
        "which is 1 - 1/n. It reads the slope at n places, and the two at the ends count half each. But n places have "
        "only n - 1 gaps between them, and it divides by n. On a photo you would hardly see this, because the photo's "
        "own gap would hide it. A test with a known answer finds it at once."
    )


LESSON = Lesson(
    slug="steps",
    title="How many steps",
    goal="How to check a map of Integrated Gradients by its sum, and how to catch a wrong rule.",
    minutes=12,
    parts=(
        Text(
            "A sum that must come out right",
            "An integral is a sum of very many small parts. A computer can only take a few of them: it reads the slope "
            "at some **steps** on the path, and adds up. How many does it need?\n\nThere is a check, because you know "
            "what the sum must be. All attributions together must be the score of the picture minus the score of the "
            "**baseline**, which is where the path begins. Here the baseline is a black picture.",
        ),
        Guess(
            "five",
            "Only five steps",
            "The classifier looks at a cup of coffee. You read the slope at five places only, at the beginning of each "
            "step. How far off will the sum be, as a share of what it must be?",
            GAPS,
            _five,
        ),
        FewOrMany(),
        Guess(
            "linear",
            "The simplest test",
            "Now a test that everybody can check: f(x) = 3x, from the baseline 0 to x = 2. What must the attribution "
            "of x be, for any number of steps?",
            ("2", "3", "6", "It depends on the number of steps"),
            _linear,
        ),
        OtherLibrary(),
        OpenQuestion(
            "caught",
            "Why it was caught",
            "Why does one linear function suffice to catch a wrong rule? And what exactly is wrong with this one?",
            _caught,
        ),
        Link(
            "On a real picture",
            "The Path page shows, for every picture, how the map and its gap change with the number of steps, for each "
            "rule. Usually Whypixel chooses the steps itself: it takes more of them where the gradient changes most, "
            "until the map is right to within 3%.",
            "See how many steps the motorcycle needs",
            "path",
            {"sample": "motorcycle_left"},
        ),
    ),
)
