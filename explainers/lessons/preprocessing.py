"""Preprocessing is part of the model: the same network, fed in another way, is another classifier."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import ClassVar

from PIL import Image

from explainers.classifiers import Classifier
from explainers.experiments import rank_correlation
from explainers.explanation import Explanation, Target
from explainers.images.photo import Photo
from explainers.lessons.lab import NAMES, Lab
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Revealed, Shown, Text
from explainers.lessons.small_maps import map_panel, picture_panel
from explainers.markdown import escaped
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.numbers import counted, percent, significant
from explainers.question import Question
from explainers.settings import choice

PICTURES = "Chelsea the cat", "Grace Hopper in uniform", "Cup of coffee", "Rocket"
Scaling = tuple[tuple[float, ...], tuple[float, ...]]  # mean and standard deviation
IMAGENET: Scaling = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF: Scaling = (0.5, 0.5, 0.5), (0.5, 0.5, 0.5)
MAPS = {"Grad-CAM": GradCAM(), "Vanilla gradient": Saliency()}
CHECKED = IntegratedGradients(steps=24, rule="trapezoid")
CHECKED_PICTURE = "Cup of coffee"
SURE = 0.5  # probability of a clear answer
FEW_OF = 3  # one in so many clear answers may change, and a quick look still misses it
GAP_RISE = 0.05  # a gap that is larger by more than this would be noticed
SCALED, SWAPPED, UNDIVIDED = "another model's scaling", "red and blue swapped", "0 to 255 instead of 0 to 1"
NONE, FEW, MANY = "none of them", "less than a third", "a third or more"
NOTICED, UNNOTICED = "yes, the gap gets much larger", "no, the gap gets no larger"


def other_scaling(classifier: Classifier) -> Scaling:
    """Return the mean and standard deviation of another model: ImageNet's, or one half where those are right."""
    return HALF if classifier.mean == IMAGENET[0] else IMAGENET


def _rescaled(classifier: Classifier) -> Classifier:
    return classifier.scaled(*other_scaling(classifier))


def _undivided(classifier: Classifier) -> Classifier:
    """Return a classifier that takes 255 for white where the network expects 1."""
    mean, std = ([number / 255 for number in numbers] for numbers in (classifier.mean, classifier.std))
    return classifier.scaled(mean, std)


@cache
def _swapped(title: str, read: Callable[[str], Photo]) -> Photo:
    photo = read(NAMES[title])
    assert isinstance(photo.image, Image.Image)
    return Photo.of(swapped(photo.image), photo.name)


def swapped(image: Image.Image) -> Image.Image:
    """Return a photo whose red and blue are swapped, as a library that reads BGR hands it over."""
    return Image.merge("RGB", image.convert("RGB").split()[::-1])


@dataclass(frozen=True)
class Feeding:
    """What a mistake changes: how the classifier scales its input, or the photo that it is given."""

    classifier: Callable[[Classifier], Classifier] = lambda classifier: classifier
    swaps: bool = False


MISTAKES = {SCALED: Feeding(_rescaled), SWAPPED: Feeding(swaps=True), UNDIVIDED: Feeding(_undivided)}


def fed(lab: Lab, mistake: str) -> Lab:
    """Return a lab whose classifier, or whose photos, are wrong in this way."""
    feeding = MISTAKES[mistake]
    wrong = lab.with_classifier(feeding.classifier(lab.classifier))
    titles = {name: title for title, name in NAMES.items()}
    return replace(wrong, read=lambda name: _swapped(titles[name], lab.read)) if feeding.swaps else wrong


def changed(lab: Lab, mistake: str) -> list[tuple[str, str, str]]:
    """Return the samples to which a mistake gives another answer: (title, right feeding's answer, wrong one's)."""
    wrong = fed(lab, mistake)
    answers = [(title, lab.likely(title)[0].label, wrong.likely(title)[0].label) for title in NAMES]
    return [each for each in answers if each[1] != each[2]]


@dataclass(frozen=True)
class TwoFeedings(Live):
    """Here is one network, fed in two ways. In the upper row, the input is prepared as in training. In the lower row,
    somebody made a small mistake. There is no error message, and there is always an answer and a map.

    Look at the lower row alone, as somebody would who doesn't know of the mistake. Would you notice?
    """

    title: ClassVar[str] = "The same network, fed wrongly"

    mistake: str = choice(*MISTAKES, label="Mistake", hint="What is wrong with the lower row.")
    picture: str = choice(*PICTURES, label="Picture", hint="One of the sample pictures.")

    def show(self, lab: Lab) -> Shown:
        labs = lab, fed(lab, self.mistake)
        questions = [each.question(self.picture) for each in labs]
        likely = [each.likely(self.picture)[0] for each in labs]
        maps = [
            {name: each.explain(method, question) for name, method in MAPS.items()}
            for each, question in zip(labs, questions, strict=True)
        ]
        says = [f"*{escaped(each.label)}*, {percent(each.probability)}" for each in likely]
        alike = {name: rank_correlation(first.heat, maps[1][name].heat) or 0.0 for name, first in maps[0].items()}
        return Shown(
            (
                f"Fed correctly: {says[0]}. Fed wrongly: {says[1]}.",
                "Rank correlation of the upper and the lower map: "
                + ", ".join(f"{name} **{significant(number)}**" for name, number in alike.items())
                + ".",
                "The lower maps are computed just as correctly: they explain what this network does with this input. "
                "So nothing in them says that the input is wrong.",
            ),
            rows=tuple(
                (picture_panel("Picture", row["Grad-CAM"].picture, said), *(map_panel(*each) for each in row.items()))
                for row, said in zip(maps, says, strict=True)
            ),
        )


@dataclass(frozen=True)
class AllSamples(Live):
    """Here are all the sample pictures, with the right preprocessing and with a mistake in it. Which mistake is the
    worst? Which one would you never notice?
    """

    title: ClassVar[str] = "Another answer"

    mistake: str = choice(*MISTAKES, label="The mistake", hint="What is wrong in the last column.")

    def show(self, lab: Lab) -> Shown:
        others = changed(lab, self.mistake)
        sure = {title for title in NAMES if lab.likely(title)[0].probability >= SURE}
        among_sure = len(sure & {title for title, *_ in others})
        rows = "\n".join(f"| {title} | {escaped(right)} | {escaped(wrong)} |" for title, right, wrong in others)
        table = "| Picture | Fed correctly | Fed wrongly |\n| --- | --- | --- |\n" + rows
        return Shown(
            (
                f"Pictures with another answer: **{len(others)} of {len(NAMES)}**.",
                *([table] if others else []),
                f"Fed correctly, the classifier is at least {percent(SURE)} sure of its answer "
                f"for {counted(len(sure), 'picture')}. The mistake changes the answer for "
                f"**{among_sure or 'none'}** of them."
                + (" So a look at a few clear pictures wouldn't tell." if among_sure * FEW_OF < len(sure) else ""),
            )
        )


def _gap(explanation: Explanation) -> str:
    return "unknown size" if explanation.gap is None else percent(explanation.gap)


def _how_many(lab: Lab) -> Revealed:
    count = len(changed(lab, SCALED))
    forgives = (
        " It was trained on pictures of many kinds, so it can tolerate some of that. This is what makes the mistake "
        "hard to find."
    )
    right, wrong = ((lab.classifier.mean, lab.classifier.std), other_scaling(lab.classifier))
    return Revealed(
        NONE if not count else FEW if count < len(NAMES) / 3 else MANY,
        f"It gives another answer for {count} of {len(NAMES)} pictures. This network was trained with "
        f"{_written(right)}. Here its input was scaled with {_written(wrong)}. To the network, the picture now has "
        f"another contrast and another tint."
        f"{forgives if count < len(NAMES) / 2 else ''}",
    )


def _written(scaling: tuple[Sequence[float], Sequence[float]]) -> str:
    mean, std = (", ".join(f"{number:g}" for number in numbers) for numbers in scaling)
    return f"the mean {mean} and the standard deviation {std}"


def _warned(lab: Lab) -> Revealed:
    first, other = (each.explain(CHECKED, each.question(CHECKED_PICTURE)) for each in (lab, fed(lab, SCALED)))
    rises = (other.gap or 0.0) > (first.gap or 0.0) + GAP_RISE
    return Revealed(
        NOTICED if rises else UNNOTICED,
        f"With {CHECKED.steps} steps, the gap for the cup of coffee is {_gap(first)} with the right scaling and "
        f"{_gap(other)} with the wrong one. More steps would make both smaller. The gap says how exactly the map was "
        "computed for the *network with this input*, and a wrong answer can be explained as exactly as a right one. No "
        "attribution map can tell you that the network was fed wrongly.",
    )


def _found(lab: Lab) -> str:
    finest, *_, worst = sorted(MISTAKES, key=lambda mistake: len(changed(lab, mistake)))
    target = Target(lab.likely(PICTURES[0])[0].index)
    wrong = fed(lab, SCALED)
    scores = [
        each.explain(Saliency(), Question(each.read(NAMES[PICTURES[0]]), each.classifier, target)).score
        for each in (lab, wrong)
    ]
    return (
        "Maps don't help here. Take pictures whose answers are known, and compare the accuracy with the published one. "
        "If yours is a few points lower, such a mistake may be the reason. Better still, take one picture for which "
        "the model's authors publish the scores, and compare. Here the logit of "
        f"*{escaped(lab.classifier.labels[target.index])}* for the cat is {significant(scores[0])} when the network is "
        f"fed correctly, and {significant(scores[1])} with the other mean and standard deviation. Two numbers tell you "
        f"what a map can't.\n\nThe crudest mistake here is “{worst}”: it changes the answer for "
        f"{len(changed(lab, worst))} of {len(NAMES)} pictures. Anybody would notice that. The subtlest is “{finest}”, "
        f"which changes it for {len(changed(lab, finest))}: you wouldn't notice unless you knew the right answers."
    )


LESSON = Lesson(
    slug="preprocessing",
    title="Preprocessing is part of the model",
    goal="Why a network with the wrong input scaling is another classifier, and why no map warns you.",
    minutes=10,
    parts=(
        Text(
            "Before the first layer",
            "A network doesn't get a photo as it is. First the photo is resized. Its three colours are put in an "
            "order, red first or blue first. Its brightness is written in numbers from 0 to 1, or from 0 to 255. Last "
            "comes the **scaling**: in each colour, a mean is subtracted and the result is divided by a standard "
            "deviation. Both often come from the pictures that the network was trained on. The mean then says how "
            "bright they were, and the standard deviation how far from it a pixel typically was.\n\nAll this is called "
            "**preprocessing**. What a network has learnt is stored in its **weights**, the numbers that training has "
            "set. The preprocessing is seldom stored with them. So whoever uses the network must repeat it, in exactly "
            "the same way.",
        ),
        Guess(
            "how-many",
            "A wrong mean",
            "Somebody scales the input by the mean and the standard deviation of another model. For how many of the "
            f"{len(NAMES)} sample pictures does the network then give another answer?",
            (NONE, FEW, MANY),
            _how_many,
        ),
        AllSamples(),
        Guess(
            "warned",
            "Does the check notice?",
            "Integrated Gradients comes with a check: the values of the pixels must add up to the change of the score "
            "from a black picture to this one. The share that is missing is called the gap. Does this check notice "
            "that the network is fed wrongly?",
            (NOTICED, UNNOTICED),
            _warned,
        ),
        TwoFeedings(),
        OpenQuestion(
            "found",
            "How would you find it?",
            "You were given weights, and nobody told you the preprocessing. How would you find out that yours is "
            "wrong?",
            _found,
        ),
        Link(
            "On your own classifier",
            "The Models page recognises the weights files of published networks, and knows the preprocessing that they "
            "were trained with. For your own network you can set it there, and see what it then says about the sample "
            "pictures.",
            "See which classifiers there are, and how their input is prepared",
            "models",
        ),
    ),
)
