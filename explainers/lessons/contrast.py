"""Why this and not that: two things in one picture, and what speaks for the one class rather than the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
from PIL import Image, ImageOps

from explainers.explainer import Explainer
from explainers.explanation import Explanation, Target
from explainers.images.photo import Photo
from explainers.lessons.lab import NAMES, Lab
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Revealed, Shown, Text
from explainers.lessons.small_maps import common_peak, map_panel, picture_panel
from explainers.markdown import escaped
from explainers.methods.grad_cam import GradCAM
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.numbers import significant
from explainers.question import Question
from explainers.settings import choice

PICTURES = "Chelsea the cat", "Motorcycle", "Cup of coffee"
CAM, PATH = "Grad-CAM with signs", "Integrated Gradients"
METHODS: dict[str, Explainer] = {
    CAM: GradCAM(relu=False),
    PATH: IntegratedGradients(steps=16, rule="trapezoid"),
}
RIVAL = "Persian cat"  # which all bundled classifiers know, and take the cat for another kind
SIDE = 448  # pixels, of a picture of two halves
ROUNDING = 1e-4  # of the strongest value
SAME, OTHER = "the same map", "another map"
RED = {  # by whether the sums of the left and of the right half are above zero
    (True, False): "only the left half",
    (False, True): "only the right half",
    (True, True): "both halves",
    (False, False): "neither half",
}


def halves(lab: Lab, left: str, right: str) -> Photo:
    """Return a picture whose halves are the middles of two samples."""
    whole = Image.new("RGB", (SIDE, SIDE))
    for place, title in enumerate((left, right)):
        image = lab.read(NAMES[title]).image
        assert isinstance(image, Image.Image)
        whole.paste(ImageOps.fit(image.convert("RGB"), (SIDE // 2, SIDE)), (place * SIDE // 2, 0))
    return Photo.of(whole, f"{left} and {right}")


def contrast(lab: Lab, left: str, right: str) -> Question:
    """Ask why the class of the left sample rather than that of the right one, of the picture of both halves."""
    target = Target(lab.likely(left)[0].index, versus=lab.likely(right)[0].index)
    return Question(halves(lab, left, right), lab.classifier, target)


def maps(lab: Lab, method: Explainer, question: Question) -> tuple[Explanation, Explanation, Explanation]:
    """Return the maps of the first class, of the other one, and of the first rather than the other, all with signs."""
    first, other = question.target.index, question.target.versus
    assert other is not None
    asked = *(replace(question, target=Target(index)) for index in (first, other)), question
    alone, opposed, between = (lab.explain(method, each).reduced("signed sum") for each in asked)
    return alone, opposed, between


def sides(explanation: Explanation) -> tuple[float, float]:
    """Return the sums of a map over the left half and over the right half."""
    heat = explanation.heat
    middle = heat.shape[1] // 2
    return float(heat[:, :middle].sum()), float(heat[:, middle:].sum())


def off(found: tuple[Explanation, Explanation, Explanation]) -> float:
    """Return how far the map of one class minus that of the other is from the contrast, of its strongest value."""
    alone, opposed, between = (each.values for each in found)
    return float(np.abs(alone - opposed - between).max() / np.abs(between).max())


def names(question: Question) -> tuple[str, str]:
    """Name both classes of a contrast, in Markdown."""
    labels, target = question.classifier.labels, question.target
    assert target.versus is not None
    return f"*{escaped(labels[target.index])}*", f"*{escaped(labels[target.versus])}*"


@dataclass(frozen=True)
class TwoThings(Live):
    """Here is a picture of two halves. The first map explains the class of the left thing, the second one that of the
    right thing. The third explains the **contrast**: why the first class *rather than* the second? That is the
    difference of the two logits.

    In the third map, red speaks for the first class, and blue for the second. All three maps are on one colour scale.
    Try both methods, and other pictures.
    """

    title: ClassVar[str] = "Two things in one picture"

    left: str = choice(*PICTURES, label="Left", hint="One of the sample pictures.")
    right: str = choice(*reversed(PICTURES), label="Right", hint="Another one.")
    method: str = choice(*METHODS, label="Method", hint="Both give maps with signs.")

    def show(self, lab: Lab) -> Shown:
        if lab.likely(self.left)[0].index == lab.likely(self.right)[0].index:
            return Shown(("Both halves are of one class, so there is nothing to compare. Choose another picture.",))
        question = contrast(lab, self.left, self.right)
        found = maps(lab, METHODS[self.method], question)
        first, other = names(question)
        parts = list(zip((first, other, f"{first} rather than {other}"), found, strict=True))
        rows = "\n".join(
            f"| {title} | {' | '.join(significant(side) for side in sides(each))} |" for title, each in parts
        )
        strongest = common_peak(*found)
        return Shown(
            (
                f"| Map | Sum on the left | Sum on the right |\n| --- | --- | --- |\n{rows}",
                f"The logit of {first} is {significant(found[0].score)}, that of {other} "
                f"{significant(found[1].score)}. The contrast explains their difference, "
                f"**{significant(found[2].score)}**.",
                "Subtract the second map from the first, and you get the third. Divided by the strongest value, they "
                f"differ by at most {significant(off(found))}.",
            ),
            rows=(
                (
                    picture_panel("Picture", found[0].picture),
                    *(
                        map_panel(title, each, strongest=strongest)
                        for title, each in zip(("First", "Second", "Contrast"), found, strict=True)
                    ),
                ),
            ),
        )


def _red(lab: Lab) -> Revealed:
    question = contrast(lab, PICTURES[0], PICTURES[-1])
    left, right = sides(maps(lab, METHODS[CAM], question)[2])
    first, other = names(question)
    return Revealed(
        RED[left > 0, right > 0],
        f"In the Grad-CAM map with signs of {first} rather than {other}, the left half adds up to {significant(left)}, "
        f"and the right half to {significant(right)}. What speaks for {other} counts *against* {first} here. The map "
        f"of {first} alone doesn't say that.",
    )


def _difference(lab: Lab) -> Revealed:
    question = contrast(lab, PICTURES[0], PICTURES[-1])
    by = {name: off(maps(lab, method, question)) for name, method in METHODS.items()}
    return Revealed(
        SAME if max(by.values()) < ROUNDING else OTHER,
        "Divided by the strongest value, they differ by at most "
        + " and ".join(f"{significant(value)} for {name}" for name, value in by.items())
        + (", which is rounding" if max(by.values()) < ROUNDING else "")
        + ". Both methods are built on derivatives, and the derivative of a difference is the difference of the "
        "derivatives. This holds for logits. It no longer holds if each map goes through a ReLU first, or if its signs "
        "are dropped.",
    )


def _common(lab: Lab) -> str:
    question = contrast(lab, PICTURES[0], PICTURES[-1])
    found = maps(lab, METHODS[PATH], question)
    first, other = names(question)
    sums = [significant(sum(sides(each))) for each in found]
    changes = [significant(each.score - (each.baseline_score or 0.0)) for each in found]
    return (
        "Whatever speaks for both classes alike drops out, such as the light in the room, or that there is a thing at "
        "all. Compare two kinds of cat, and even fur and whiskers may drop out.\n\nSums are subtracted like pixels. "
        f"From black to the picture, the logit of {first} changes by {changes[0]}, that of {other} by {changes[1]}, "
        f"and their difference by {changes[2]}. The pixels of the maps of Integrated Gradients add up to {sums[0]}, "
        f"{sums[1]} and {sums[2]}; more steps would bring them closer.\n\nSo ask for the contrast if the question is "
        "“Why not the other one?”, and for one class if it is “What did it see at all?”"
    )


LESSON = Lesson(
    slug="contrast",
    title="Why this and not that",
    goal="How to ask for what tells two classes apart, and how to read a map with signs.",
    minutes=10,
    parts=(
        Text(
            "A question has two sides",
            "“Why a cat?” The map of the cat's logit answers that. But often the question is another one: *why a cat "
            "and not a cup?* Suppose that both are in the picture, so that both classes get a high score. Then it is "
            "the *difference* of the two scores that needs an explanation.",
        ),
        Guess(
            "red",
            "A cat and a cup",
            "A picture shows a cat on the left and a cup of coffee on the right. We explain why the cat's class "
            "*rather than* the cup's. Red pixels speak for that, blue ones against it. Add up the values of each half. "
            "Which half has a sum above zero?",
            tuple(RED.values()),
            _red,
        ),
        TwoThings(),
        Guess(
            "difference",
            "Subtract the maps",
            "Make a map of each class alone, and subtract the second from the first, pixel by pixel. Compared with the "
            "contrast, what comes out?",
            (SAME, OTHER),
            _difference,
        ),
        OpenQuestion(
            "common",
            "What drops out",
            "What becomes of evidence that speaks for both classes alike? When would you ask for the contrast, and "
            "when for one class?",
            _common,
        ),
        Link(
            "On a real picture",
            "On the Explain page, you choose the second class under “Compared with”. The cat is a good case. "
            "The classifier takes it for another kind of cat, but a Persian cat has fur and whiskers as well. So what "
            "speaks for the one rather than the other?",
            "Open the cat, compared with “Persian cat”",
            "explain",
            {"sample": "chelsea", "method": "integrated-gradients", "rather-than": RIVAL},
        ),
    ),
)
