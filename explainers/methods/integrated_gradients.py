"""Integrated Gradients: the gradient is averaged on the straight path from a baseline to the picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from torch import Tensor

from explainers.classifiers.classifier import Classifier
from explainers.declarations import CONTRIBUTION, Examples, Family, Preset
from explainers.explainer import Attribution, Explainer
from explainers.explanation import Unit
from explainers.images.baselines import BASELINES, DISTANCE_FROM_BASELINE, baseline
from explainers.methods.path_run import PathRun, attribution, integrate_together
from explainers.passes import Passes
from explainers.paths.adaptive import AdaptiveIntegral
from explainers.paths.point_recorder import PointRecorder
from explainers.paths.quadrature import RULES, quadrature
from explainers.paths.refinement import MAX_POINTS
from explainers.paths.trace import Level
from explainers.settings import choice, colour, number, seed, tolerance

REPEATABLE_STEPS = 32  # for experiments with dozens of maps: the error is a few per cent
PREVIEW_STEPS = 8  # for previews, also those of automatic steps


@dataclass(frozen=True)
class IntegratedGradients(Explainer):
    """How much each pixel contributes on the way from a baseline picture to this one.

    The gradient is averaged along the straight path from the baseline to the picture and multiplied by the difference
    between them. The values add up to the score minus the baseline's score (completeness). A pixel equal to the
    baseline gets nothing, so a black baseline can't see black things. Automatic steps go where the gradient changes
    most, until the map's expected error is below the tolerance and the values add up to within 5%.
    """

    title: ClassVar[str] = "Integrated Gradients"
    paper: ClassVar[str] = "https://arxiv.org/abs/1703.01365"
    formula: ClassVar[str] = (
        r"(x - x') \odot \int_0^1 \frac{\partial S}{\partial x}\big(x' + \alpha (x - x')\big)\,"
        r" d\alpha"
    )
    family: ClassVar[Family] = "gradient"
    linear: ClassVar[bool] = True
    presets: ClassVar[Mapping[Preset, int]] = {"tutorials": 3, "classes": 1, "baselines": 1}
    examples: ClassVar[Examples] = Examples(many={"steps": 200}, definite={"steps": 7}, few={"steps": 16})
    stands_on: ClassVar[str] = "Captum `IntegratedGradients`, subclassed"
    ours: ClassVar[str] = (
        "the integration: Captum's trapezoid rule is too small by 1/n, its default call keeps all steps in memory, and "
        "its steps are even; ours are taken where they are needed, and tell how right the map is. Baselines are "
        "pictures: black, white, random (seed, several draws averaged), grey, data set mean, blurred, any colour"
    )
    complete: ClassVar[bool] = True
    shows_regardless: ClassVar[str] = DISTANCE_FROM_BASELINE
    unit: ClassVar[Unit] = CONTRIBUTION

    steps: int | None = number(
        None,
        1,
        1000,
        hint="Points on the path. More is slower and closer to the exact map.",
        automatic="as many as needed",
        first=50,
        usual=(5, 20, 50, 200),
        axis="steps",
    )
    tolerance: float = tolerance(3.0, 10.0, only_if={"steps": None})
    baseline: str = choice(
        *BASELINES, hint='A picture that stands for "nothing", where the path starts.', axis="baseline"
    )
    seed: int = seed(only_if={"baseline": "random"})
    draws: int = number(
        4, 1, 20, label="Random baselines", hint="How many are averaged.", only_if={"baseline": "random"}
    )
    blur: float = number(
        10.0,
        1.0,
        50.0,
        1.0,
        hint="Its radius, as a share of the picture's side.",
        unit="%",
        only_if={"baseline": "blurred picture"},
    )
    colour: str = colour("#7f7f7f", hint="The colour of the whole baseline.", only_if={"baseline": "colour"})
    rule: str = choice(
        *RULES,
        label="Quadrature rule",
        hint="Where on the path the points lie, and how much each counts.",
        only_if={"steps": range(1, 1001)},  # automatic steps are the trapezoid rule's
    )

    @property
    def repeatable(self) -> IntegratedGradients:
        return replace(self, steps=REPEATABLE_STEPS) if self.steps is None else self

    @property
    def shares_passes(self) -> bool:
        return self.steps is not None  # automatic steps fill chunks with the points of one picture

    @property
    def preview_form(self) -> IntegratedGradients:
        return replace(self, steps=PREVIEW_STEPS, rule="trapezoid", draws=1)

    def passes(self, classifier: Classifier) -> int:
        if self.steps is None:
            return MAX_POINTS
        return self.paths * len(self.points(self.steps)[0])

    def baselines(self, classifier: Classifier, pictures: Tensor) -> Tensor:
        """Return the baselines (N, k, C, H, W) of pictures (N, C, H, W)."""
        return baseline(
            self.baseline,
            pictures,
            mean=classifier.mean,
            seed=self.seed,
            draws=self.paths,
            blur=self.blur,
            colour=self.colour,
        )

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        return self.integrate(passes, self.runs(passes, pictures, self.baselines(passes.classifier, pictures)))

    def runs(
        self,
        passes: Passes,
        pictures: Tensor,
        baselines: Tensor,
        *,
        stops: Sequence[float] = (),
        recorded: bool = False,
    ) -> list[PathRun]:
        """Prepare the integrals along the paths to pictures (N, C, H, W) from baselines (N, k, C, H, W).

        stops:    the alphas at which snapshots of chosen steps are recorded.
        recorded: whether the points of automatic steps are recorded.
        """
        return [
            PathRun(
                passes,
                *path,
                adaptive=self.steps is None,
                stops=stops,
                points=PointRecorder(baselines.shape[1]) if recorded and self.steps is None else None,
            )
            for path in zip(pictures, baselines, passes.rows(), strict=True)
        ]

    def integrate(
        self, passes: Passes, runs: list[PathRun], later_passes: int = 0, *, preview: bool = True
    ) -> Attribution:
        """Integrate along the paths.

        later_passes: the number of passes that follow, which counts in the total.
        preview:      whether the map of the first points is handed on.
        """

        def on_level(level: Level, points_left: int) -> None:
            passes.total = passes.count + points_left + later_passes
            if preview and len(runs[0].integral.history) == 1:
                passes.preview(attribution(runs[:1]))

        if self.steps is not None and len(runs) > 1 and not any(run.stops for run in runs):
            integrate_together(runs, *self.points(self.steps))
            return attribution(runs)
        for run in runs:
            if isinstance(run.integral, AdaptiveIntegral):
                passes.total = None
                run.integral.refine(self.tolerance / 100, on_level)
            elif self.steps is not None:
                run.integral.add(*self.points(self.steps))
        return attribution(runs)

    @property
    def paths(self) -> int:
        """The number of baselines, each with a path of its own."""
        return self.draws if self.baseline == "random" else 1

    def points(self, steps: int) -> tuple[list[float], list[float]]:
        """Return the alphas and weights of the rule.

        If the rule leaves out an end of the path, that is added with weight 0, for the trace.
        """
        alphas, weights = quadrature(self.rule, steps)  # type: ignore[arg-type]
        start, end = [0.0] * (alphas[0] > 0), [1.0] * (alphas[-1] < 1)
        return [*start, *alphas, *end], [*(0.0 for _ in start), *weights, *(0.0 for _ in end)]
