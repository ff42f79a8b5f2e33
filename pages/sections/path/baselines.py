"""What the baseline does to the map."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Explanation, reduce
from explainers.arrays import Array
from explainers.experiments import dark, spread
from explainers.figures import Look, peak, picture_tile, tile
from explainers.images.samples import SAMPLES
from explainers.methods.integrated_gradients import IntegratedGradients
from pages.shared import state, work
from pages.shared.frame import messages
from pages.shared.photo import Photo
from pages.shared.question import Question
from pages.shared.tiles import BARE, titled

STEPS = 32  # 33 passes: enough to see the difference between baselines
NAMED = ("black", "white", "blurred picture", "dataset mean")
SEEDS = 10_000
BLIND = SAMPLES[2]  # a dark uniform


@dataclass(frozen=True, eq=False)
class Start:
    """A map from one baseline. values: (C, H, W); adds: what it adds up to; rise: what it should."""

    name: str
    values: Array
    rise: float

    @property
    def adds(self) -> float:
        return float(self.values.sum(dtype=np.float64))


class BaselinesSection:
    """Maps from several baselines on one colour scale, several random draws, and their averages."""

    def __init__(self) -> None:
        st.markdown(
            "#### 4. Baselines: compared with what?\n"
            "Every attribution is *compared with the baseline*: a pixel that is as in the baseline gets nothing, "
            "whatever it means. So the choice is part of the question. Below, the same integration from several "
            f"baselines, each with {STEPS} steps of the trapezoid rule, all on one colour scale. Under each: what its "
            "pixels add up to, of the score's rise from that baseline."
        )
        first, second = st.columns([1, 2], vertical_alignment="bottom")
        self.draws: int = first.slider(
            "Random draws",
            2,
            20,
            key=state.setting("path-draws", 4, lambda value: 2 <= value <= 20),
            help=f"Random pictures as baselines, {STEPS + 1} passes each.",
        )
        self.blind = second.toggle(
            f"What black can't see: {2 * (STEPS + 1)} passes more",
            key=state.setting("path-blind", False),
            help=f"A picture where it matters: {BLIND.title}.",
        )
        self._place = st.container(key="baselines")

    def passes(self, explainer: IntegratedGradients) -> int:
        """What the section costs; the path's own baseline is on its grid already."""
        named = sum(name != explainer.baseline for name in NAMED)
        return (named + self.draws + 2 * self.blind) * (STEPS + 1)

    def show(self, explainer: IntegratedGradients, asked: Question, explanation: Explanation, look: Look) -> None:
        """Draw a tile for each map as it comes, then all on their common scale."""
        with self._place, messages():
            waiting, row = st.container(), st.container(horizontal=True, gap="small", key="tiles")
            with row:
                titled("Picture", "what the classifier sees", "picture").plotly_chart(
                    picture_tile(explanation.picture), key="tile-picture", config=BARE
                )
                slots = [st.empty() for _ in range(len(NAMED) + 4)]
            starts: list[Start] = []
            with waiting:
                for start in self._named(explainer, asked, explanation):
                    starts.append(start)
                    _draw(slots[len(starts) - 1], start, explanation, look, None, "early")
                draws = [self._draw(explainer, asked, number) for number in range(self.draws)]
            random = _mean(f"random, mean of {self.draws}", draws)
            shown = [*starts, draws[0], random, _mean("mean of all", [*starts, random])]
            strongest = peak(np.stack([reduce(start.values, explanation.reduction) for start in shown]), look.clip)
            for slot, start in zip(slots, shown, strict=False):
                _draw(slot, start, explanation, look, strongest, "final")
            heats = [reduce(draw.values, explanation.reduction) for draw in draws]
            with slots[-1], titled("Spread of the draws", "standard deviation", "spread"):
                figure = tile(np.std(heats, 0), look.colours, strongest, signed=explanation.signed)
                st.plotly_chart(figure, key="tile-spread", config=BARE)
            st.caption(f"Strongest colour: {strongest:.3g}, {explanation.facts['unit']}, for all tiles.")
            st.markdown(_said(explanation, starts, draws))
            if self.blind:
                _show_blind(asked, explanation, look)

    def _named(self, explainer: IntegratedGradients, asked: Question, explanation: Explanation) -> Iterator[Start]:
        for name in NAMED:
            if name == explainer.baseline and (grid := explanation.grid):
                yield Start(name, grid.values("trapezoid", STEPS), grid.rise)
            else:
                yield _integrate(replace(explainer, baseline=name), asked, name)

    def _draw(self, explainer: IntegratedGradients, asked: Question, number: int) -> Start:
        seed = (explainer.seed + number) % SEEDS
        method = replace(explainer, baseline="random", seed=seed, draws=1)
        return _integrate(method, asked, f"random draw {number + 1}")


def _integrate(explainer: IntegratedGradients, asked: Question, name: str) -> Start:
    method, doing = replace(explainer, steps=STEPS, rule="trapezoid"), f"Integrating from another baseline: {name}"
    found = work.explanation(method, asked.classifier, asked.photo, asked.target, doing=doing)
    return Start(name, found.values, found.score - (found.baseline_score or 0.0))


def _mean(name: str, starts: list[Start]) -> Start:
    values = np.mean([start.values for start in starts], 0)
    return Start(name, values, float(np.mean([start.rise for start in starts])))


def _draw(
    slot: DeltaGenerator, start: Start, explanation: Explanation, look: Look, strongest: float | None, when: str
) -> None:
    heat = reduce(start.values, explanation.reduction)
    figure = tile(heat, look.colours, strongest or peak(heat, look.clip), signed=explanation.signed)
    key = start.name.replace(" ", "-").replace(",", "")
    with slot, titled(start.name.capitalize(), f"{start.adds:.3g} of {start.rise:.3g}", f"{key}-{when}"):
        st.plotly_chart(figure, key=f"tile-{key}-{when}", config=BARE)


def _said(explanation: Explanation, starts: list[Start], draws: list[Start]) -> str:
    by_name = {start.name: start for start in starts}
    share, black = dark(explanation.picture, by_name["black"].values)
    _, white = dark(explanation.picture, by_name["white"].values)
    lines = [
        f"- **Black can't see black.** {share:.0%} of this picture is nearly black. These pixels get {black:.1%} of "
        f"the attribution from black, and {white:.1%} from white.",
        f"- **Random baselines differ.** One draw's map is {spread([draw.values for draw in draws]):.0%} away from the "
        f"mean of {len(draws)} (relative L1). Averaging takes the noise out.",
        "- **Averaging over baselines** is what *expected gradients* do (Erion et al. 2021): no single picture has to "
        "stand for nothing. Here each baseline's path is integrated fully, with the kernel of all the rest of this "
        "page. Captum's `GradientShap` draws one random alpha for each sample, and can add noise to the picture: it is "
        "noisier for the same number of passes, and shows no path.",
    ]
    return "\n".join(lines)


def _show_blind(asked: Question, explanation: Explanation, look: Look) -> None:
    """The sample where a black baseline misses what the class is made of."""
    photo = Photo(BLIND.title, BLIND.data)
    likely = work.predictions(asked.classifier, photo)[0]
    method = IntegratedGradients(steps=STEPS, rule="trapezoid")
    target = replace(asked.target, index=likely.index, versus=None)
    maps = {
        name: work.explanation(replace(method, baseline=name), asked.classifier, photo, target)
        for name in ("black", "white")
    }
    strongest = peak(np.stack([reduce(each.values, explanation.reduction) for each in maps.values()]), look.clip)
    with st.container(horizontal=True, gap="small", key="blind"):
        titled(BLIND.title, likely.label, "blind-picture").plotly_chart(
            picture_tile(maps["black"].picture), key="blind-picture", config=BARE
        )
        for name, each in maps.items():
            share, got = dark(each.picture, each.values)
            heat = reduce(each.values, explanation.reduction)
            titled(name.capitalize(), f"dark pixels ({share:.0%}) get {got:.1%}", f"blind-{name}").plotly_chart(
                tile(heat, look.colours, strongest, signed=explanation.signed), key=f"blind-{name}", config=BARE
            )
