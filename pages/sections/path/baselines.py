"""The section on how the map depends on the baseline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Explanation, reduce
from explainers.arrays import Array
from explainers.experiments import dark, spread
from explainers.explanation import Reduction
from explainers.figures import Look, peak, picture_tile, tile
from explainers.images.samples import SAMPLES
from explainers.methods.path_record import PathMethod, PathRecord
from explainers.numbers import percent, significant
from explainers.question import Question
from pages.shared import state, work
from pages.shared.frame import messages
from pages.shared.picture import sample_photo
from pages.shared.tiles import NO_MODE_BAR, titled

BASELINE_STEPS = 32  # of the trapezoid rule: 33 passes show how the baselines differ
NAMED_BASELINES = ("black", "white", "blurred picture", "dataset mean")
SEED_COUNT = 10_000
DARK_SAMPLE = SAMPLES[2]  # it shows a dark uniform


@dataclass(frozen=True, eq=False)
class BaselineMap:
    """A map from one baseline.

    values:       (C, H, W), the attributions.
    heat:         (H, W), the values with their channels combined as they are drawn.
    score_change: what the values should add up to.
    """

    name: str
    values: Array
    heat: Array
    score_change: float

    @classmethod
    def of(cls, name: str, values: Array, score_change: float, reduction: Reduction) -> BaselineMap:
        return cls(name, values, reduce(values, reduction), score_change)

    @property
    def key(self) -> str:
        return self.name.replace(" ", "-").replace(",", "")

    @property
    def line(self) -> str:
        """Say what the values add up to, and what they should."""
        return f"{significant(float(self.values.sum(dtype=np.float64)))} of {significant(self.score_change)}"


class BaselinesSection:
    """Maps from several baselines on one colour scale, several random draws, and their averages."""

    def __init__(self) -> None:
        st.markdown(
            "#### Which baseline?\n"
            "Every attribution is *compared with the baseline*: a pixel that looks as it does in the baseline gets "
            "nothing, whatever it means. So the choice is part of the question. Here is the same map from several "
            f"baselines, each with {BASELINE_STEPS} steps of the trapezoid rule, all on one colour scale. Under each: "
            "what its pixels add up to, and by how much the score changes from that baseline to your picture."
        )
        left, right = st.columns([1, 2], vertical_alignment="bottom")
        self.draws: int = left.slider(
            "Random draws",
            2,
            20,
            key=state.setting("path-draws", 4, lambda value: 2 <= value <= 20),
            help=f"Number of random pictures used as baselines. Each takes {BASELINE_STEPS + 1} passes.",
        )
        self.blind = right.toggle(
            f"Show what black can't see: {2 * (BASELINE_STEPS + 1)} more passes",
            key=state.setting("path-blind", False),
            help=f"On a picture where it matters: {DARK_SAMPLE.title}.",
        )
        self._place = st.container(key="baselines")

    def passes(self, explainer: PathMethod) -> int:
        """Count the section's passes; those from the path's own baseline are in its grid already."""
        named = sum(name != explainer.baseline for name in NAMED_BASELINES)
        return (named + self.draws + 2 * self.blind) * (BASELINE_STEPS + 1)

    def show(self, explainer: PathMethod, question: Question, record: PathRecord, look: Look) -> None:
        """Draw the tile of each map as it comes, then all of them on a common colour scale."""
        explanation = record.explanation
        with self._place, messages():
            waiting, row = st.container(), st.container(horizontal=True, gap="small", key="tiles")
            with row:
                titled("Picture", "what the classifier sees", "picture").plotly_chart(
                    picture_tile(explanation.picture),
                    key="tile-picture",
                    config=NO_MODE_BAR,
                    alt="What the classifier sees",
                )
                slots = [st.empty() for _ in range(len(NAMED_BASELINES) + 4)]
            named_maps: list[BaselineMap] = []
            with waiting:
                for baseline_map in _named_maps(explainer, question, record):
                    named_maps.append(baseline_map)
                    _draw(slots[len(named_maps) - 1], baseline_map, look, None, "early", signed=explanation.signed)
                random_maps = [
                    _random_map(explainer, question, explanation.reduction, number) for number in range(self.draws)
                ]
            random_mean = _mean_map(f"random, mean of {self.draws}", random_maps, explanation.reduction)
            overall_mean = _mean_map("mean of all", [*named_maps, random_mean], explanation.reduction)
            drawn_maps = [*named_maps, random_maps[0], random_mean, overall_mean]
            strongest = peak(np.stack([baseline_map.heat for baseline_map in drawn_maps]), look.clip)
            for slot, baseline_map in zip(slots, drawn_maps, strict=False):
                _draw(slot, baseline_map, look, strongest, "final", signed=explanation.signed)
            with slots[-1], titled("Spread of the draws", "standard deviation", "spread"):
                deviation = np.std([draw.heat for draw in random_maps], 0)
                figure = tile(deviation, look.colours, strongest, signed=explanation.signed)
                about = "How much the maps of the random draws differ at each pixel"
                st.plotly_chart(figure, key="tile-spread", config=NO_MODE_BAR, alt=about)
            st.caption(f"Strongest colour in all maps: {significant(strongest)}, {explanation.facts.unit.text}.")
            st.markdown(_findings(explanation.picture, named_maps, random_maps))
            if self.blind:
                _show_dark_sample(question, explanation, look)


def _named_maps(explainer: PathMethod, question: Question, record: PathRecord) -> Iterator[BaselineMap]:
    """Yield the maps from the named baselines; that from the path's own baseline is read off its grid."""
    grid, reduction = record.grid, record.explanation.reduction
    for name in NAMED_BASELINES:
        if name == explainer.baseline and grid:
            yield BaselineMap.of(name, grid.values("trapezoid", BASELINE_STEPS), grid.score_change, reduction)
        else:
            yield _integrate(replace(explainer, baseline=name), question, name, reduction)


def _random_map(explainer: PathMethod, question: Question, reduction: Reduction, number: int) -> BaselineMap:
    method = replace(explainer, baseline="random", seed=(explainer.seed + number) % SEED_COUNT, draws=1)
    return _integrate(method, question, f"random draw {number + 1}", reduction)


def _integrate(explainer: PathMethod, question: Question, name: str, reduction: Reduction) -> BaselineMap:
    method = replace(explainer, steps=BASELINE_STEPS, rule="trapezoid")
    explanation = work.explanation(method, question, doing=f"Integrating from another baseline: {name}")
    return BaselineMap.of(name, explanation.values, explanation.score - (explanation.baseline_score or 0.0), reduction)


def _mean_map(name: str, maps: Sequence[BaselineMap], reduction: Reduction) -> BaselineMap:
    values = np.mean([baseline_map.values for baseline_map in maps], 0)
    return BaselineMap.of(name, values, float(np.mean([baseline_map.score_change for baseline_map in maps])), reduction)


def _draw(
    slot: DeltaGenerator, baseline_map: BaselineMap, look: Look, strongest: float | None, stage: str, *, signed: bool
) -> None:
    """Draw the tile of a map; `stage` tells its key from that of the other drawing, None takes the map's own peak."""
    figure = tile(baseline_map.heat, look.colours, strongest or peak(baseline_map.heat, look.clip), signed=signed)
    with slot, titled(baseline_map.name.capitalize(), baseline_map.line, f"{baseline_map.key}-{stage}"):
        about = f"The map with the baseline {baseline_map.name}, which adds up to {baseline_map.line}"
        st.plotly_chart(figure, key=f"tile-{baseline_map.key}-{stage}", config=NO_MODE_BAR, alt=about)


def _findings(picture: Array, named_maps: Sequence[BaselineMap], random_maps: Sequence[BaselineMap]) -> str:
    """Say in Markdown what these maps show about the baselines."""
    by_name = {baseline_map.name: baseline_map for baseline_map in named_maps}
    dark_area, black_share = dark(picture, by_name["black"].values)
    _, white_share = dark(picture, by_name["white"].values)
    deviation = spread([random_map.values for random_map in random_maps])
    sentences = [
        f"- **Black can't see black.** {dark_area:.0%} of this picture is nearly black. With a black "
        f"baseline these pixels get {percent(black_share)} of the attribution, with white {percent(white_share)}.",
        f"- **Random baselines differ.** The map of one draw is typically {deviation:.0%} away from the mean of "
        f"{len(random_maps)} (relative L1). Averaging takes the noise out.",
        "- **Averaging over baselines** is what *expected gradients* do (Erion et al. 2021): no single picture has to "
        "stand for nothing. Here the path from each baseline is integrated in full, as everywhere on this page. "
        "Captum's `GradientShap` draws one random alpha for each sample, and can add noise to the picture: for the "
        "same number of passes it is noisier, and it shows no path.",
    ]
    return "\n".join(sentences)


def _show_dark_sample(question: Question, explanation: Explanation, look: Look) -> None:
    """Draw the maps of a sample whose object is dark, so that a black baseline misses it."""
    photo = sample_photo(DARK_SAMPLE.name)
    likely = work.predictions(question.classifier, photo)[0]
    explainer = PathMethod(steps=BASELINE_STEPS, rule="trapezoid")
    dark_question = replace(question, photo=photo, target=replace(question.target, index=likely.index, versus=None))
    maps = {
        name: work.explanation(replace(explainer, baseline=name), dark_question).reduced(explanation.reduction)
        for name in ("black", "white")
    }
    strongest = peak(np.stack([dark_explanation.heat for dark_explanation in maps.values()]), look.clip)
    with st.container(horizontal=True, gap="small", key="blind"):
        titled(DARK_SAMPLE.title, likely.label, "blind-picture").plotly_chart(
            picture_tile(maps["black"].picture),
            key="blind-picture",
            config=NO_MODE_BAR,
            alt=f"{DARK_SAMPLE.title}, as the classifier sees it",
        )
        for name, dark_explanation in maps.items():
            dark_area, dark_share = dark(dark_explanation.picture, dark_explanation.values)
            titled(
                name.capitalize(), f"dark pixels ({dark_area:.0%}) get {percent(dark_share)}", f"blind-{name}"
            ).plotly_chart(
                tile(dark_explanation.heat, look.colours, strongest, signed=explanation.signed),
                key=f"blind-{name}",
                config=NO_MODE_BAR,
                alt=f"Its map with a {name} baseline",
            )
