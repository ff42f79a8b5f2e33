"""A shortcut: a tiny network is trained on pictures that bear a mark, and is right for the wrong reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from explainers.arrays import Array
from explainers.figures.panel import Panel
from explainers.lessons.drawings import BOX_SHARE, SHAPES, draw, marked
from explainers.lessons.lab import Lab
from explainers.lessons.mean_map import CAM, GRADIENT, METHODS, PATH, MeanMap
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Revealed, Shown, Text
from explainers.lessons.small_maps import UNSIGNED_COLOURS, picture_panel, values_panel
from explainers.lessons.training import DRAWN, EPOCHS, MARKED_SHARE, Trained, Training
from explainers.numbers import percent, significant
from explainers.settings import choice, number, seed, switch

WITH, WITHOUT = "learnt with the mark", "learnt without it"
SHORT = {WITH: "first", WITHOUT: "control"}
MOST, HALF, LITTLE = "more than 80%", "40% to 80%", "less than 40%"
ACCURACY, MEAN_MAP, NOTHING = "the accuracy", "the mean map", "neither"
CLEAR = 3.0  # times as much as by chance: what anybody would see


def trainings(seed: int = 0) -> dict[str, Training]:
    """Return both recipes: with the mark, and the control without it."""
    return {WITH: Training(True, seed), WITHOUT: Training(False, seed)}


def networks(lab: Lab, seed: int = 0) -> dict[str, Trained]:
    """Return both networks."""
    return {name: lab.result_of(training) for name, training in trainings(seed).items()}


@dataclass(frozen=True)
class TrainBoth(Live):
    """Now train a network yourself, and a second one as a **control**. Both learn circles, squares and triangles from
    drawings. For the first one, a small mark stands in the lower left corner of most squares, as if they all came from
    one archive. The second one sees no mark at all. Everything else is the same.
    """

    title: ClassVar[str] = "Train it"
    begin: ClassVar[str] = "Train both networks"

    drawing: int = number(0, 0, 20, label="Show drawing", hint="Which of many drawings of each shape is shown.")

    def tasks(self, lab: Lab) -> tuple[Training, ...]:
        return tuple(trainings().values())

    def show(self, lab: Lab) -> Shown:
        found = networks(lab)
        accuracies = [f"{name} **{percent(each.rates.accuracy)}**" for name, each in found.items()]
        return Shown(
            (
                f"Each network saw {DRAWN:,} drawings of each shape, {EPOCHS} times. For the first one, "
                f"{percent(MARKED_SHARE)} of the squares bore the mark.",
                f"Then each was tested on new drawings, made like those that it had learnt from. Right answers: "
                f"{', '.join(accuracies)}.",
                "Would you trust the first one?",
            ),
            rows=(
                tuple(
                    picture_panel(f"A {shape}", drawn(shape, self.drawing, marks=shape == "square")) for shape in SHAPES
                ),
            ),
        )


def drawn(shape: str, number: int, *, marks: bool) -> Array:
    """Return a drawing (3, H, W) of a shape, with the mark or without it."""
    generator = torch.Generator().manual_seed(number)
    picture = draw([shape], generator)
    return (marked(picture, generator) if marks else picture)[0].numpy()


@dataclass(frozen=True)
class OneDrawing(Live):
    """Put the mark on a drawing and take it off again, and watch what both networks say. Try a square without the mark,
    and a circle with it. What does the first network go by?
    """

    title: ClassVar[str] = "With the mark and without"
    begin: ClassVar[str] = "Train both networks"

    shape: str = choice(
        "square", *(shape for shape in SHAPES if shape != "square"), label="Shape", hint="What is drawn."
    )
    mark: bool = switch(True, label="The mark", hint="Whether it stands in the lower left corner.")
    drawing: int = number(0, 0, 20, label="Drawing", hint="Which of many drawings of this shape.")

    def tasks(self, lab: Lab) -> tuple[Training, ...]:
        return tuple(trainings().values())

    def show(self, lab: Lab) -> Shown:
        picture, found = drawn(self.shape, self.drawing, marks=self.mark), networks(lab)
        rows = []
        for name, each in found.items():
            answers = each.classifier.predict(torch.from_numpy(picture), len(SHAPES))
            shares = {answer.label: percent(answer.probability) for answer in answers}
            rows.append(f"| {SHORT[name]} | **{answers[0].label}** | {' | '.join(shares[shape] for shape in SHAPES)} |")
        head = f"| Network | says | {' | '.join(SHAPES)} |\n| --- | --- |{' --- |' * len(SHAPES)}\n"
        with_mark, control = (found[name].rates for name in (WITH, WITHOUT))
        return Shown(
            (
                head + "\n".join(rows),
                f"Of many new drawings, the first network recognises {percent(with_mark.without_mark)} of the squares "
                "without the mark. Once circles and triangles bear the mark, it calls "
                f"{percent(with_mark.others_with_mark)} of them squares.",
                f"The control recognises {percent(control.without_mark)} of the squares without the mark. Once "
                f"circles and triangles bear it, it calls {percent(control.others_with_mark)} of them squares.",
            ),
            rows=((picture_panel(f"A {self.shape}", picture),),),
        )


@dataclass(frozen=True)
class WhoFinds(Live):
    """Which maps give the mark away? Here are a square with the mark, its map, and the **mean map** of many such
    squares. The squares lie in different places, so they blur in the mean. The mark is always in the same corner, so it
    stays.

    Compare the first network with the control. Then try other methods, and train again with other random numbers.
    """

    title: ClassVar[str] = "Who finds it?"
    begin: ClassVar[str] = "Train both networks"

    method: str = choice(*METHODS, label="Method", hint="All maps explain the class square.")
    seed: int = seed(high=9, hint="Fixes the drawings and the first weights. A different seed means training again.")

    def tasks(self, lab: Lab) -> tuple[Training, ...]:
        return tuple(trainings(self.seed).values())

    def show(self, lab: Lab) -> Shown:
        found = networks(lab, self.seed)
        strongest = {name: each.maps[self.method] for name, each in found.items()}
        planted = found[WITH]
        return Shown(
            (
                f"The corner where the mark can lie takes {percent(BOX_SHARE)} of the picture. By chance, that share "
                "of a map would lie there.",
                *(f"{name[0].upper()}{name[1:]}: {_in_words(each)}" for name, each in strongest.items()),
                f"For the first network and the same squares *without* the mark, that share is "
                f"{percent(planted.bare[self.method].share)}.",
            ),
            rows=tuple(
                (
                    picture_panel("A square", each.picture, name),
                    _panel("Its map", strongest[name].first),
                    _panel("The mean map", strongest[name].mean, f"{significant(strongest[name].times)} times chance"),
                )
                for name, each in found.items()
            ),
        )


def _panel(title: str, values: Array, below: str = "") -> Panel:
    return values_panel(title, values, UNSIGNED_COLOURS, below)


def _in_words(found: MeanMap) -> str:
    """Say what a mean map gives to the mark."""
    peak = "Its strongest pixel lies there" if found.peaks_in_box else "Its strongest pixel lies elsewhere"
    return (
        f"**{percent(found.share)}** of the mean map lies in the mark's corner, {significant(found.times)} times as "
        f"much as by chance. {peak}."
    )


def _bare(lab: Lab) -> Revealed:
    rates = lab.result_of(trainings()[WITH]).rates
    return Revealed(
        MOST if rates.without_mark > 0.8 else HALF if rates.without_mark >= 0.4 else LITTLE,
        f"It recognises {percent(rates.with_mark)} of the squares with the mark, and {percent(rates.without_mark)} of "
        f"those without it. The accuracy of {percent(rates.accuracy)} hid that, because most squares in the test bore "
        "the mark as well. The network took a **shortcut**: it learnt what was easiest, and in these drawings the mark "
        "was easier than the shape.",
    )


def _shows(lab: Lab) -> Revealed:
    found = networks(lab)
    far_apart = abs(found[WITH].rates.accuracy - found[WITHOUT].rates.accuracy) > 0.2
    times = {name: each.maps[PATH].times for name, each in found.items()}
    clear = times[WITH] > CLEAR * max(times[WITHOUT], 1.0)
    return Revealed(
        ACCURACY if far_apart else MEAN_MAP if clear else NOTHING,
        f"The accuracies are {percent(found[WITH].rates.accuracy)} and {percent(found[WITHOUT].rates.accuracy)}. In "
        f"the mean map of {PATH}, the mark's corner gets {significant(times[WITH])} times as much as by chance, and "
        f"{significant(times[WITHOUT])} times as much for the control. So the mean map shows what the accuracy on such "
        "drawings doesn't.",
    )


def _tell(lab: Lab) -> str:
    found = networks(lab)
    rows = "\n".join(
        f"| {name} | {significant(found[WITH].maps[name].times)} | {significant(found[WITHOUT].maps[name].times)} | "
        f"{'yes' if found[WITH].maps[name].peaks_in_box else 'no'} |"
        for name in (GRADIENT, PATH, CAM)
    )
    share = found[WITH].maps[PATH].share
    return (
        "This is how many times as much of the mean map lies in the mark's corner as by chance, and whether the "
        "strongest pixel of the first network's mean map lies there:\n\n| Method | First | Control | Strongest |\n"
        f"| --- | --- | --- | --- |\n{rows}\n\nEven so, the corner holds only {percent(share)} of the mean map of "
        f"{PATH}. In the map of a single picture, it is easily overlooked.\n\nA map raises a suspicion. The proof is "
        "an experiment: put the mark on circles and triangles. The first network then calls "
        f"{percent(found[WITH].rates.others_with_mark)} of them squares, and the control "
        f"{percent(found[WITHOUT].rates.others_with_mark)}. So a mark as such doesn't make a square: the first network "
        "has *learnt* to go by it."
    )


LESSON = Lesson(
    slug="shortcut",
    title="A shortcut",
    goal="How a classifier can be right for the wrong reason, and how to find out.",
    minutes=15,
    parts=(
        Text(
            "Right for the wrong reason",
            "In a well-known data set, many photos of horses came from one archive, which had put its name in a "
            "corner. A classifier learnt to look for the name. Its answers about horses were right, and nobody knew "
            "why until somebody looked at its maps.\n\nIn this lesson you plant such a shortcut yourself, and then see "
            "which maps find it.",
        ),
        TrainBoth(),
        Guess(
            "bare",
            "Take the mark away",
            "The first network learnt squares that mostly bore a mark. Now it gets new squares *without* the mark. How "
            "many of them does it still call squares?",
            (MOST, HALF, LITTLE),
            _bare,
        ),
        OneDrawing(),
        Guess(
            "shows",
            "Without knowing of the mark",
            "Suppose that you don't know of the mark, and test each network on drawings like those that it learnt "
            "from. You could look at the accuracy. You could also make the **mean map**, the average of the maps of "
            "many squares. Which of them tells the first network and the control apart?",
            (ACCURACY, MEAN_MAP, NOTHING),
            _shows,
        ),
        WhoFinds(),
        OpenQuestion(
            "tell",
            "Suspicion and proof",
            "Which methods showed the mark clearly, and which less so? How would you *prove* that the network goes by "
            "the mark, and why do you need a control for that?",
            _tell,
        ),
        Link(
            "On a real picture",
            "The same questions can be asked of any classifier. The Trust page removes what a map calls important and "
            "watches the score, and it measures how much of a map lies in a box that you draw.",
            "Test what makes it a cup of coffee",
            "trust",
            {"sample": "coffee", "method": "integrated-gradients"},
        ),
    ),
)
