"""The section that shows the path as curves: saturation, and how the map adds up."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explainers import Explanation
from explainers.figures import Look, path
from explainers.methods.path_record import PathRecord
from explainers.paths.snapshots import Snapshots
from pages.shared.look import choose_channels, choose_colours, last_look
from pages.shared.place import Place
from pages.shared.tiles import NO_MODE_BAR

INTRODUCTION = r"""
**Move alpha.** All of this moves with it, in your browser. $x$ is the picture, $x'$ the baseline, $i$ one pixel's
brightness in one channel, $F$ the score.

- The **score** often rises early and then stays flat: it is *saturated*. There the picture's own gradient is small even
  on the pixels that matter, which is why a plain gradient misses them.
- The **gradient** says which pixels the score reacts to *at this alpha*. See where on the path it is strong.
- The **slope** is what the gradients give when all pixels move along the path at once:

$$\frac{dF}{d\alpha} = \sum_i \frac{\partial F}{\partial x_i} (x_i - x'_i)$$

- The **map so far** collects each pixel's part of that sum, from 0 up to alpha:

$$(x_i - x'_i) \int_0^{\alpha} \frac{\partial F}{\partial x_i} \, d\alpha$$

- So the **dashed curve**, the baseline's score plus all attributions so far, must follow the score. At alpha = 1 it
  ends at the picture's score but for the *gap*: this is **completeness**.
- The **mean gradient** over all pixels, with signs (they cancel), and the mean of its magnitude.

The short lines under the curves are the points that were passed: automatic steps put them where they are needed. The
stops of the slider are among them: nothing here is interpolated.
"""


class SaturationSection:
    """One figure in which everything that depends on alpha moves with it."""

    def __init__(self) -> None:
        st.markdown("#### 2. Saturation: where on the path the score is made")
        self._words, right = st.columns([2, 5], gap="medium")
        self._words.markdown(INTRODUCTION)
        self.waiting = right.container(key="journey-waiting")
        with right:
            self._place = Place()

    def preview(self, record: PathRecord) -> None:
        """Draw a first figure from the first few points."""
        with self._place.preview(key="preview-area"):
            explanation, look = last_look(record.explanation)
            _draw(explanation, record.snapshots, look, "preview-journey")
            st.caption(f"A first look after {explanation.facts.passes} passes. The rest is being computed.")

    def show(self, record: PathRecord) -> tuple[PathRecord, Look]:
        """Draw the figure and the widgets that choose its look; return the record and the look as chosen."""
        explanation = record.explanation
        with self._place.fill(key="journey-area"):
            figure = st.container()
            first, second = st.columns(2)
            if len(explanation.values) > 1:
                explanation = choose_channels(explanation, first)
            look = Look(choose_colours(second, signed=explanation.signed), last_look(explanation)[1].clip)
            with figure:
                _draw(explanation, record.snapshots, look, "journey")
        return replace(record, explanation=explanation), look


def _draw(explanation: Explanation, snapshots: Snapshots, look: Look, key: str) -> None:
    about = f"The path to {explanation.facts.label}"
    place = st.container(key=f"{key}-figure")
    place.plotly_chart(path(explanation, snapshots, look), height="stretch", key=key, config=NO_MODE_BAR, alt=about)
