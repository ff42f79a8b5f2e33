"""The section on how many points are enough, uniform or adaptive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from explainers.figures import Look, by_steps, convergence
from explainers.methods.path_record import PathMethod, PathRecord
from explainers.numbers import counted
from explainers.paths.quadrature import NESTED_STEPS
from explainers.paths.step_grid import GRID_RULES, GridLevel, StepGrid
from explainers.proof import enough
from explainers.question import Question
from pages.shared import state, work
from pages.shared.frame import messages
from pages.shared.stops import stops
from pages.shared.tiles import NO_MODE_BAR

OFFERED_STEPS = NESTED_STEPS[3:]  # 64 and more
RECORD_STEPS = 128  # steps of the grid that comes with the explanation


class StepsSection:
    """The maps of 8, 16, 32... uniform steps and of adaptive points, and the errors of several quadrature rules."""

    def __init__(self) -> None:
        st.markdown(
            "#### How many points are enough?\n"
            "The integral is a sum over points on the path. **Uniform steps** are spaced evenly. **Adaptive points** "
            "go where the gradient changes most from one point to the next: there the sum is least certain, and these "
            "changes give the **expected error** of the map. The **gap**, how far the pixels miss the score's change, "
            "is a different thing: errors can cancel out in the gap, but not in the map."
        )
        left, right = st.columns([1, 2], vertical_alignment="bottom")
        self.most: int = left.select_slider(
            "Largest number of steps",
            OFFERED_STEPS,
            key=state.setting("path-steps", RECORD_STEPS, OFFERED_STEPS.__contains__),
            help=f"Of uniform steps. Up to {RECORD_STEPS} steps, many of their points are known already from the "
            "adaptive ones; beyond that, all are new.",
        )
        cost = self._gauss_passes(self.most)
        self.gauss = right.toggle(
            f"Add Gauss-Legendre: {counted(cost, 'more pass', 'more passes')}",
            key=state.setting("path-gauss", False),
            help="Its points lie elsewhere for every number of steps, so none can be reused.",
        )
        self._place = st.container(key="steps")

    @staticmethod
    def _gauss_passes(max_steps: int) -> int:
        """Count the passes of Gauss-Legendre at every number of steps up to `max_steps`, from one baseline."""
        return sum(
            count + 2 for count in NESTED_STEPS if count <= max_steps
        )  # and both ends of the path, for the trace

    def passes(self, explainer: PathMethod, steps_taken: int) -> int:
        """Count the passes that the section needs beyond a record whose nested grid has `steps_taken` steps."""
        return explainer.paths * (max(0, self.most - steps_taken) + self.gauss * self._gauss_passes(self.most))

    def show(self, explainer: PathMethod, question: Question, record: PathRecord, look: Look) -> None:
        """Draw the maps and the curves, and say how many points are enough."""
        explanation, grid = record.explanation, record.grid
        if grid is None:
            return
        with self._place, messages():
            if self.most > grid.steps[-1]:
                grid = work.extend(explainer, question, grid, self.most)
            grid = grid.up_to(self.most)
            st.markdown(enough(grid, explainer.tolerance / 100))
            left, right = st.columns(2, gap="medium")
            with left.container(key="steps-area"):
                stops("steps-area", "Steps")
                st.container(key="steps-figure").plotly_chart(
                    by_steps(explanation, grid, look),
                    height="stretch",
                    key="by-steps",
                    config=NO_MODE_BAR,
                    alt=f"The map for {explanation.facts.label} from the chosen number of steps",
                )
            with right:
                levels: dict[str, Sequence[GridLevel]] = {rule: grid.levels(rule) for rule in GRID_RULES}
                if self.gauss:
                    levels["gauss-legendre"] = _gauss_levels(explainer, question, grid, self.most)
                st.plotly_chart(
                    convergence(grid, levels),
                    key="convergence",
                    config=NO_MODE_BAR,
                    alt="Curves of the map's error and of its gap against the number of points, for each rule",
                )
                st.caption(
                    "Solid lines: for uniform steps, how far the map is from that of the adaptive points, which says "
                    "nothing below the latter's own error (dashed); for adaptive points, their expected error, for "
                    "which no exact map is needed. Dotted lines: the gap. In networks of ReLUs, no rule of uniform "
                    "steps is faster than 1/points, because the gradient jumps along the path."
                )


def _gauss_levels(explainer: PathMethod, question: Question, grid: StepGrid, max_steps: int) -> Sequence[GridLevel]:
    """Integrate by Gauss-Legendre at every number of steps up to `max_steps`."""
    levels = []
    for count in NESTED_STEPS:
        if count > max_steps:
            break
        values = work.explanation(
            replace(explainer, steps=count, rule="gauss-legendre"),
            question,
            doing=f"Gauss-Legendre, {count} steps",
        ).values
        levels.append(grid.level(count, values))
    return levels
