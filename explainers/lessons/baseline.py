"""The baseline is a question: what a map says depends on what the picture is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explainers.experiments import dark
from explainers.explanation import Explanation
from explainers.figures.panel import Panel
from explainers.lessons.lab import Lab
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Revealed, Shown, Text
from explainers.lessons.small_maps import common_peak, map_panel, picture_panel
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.numbers import percent, significant
from explainers.settings import choice, colour

DARK_PICTURE = "Grace Hopper in uniform"
PICTURES = DARK_PICTURE, "Cameraman", "Cup of coffee"
BASELINES = "black", "white", "random", "blurred picture"
STEPS = 24  # of the trapezoid rule, enough to see how baselines differ
NEARLY = 0.1  # in every channel: a pixel closer than this to the baseline's colour looks nearly like it
LITTLE, FAIR, MORE = "less than half of it", "about as much", "more than twice as much"


def method(baseline: str, shade: str = "#7f7f7f") -> IntegratedGradients:
    """Return Integrated Gradients from a baseline, with one random draw where it is random."""
    return IntegratedGradients(steps=STEPS, rule="trapezoid", baseline=baseline, draws=1, colour=shade)


@dataclass(frozen=True)
class FourBaselines(Live):
    """Integrated Gradients compares the picture with a **baseline**. Here are four of them, and below each the
    map that it gives. All maps explain the same class of the same picture, by the same method.

    Which parts of the picture appear or vanish with the baseline? Look at the dark parts.
    """

    title: ClassVar[str] = "One picture, four baselines"

    picture: str = choice(*PICTURES, label="Picture", hint="One of the sample pictures.")

    def show(self, lab: Lab) -> Shown:
        question = lab.question(self.picture)
        maps = {name: lab.explain(method(name), question) for name in BASELINES}
        strongest = common_peak(*maps.values())
        picture = maps["black"].picture
        area, _ = dark(picture, maps["black"].values)
        return Shown(
            (
                f"{percent(area)} of this picture is nearly black. All maps are on one colour scale: red speaks for "
                f"{lab.label(question)}, blue against it.",
                "Below each map: the sum that its pixels should have, and the share of the attribution that nearly "
                "black pixels get.",
            ),
            rows=(
                tuple(_baseline(name, each) for name, each in maps.items()),
                tuple(map_panel("Its map", each, _below(each), strongest) for each in maps.values()),
                (picture_panel("Picture", picture, lab.label(question)),),
            ),
        )


@dataclass(frozen=True)
class YourColour(Live):
    """Now choose a colour of your own as the baseline. Take one from the picture, for instance that of the skin, the
    uniform or the wall. What becomes of the parts that have this colour?
    """

    title: ClassVar[str] = "What your colour can't see"

    picture: str = choice(*PICTURES, label="Picture", hint="One of the sample pictures.")
    colour: str = colour("#000000", label="Colour of the baseline", hint="The way begins in a picture of this colour.")

    def show(self, lab: Lab) -> Shown:
        question = lab.question(self.picture)
        explanation = lab.explain(method("colour", self.colour), question)
        assert explanation.baselines is not None
        distance = np.abs(explanation.picture - explanation.baselines[0]).max(0)
        near, magnitudes = distance < NEARLY, np.abs(explanation.values).sum(0)
        total = float(magnitudes.sum())
        share = float(magnitudes[near].sum()) / total if total else 0.0
        return Shown(
            (
                f"{percent(float(near.mean()))} of the picture has nearly this colour. These pixels get "
                f"**{percent(share)}** of the attribution.",
                "The value of a pixel is its mean slope times its difference from the baseline. No difference, no "
                "value.",
            ),
            rows=(
                (
                    picture_panel("Picture", explanation.picture, lab.label(question)),
                    _baseline("your colour", explanation),
                    map_panel("The map", explanation),
                ),
            ),
        )


def _below(explanation: Explanation) -> str:
    """Say what a map should add up to, and the share of nearly black pixels in it."""
    change = explanation.score - (explanation.baseline_score or 0.0)
    return f"sum {significant(change)}, dark {percent(dark(explanation.picture, explanation.values)[1])}"


def _baseline(name: str, explanation: Explanation) -> Panel:
    """Return the panel of a baseline."""
    assert explanation.baselines is not None
    return picture_panel(f"{name[0].upper()}{name[1:]}", explanation.baselines[0])


def shares(lab: Lab, name: str) -> tuple[float, float]:
    """Return the share of nearly black pixels in the dark picture, and their share of the map from a baseline."""
    explanation = lab.explain(method(name), lab.question(DARK_PICTURE))
    return dark(explanation.picture, explanation.values)


def _black(lab: Lab) -> Revealed:
    area, share = shares(lab, "black")
    _, from_white = shares(lab, "white")
    return Revealed(
        LITTLE if share < area / 2 else MORE if share > 2 * area else FAIR,
        f"{percent(area)} of the pixels are nearly black, and from a black baseline they get {percent(share)} of the "
        f"attribution. From a white one they get {percent(from_white)}. Each pixel's value is its mean slope times its "
        "*difference from the baseline*. A black pixel doesn't differ from black, so it gets nothing, whatever it "
        "means to the classifier. **Black can't see black.**",
    )


def _best(lab: Lab) -> str:
    (_, black), (_, white) = shares(lab, "black"), shares(lab, "white")
    return (
        "There is no right one. A baseline says what “nothing” means, so it is part of the question: *why this score "
        "rather than the score of a black picture?* Choose one that has no colour in common with what you ask about. "
        f"For the uniform, black is a bad choice: its dark pixels get {percent(black)} of the attribution from black, "
        f"and {percent(white)} from white. A blurred picture keeps the colours and takes away the details, so its map "
        "shows details. Random pictures have no colour to hide in, but each gives another map, so several are "
        "averaged. And always say which one you took."
    )


LESSON = Lesson(
    slug="baseline",
    title="The baseline is a question",
    goal="Why a map compares the picture with another one, and what each choice can't see.",
    minutes=12,
    parts=(
        Text(
            "Compared with what?",
            "“Why is the score so high?” is half a question. High compared with what? Integrated Gradients compares "
            "the picture with a **baseline**: a picture that stands for “nothing”. Most people take black, often "
            "without a thought.",
        ),
        Guess(
            "black",
            "A dark uniform",
            "Grace Hopper wears a uniform that is nearly black. Take a black baseline. Compared with their share of "
            "the picture, how much of the attribution do the nearly black pixels get?",
            (LITTLE, FAIR, MORE),
            _black,
        ),
        FourBaselines(),
        YourColour(),
        OpenQuestion(
            "best",
            "Which one is right?",
            "Which baseline would you take to find out whether the uniform decided? Is there a right one?",
            _best,
        ),
        Link(
            "On a real picture",
            "The Path page compares baselines on any picture, averages several random ones, and shows what black can't "
            "see. Scroll down to “Which baseline?”.",
            "Compare baselines for Grace Hopper's uniform",
            "path",
            {"sample": "grace_hopper", "integrated-gradients-baseline": "white"},
        ),
    ),
)
