"""Through a ReLU: three rules for the way back, and why two of them don't care about the class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from explainers.experiments import rank_correlation
from explainers.explainer import Explainer
from explainers.lessons.functions import slopes
from explainers.lessons.lab import Lab
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Revealed, Shown, Text
from explainers.lessons.small_maps import map_panel, picture_panel
from explainers.methods.gradients import Saliency
from explainers.methods.guided_backprop import Deconvolution, GuidedBackprop
from explainers.numbers import short, significant
from explainers.settings import choice, number

PICTURES = "Chelsea the cat", "Cup of coffee", "Motorcycle"
VANILLA, GUIDED, ZEILER = "vanilla gradient", "guided backpropagation", "Zeiler-Fergus"
METHODS: dict[str, Explainer] = {VANILLA: Saliency(), GUIDED: GuidedBackprop(), ZEILER: Deconvolution()}
CONDITIONS = {VANILLA: "x > 0", GUIDED: "x > 0 and g > 0", ZEILER: "g > 0"}
RANKS = {"second": 1, "third": 2, "fifth": 4}


def _derivative(gradient: Tensor, passed: Tensor) -> Tensor:
    """Return the gradient below a ReLU as the chain rule has it, from autograd."""
    inputs = torch.where(passed, 1.0, -1.0)
    return gradient * torch.tensor([slopes(lambda points: points[:, 0].relu(), float(x))[0] for x in inputs])


GATES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    VANILLA: _derivative,
    GUIDED: GuidedBackprop.gate,
    ZEILER: Deconvolution.gate,
}


def passed_down(x: float, gradient: float) -> dict[str, float]:
    """Return what each rule hands down through a ReLU with the input x, given the gradient from above."""
    above, passed = torch.tensor([gradient]), torch.tensor([x > 0])
    return {name: float(gate(above, passed)) for name, gate in GATES.items()}


@dataclass(frozen=True)
class OneUnit(Live):
    """On the way forward, a **ReLU** lets positive numbers through and turns negative ones into 0: it gives max(x, 0).

    On the way back, a gradient g arrives from above. It says how much the score rises if the output of this unit rises.
    What should be handed down to x? Three rules give three answers. Move x and g through all four combinations of
    signs.
    """

    title: ClassVar[str] = "One unit and three rules"

    x: float = number(2.0, -3.0, 3.0, 0.5, label="Input x", hint="What came into the unit on the way forward.")
    g: float = number(-1.0, -3.0, 3.0, 0.5, label="Gradient g from above", hint="What arrives on the way back.")

    def show(self, lab: Lab) -> Shown:
        handed = passed_down(self.x, self.g)
        rows = "\n".join(
            f"| {name} | {CONDITIONS[name]} | {'open' if below else 'shut'} | **{short(below)}** |"
            for name, below in handed.items()
        )
        return Shown(
            (
                f"Forward: x = {short(self.x)} gives {short(max(self.x, 0.0))}. Back: g = {short(self.g)} arrives.",
                f"| Rule | Open if | Gate | Handed down |\n| --- | --- | --- | --- |\n{rows}",
            )
        )


@dataclass(frozen=True)
class ThreeMaps(Live):
    """Here are the three rules on a photo. The upper row explains the likeliest class, the lower row another one. The
    question is a different one, so the map should be different.

    Compare the rows. Which of the three methods depend least on the class you ask about? The **rank correlation** puts
    a number to it: at 1, both maps put all pixels in the same order.
    """

    title: ClassVar[str] = "Three maps, two classes"

    picture: str = choice(*PICTURES, label="Picture", hint="One of the sample pictures.")
    other: str = choice(*RANKS, label="The other class", hint="Counted from the likeliest class.")

    def show(self, lab: Lab) -> Shown:
        rank = RANKS[self.other]
        questions = lab.question(self.picture), lab.question(self.picture, rank)
        first, other = ({name: lab.explain(method, q) for name, method in METHODS.items()} for q in questions)
        numbers = alike(lab, self.picture, rank)
        labels = [lab.label(question) for question in questions]
        return Shown(
            (
                f"Upper row: {labels[0]}. Lower row: {labels[1]}.",
                "Rank correlation of a method's two maps: "
                + ", ".join(f"{name} **{significant(number)}**" for name, number in numbers.items())
                + ".",
            ),
            rows=tuple(
                (
                    picture_panel("Picture", first[VANILLA].picture, label),
                    *(map_panel(f"{name[0].upper()}{name[1:]}", each, label) for name, each in maps.items()),
                )
                for label, maps in zip(labels, (first, other), strict=True)
            ),
        )


def alike(lab: Lab, title: str, rank: int) -> dict[str, float]:
    """Return how alike each method's maps of two classes are: their rank correlation."""
    questions = lab.question(title), lab.question(title, rank)
    return {
        name: rank_correlation(*(lab.explain(method, question).heat for question in questions)) or 0.0
        for name, method in METHODS.items()
    }


def _shut(lab: Lab) -> Revealed:
    handed = passed_down(-1.0, 2.0)
    (open_rule,) = (name for name, below in handed.items() if below)
    return Revealed(
        open_rule,
        f"{open_rule} hands down {short(handed[open_rule])}, and the others 0. This rule doesn't look at what came in. "
        "But with x = -1 the unit was silent, and a slightly larger x would leave it silent. So the true slope is 0, "
        "and this rule shows something that the classifier didn't use.",
    )


def _against(lab: Lab) -> Revealed:
    handed = passed_down(1.0, -2.0)
    (open_rule,) = (name for name, below in handed.items() if below)
    return Revealed(
        open_rule,
        f"The {open_rule} hands down {short(handed[open_rule])}, and the others 0. A negative g means: more of this "
        "would *lower* the score. It is evidence against the class. The other two rules throw it away, at every ReLU "
        "of the network.",
    )


def _why(lab: Lab) -> str:
    numbers = alike(lab, PICTURES[0], RANKS["second"])
    return (
        "What makes one class differ from another is which evidence counts *for* it and which *against* it: the signs "
        "of the gradient at the top of the network. Both rules drop all that is negative at every ReLU on the way. "
        "What is left shows where there are strong edges at all, and those are the same for every class. Here are the "
        "rank correlations for the likeliest class and the second of the cat: "
        + ", ".join(f"{name} {significant(number)}" for name, number in numbers.items())
        + ". A sharp map isn't a better map. Ask first whether it depends on the question."
    )


LESSON = Lesson(
    slug="relu",
    title="Through a ReLU",
    goal="What guided backpropagation does to a gradient, and why its sharp maps say little about the class.",
    minutes=12,
    parts=(
        OneUnit(),
        Guess(
            "shut",
            "A silent unit",
            "x = -1, so the unit gave 0. From above comes g = 2. Which rule hands something down?",
            (VANILLA, GUIDED, ZEILER, "none of them"),
            _shut,
        ),
        Guess(
            "against",
            "Evidence against",
            "Now x = 1, and from above comes g = -2. Which rule hands something down?",
            (VANILLA, GUIDED, ZEILER, "none of them"),
            _against,
        ),
        Text(
            "Thousands of gates",
            "A network has a ReLU after nearly every layer, and each has a gate for every place of every feature map. "
            "The **vanilla gradient** takes the true slope. **Guided backpropagation** and the rule of **Zeiler and "
            "Fergus** use other gates, to get a clearer picture. What does that do to the map?",
        ),
        ThreeMaps(),
        OpenQuestion(
            "why",
            "Why they don't care",
            "Ask about another class, and two of the three methods change less than the vanilla gradient does. Why?",
            _why,
        ),
        Link(
            "On a real picture",
            "The Trust page tests it: it replaces the weights of the network by random ones, layer by layer. A map "
            "that stays the same although the network forgets everything can't be about what the network knows.",
            "Test guided backpropagation on the cat",
            "trust",
            {"sample": "chelsea", "method": "guided-backpropagation"},
        ),
    ),
)
