"""A map can lie: weights are replaced by random ones, and some maps hardly change."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explainers.arrays import Array
from explainers.experiments import Randomisation, rank_correlation
from explainers.experiments.randomisation.experiment import ALL_WEIGHTS
from explainers.experiments.randomisation.outcome import RandomisationOutcome, Step
from explainers.explainer import Explainer
from explainers.figures.panel import Panel
from explainers.lessons.lab import Lab
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Revealed, Shown, Text
from explainers.lessons.small_maps import UNSIGNED_COLOURS, picture_panel, values_panel
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.guided_backprop import GuidedBackprop
from explainers.numbers import significant
from explainers.passes import OnProgress
from explainers.question import Question
from explainers.settings import choice, number

PICTURES = "Chelsea the cat", "Cup of coffee", "Motorcycle"
VANILLA, GUIDED, CAM = "vanilla gradient", "guided backpropagation", "Grad-CAM"
METHODS: dict[str, Explainer] = {VANILLA: Saliency(), GUIDED: GuidedBackprop(), CAM: GradCAM()}
STAGES = 3
EXPERIMENT = Randomisation(stages=STAGES, draws=1)
YES, NO = "yes", "no"


@dataclass(frozen=True)
class Forgetting:
    """A method's maps of a question, while the network forgets what it has learnt."""

    method: Explainer
    question: Question

    @property
    def key(self) -> Hashable:
        return EXPERIMENT, self.method, self.question.key

    @property
    def doing(self) -> str:
        return f"{self.method.title}, with random weights"

    def run(self, on_progress: OnProgress) -> RandomisationOutcome:
        explanation = self.method.explain(self.question)
        outcome = EXPERIMENT(self.method, self.question, explanation, on_progress=on_progress)
        assert isinstance(outcome, RandomisationOutcome)
        return outcome


def forgettings(lab: Lab, picture: str) -> dict[str, Forgetting]:
    """Return the task of each method for a sample."""
    question = lab.question(picture)
    return {name: Forgetting(method, question) for name, method in METHODS.items()}


def outcomes(lab: Lab, picture: str) -> dict[str, RandomisationOutcome]:
    """Return what becomes of each method's map of a sample."""
    return {name: lab.result_of(task) for name, task in forgettings(lab, picture).items()}


def after_last_layer(outcome: RandomisationOutcome) -> float:
    """Return the rank correlation of the map with that of a network whose last layer is random."""
    return outcome.last_layer or 0.0


def after_all(outcome: RandomisationOutcome) -> float:
    """Return the rank correlation of the map with that of a network whose weights are all random."""
    return outcome.correlation or 0.0


@dataclass(frozen=True)
class Forget(Live):
    """Replace the weights of the network by random numbers, beginning with the last layer. That layer decides which
    class is which. So once it is random, the answers mean nothing any more, and a map of what speaks for the class
    should look different.

    Go from 0 to the last stage. Which map changes least?
    """

    title: ClassVar[str] = "A network forgets"
    begin: ClassVar[str] = "Let it forget"

    picture: str = choice(*PICTURES, label="Picture", hint="One of the sample pictures.")
    stage: int = number(1, 0, STAGES, label="Stages that are random", hint="Counted from the last layer.")

    def tasks(self, lab: Lab) -> tuple[Forgetting, ...]:
        return tuple(forgettings(lab, self.picture).values())

    def show(self, lab: Lab) -> Shown:
        question, found = lab.question(self.picture), outcomes(lab, self.picture)
        steps = {name: outcome.steps[min(self.stage, len(outcome.steps) - 1)] for name, outcome in found.items()}
        seen = lab.classifier.see(question.photo.image)[0].cpu().numpy()
        below = {key: f"ρ {step.correlation:.2f}" for key, step in steps.items() if step.correlation is not None}
        return Shown(
            (
                f"{_state(self.stage, next(iter(steps.values())))} All maps explain {lab.label(question)}. The upper "
                "row shows the trained network.",
                "ρ is the rank correlation with the map above: at 1, both maps put all pixels in the same order, and "
                "at 0, the orders have nothing in common.",
            ),
            rows=(
                (
                    picture_panel("Picture", seen, "trained"),
                    *(_panel(key, outcome.steps[0].heat) for key, outcome in found.items()),
                ),
                (
                    picture_panel("Picture", seen, f"{self.stage} of {STAGES} stages random"),
                    *(_panel(key, step.heat, below.get(key, "no order")) for key, step in steps.items()),
                ),
            ),
        )


def _state(stage: int, step: Step) -> str:
    """Say which weights are random."""
    if not stage:
        return "No weights are random yet."
    if step.name == ALL_WEIGHTS:
        return "All weights are random."
    return (
        f"The last layer is random (`{step.name}`)." if stage == 1 else f"All layers from `{step.name}` on are random."
    )


def _panel(name: str, heat: Array | None, below: str = "") -> Panel:
    """Return the panel of a map; of an empty one where random weights leave none."""
    shown = np.zeros((1, 1), np.float32) if heat is None else heat
    return values_panel(f"{name[0].upper()}{name[1:]}", shown, UNSIGNED_COLOURS, below)


def _stays(lab: Lab) -> Revealed:
    kept = {name: after_last_layer(outcome) for name, outcome in outcomes(lab, PICTURES[0]).items()}
    most = max(kept, key=kept.__getitem__)
    return Revealed(
        most,
        "Compare each map with that of the trained network. Their rank correlation is 1 if both put all pixels in the "
        "same order, and 0 if the orders have nothing in common: "
        + ", ".join(f"{name} **{significant(value)}**" for name, value in kept.items())
        + f". So the map of {most} changes least. But what it should explain has changed: it is now a matter of chance "
        "which class is which.",
    )


def _proves(lab: Lab) -> Revealed:
    first, other = (np.random.default_rng(seed).random(lab.classifier.size) for seed in (0, 1))
    chance = rank_correlation(first, other) or 0.0
    return Revealed(
        NO,
        "Think of a method that draws random numbers and calls them a map. Two such maps have a rank correlation of "
        f"{significant(chance)}. So its map, too, changes completely when the weights do, and it shows nothing at all. "
        "The test can show that a map is *no* evidence. It can't show that a map is right.",
    )


def _what(lab: Lab) -> str:
    found = outcomes(lab, PICTURES[0])
    guided, vanilla = found[GUIDED], found[VANILLA]
    return (
        "It shows the picture more than the decision. Guided backpropagation drops all that is negative at every ReLU "
        "on the way back. What is left shows the edges and textures that the earlier layers respond to, and these are "
        "the same whatever the last layer says. With only the last layer random, the rank correlation with the trained "
        f"network's map is {significant(after_last_layer(guided))} for guided backpropagation, and "
        f"{significant(after_last_layer(vanilla))} for the vanilla gradient. With all weights random, the earlier "
        f"layers have lost their edges as well, and it is {significant(after_all(guided))} and "
        f"{significant(after_all(vanilla))}.\n\nYou see an "
        "animal in such a map because there *is* an animal in the photo. A map that agrees with what you "
        "expect isn't yet a map of what the network does."
    )


LESSON = Lesson(
    slug="lying",
    title="A map can lie",
    goal="How to test whether a map depends on what the network has learnt, and what the test doesn't prove.",
    minutes=10,
    parts=(
        Text(
            "It looks right",
            "A map lights up the cat's eyes and whiskers. It looks just as you would expect. Is that a reason to "
            "believe it? There is a simple test. Take away what the network has learnt, and make the map again. What "
            "it has learnt is stored in its **weights**, the numbers that training has set. So replace them by random "
            "numbers.",
        ),
        Guess(
            "stays",
            "Which map stays the same?",
            "The weights of the last layer become random numbers. So which class is which is now a matter of chance. "
            "Which method's map changes least?",
            (VANILLA, GUIDED, CAM),
            _stays,
        ),
        Forget(),
        OpenQuestion(
            "what",
            "What does it show, then?",
            "A map stays much the same although the class is now a matter of chance. What does such a map show? And "
            "why does it look so convincing?",
            _what,
        ),
        Guess(
            "proves",
            "And if it falls apart?",
            "Another map changes completely when the weights become random. Does this prove that it shows what the "
            "network looks at?",
            (YES, NO),
            _proves,
        ),
        Link(
            "On a real picture",
            "The Trust page runs this test for any method, picture and classifier, in more stages and with several "
            "sets of random weights. It sums up the result in a sentence.",
            "Test guided backpropagation on the cat",
            "trust",
            {"sample": "chelsea", "method": "guided-backpropagation"},
        ),
    ),
)
