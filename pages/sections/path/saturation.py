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
from pages.shared.stops import stops
from pages.shared.tiles import NO_MODE_BAR

INTRODUCTION = r"""
**Integrated Gradients** starts at a **baseline**, a picture that stands for *nothing there*, and fades your picture in.
At alpha = 0 the classifier sees the baseline, at alpha = 1 your picture. In between, every pixel moves in a straight
line. Below, $x$ is the picture, $x'$ the baseline, $i$ one pixel's brightness in one channel, and $F$ the score.

- The **score** often rises early and then stays flat: it is *saturated*. There the gradient is small even at pixels
  that matter, which is why the plain gradient of your picture misses them.
- The **gradient here** shows which pixels the score reacts to *at this alpha*.
- The **slope** is what these gradients give when all pixels move along the path at once:

$$\frac{dF}{d\alpha} = \sum_i \frac{\partial F}{\partial x_i} (x_i - x'_i)$$

- The **map so far** collects each pixel's part of that sum, from 0 up to alpha:

$$(x_i - x'_i) \int_0^{\alpha} \frac{\partial F}{\partial x_i} \, d\alpha$$

- So the **dashed curve**, the baseline's score plus all attributions so far, must follow the score. At alpha = 1 it
  reaches the picture's score, except for the *gap*: this is **completeness**.
- The **mean gradient** is taken over all pixels, once with signs, which cancel out, and once as magnitudes.

The short lines under the score are the points at which the classifier was asked; automatic steps put them where they
are needed. The slider stops only at such points: nothing here is interpolated.
"""


class SaturationSection:
    """One figure in which everything that depends on alpha moves with it, and below it what that shows.

    waiting:    the place of the progress.
    save_place: that of the menu which saves the map.
    """

    def __init__(self) -> None:
        with st.container(key="journey-section", gap="small"):
            stops("journey-section", "alpha", plays=True)
            self._place = Place()
            self.waiting = st.container(key="journey-waiting")
            with st.container(horizontal=True, vertical_alignment="bottom", key="journey-line"):
                self._settings = st.container(key="journey-settings")
                self.save_place = st.container(horizontal=True, width="content")
        with st.expander("How to read this"):
            st.markdown(INTRODUCTION)

    def preview(self, record: PathRecord) -> None:
        """Draw a first figure from the first few points."""
        with self._place.preview(key="preview-area"):
            explanation, look = last_look(record.explanation)
            _draw(explanation, record.snapshots, look, "preview-journey")

    def show(self, record: PathRecord) -> tuple[PathRecord, Look]:
        """Draw the figure and the widgets that choose its look; return the record and the look as chosen."""
        explanation = record.explanation
        first, second = self._settings.columns(2)
        if len(explanation.values) > 1:
            explanation = choose_channels(explanation, first)
        look = Look(choose_colours(second, signed=explanation.signed), last_look(explanation)[1].clip)
        with self._place.fill(key="journey-area"):
            _draw(explanation, record.snapshots, look, "journey")
        return replace(record, explanation=explanation), look


def _draw(explanation: Explanation, snapshots: Snapshots, look: Look, key: str) -> None:
    about = (
        f"The picture at alpha, the gradient there and the map so far, above curves of the score of "
        f"{explanation.facts.label}, of its slope and of the mean gradient along the path"
    )
    place = st.container(key=f"{key}-figure")
    place.plotly_chart(path(explanation, snapshots, look), height="stretch", key=key, config=NO_MODE_BAR, alt=about)
