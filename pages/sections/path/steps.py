"""How many steps are enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from explainers import Explanation
from explainers.arrays import relative_l1
from explainers.figures import Look, by_steps, convergence
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.paths.quadrature import GRIDS
from explainers.paths.step_grid import GRID_RULES, StepGrid
from explainers.paths.trace import Level
from explainers.proof import enough
from pages.shared import state, work
from pages.shared.frame import messages
from pages.shared.question import Question
from pages.shared.tiles import BARE

OFFERED = GRIDS[3:]  # 64 and more
KEPT = 128  # steps of the grid that comes with the explanation


class StepsSection:
    """The map at 8, 16, 32... steps, all from one nested grid, and what each is worth by several rules."""

    def __init__(self) -> None:
        st.markdown(
            "#### 3. Steps: how many are enough?\n"
            "The integral is a sum over points on the path. Points are doubled, each gradient is used again, and after "
            "each doubling two things are asked: how much did the **map change**, and how far do the pixels miss the "
            "score's rise (the **gap**)? They are different things: errors can cancel in the gap, and not in the map."
        )
        first, second = st.columns([1, 2], vertical_alignment="bottom")
        self.most: int = first.select_slider(
            "Look at up to so many steps",
            OFFERED,
            key=state.setting("path-steps", KEPT, OFFERED.__contains__),
            help=f"Beyond {KEPT}, only the new points are passed. Automatic steps that went farther are shown, too.",
        )
        cost = self._gauss_passes(self.most)
        self.gauss = second.toggle(
            f"Gauss-Legendre beside them: {cost} passes more",
            key=state.setting("path-gauss", False),
            help="Its points lie elsewhere for every number of steps, so nothing can be used again.",
        )
        self._place = st.container(key="steps")

    @staticmethod
    def _gauss_passes(most: int) -> int:
        return sum(count + 2 for count in GRIDS if count <= most)  # and both ends of the path, for the trace

    def passes(self, explainer: IntegratedGradients, reached: int) -> int:
        """What the section costs when the explanation's grid has `reached` steps."""
        return explainer.paths * (max(0, self.most - reached) + self.gauss * self._gauss_passes(self.most))

    def show(self, explainer: IntegratedGradients, asked: Question, explanation: Explanation, look: Look) -> None:
        """Draw the maps, the curves, and the answer."""
        if (grid := explanation.grid) is None:
            return
        with self._place, messages():
            reached = explanation.history[-1].points - 1 if explanation.history else 0
            if self.most > grid.steps[-1]:
                grid = work.further(explainer, asked.classifier, asked.photo, asked.target, grid, self.most)
            grid = grid.up_to(max(self.most, reached))
            st.markdown(enough(grid))
            left, right = st.columns(2, gap="medium")
            with left.container(key="steps-area"):
                figure = st.container(key="steps-figure")
                figure.plotly_chart(by_steps(explanation, grid, look), height="stretch", key="by-steps", config=BARE)
            with right:
                worth: dict[str, Sequence[Level]] = {rule: grid.levels(rule) for rule in GRID_RULES}
                counts: dict[str, Sequence[int]] = {rule: grid.counts(rule) for rule in GRID_RULES}
                if self.gauss:
                    worth["gauss-legendre"], counts["gauss-legendre"] = _gauss(explainer, asked, grid, self.most)
                st.plotly_chart(convergence(worth, counts), key="convergence", config=BARE)
                st.caption(
                    "Solid: change of the map against half as many steps. Dotted: completeness gap. Left, right, "
                    "midpoint and trapezoid come from the same gradients. For networks of ReLUs no rule is faster than "
                    "1/steps: the gradient jumps along the path."
                )


def _gauss(
    explainer: IntegratedGradients, asked: Question, grid: StepGrid, most: int
) -> tuple[Sequence[Level], Sequence[int]]:
    counts, levels, before = [count for count in GRIDS if count <= most], [], None
    for count in counts:
        found = work.explanation(
            replace(explainer, steps=count, rule="gauss-legendre"),
            asked.classifier,
            asked.photo,
            asked.target,
            doing=f"Gauss-Legendre, {count} steps",
        ).values
        levels.append(Level(count, None if before is None else relative_l1(found, before), grid.gap(found)))
        before = found
    return levels, counts
