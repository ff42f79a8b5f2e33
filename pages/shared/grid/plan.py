"""Choosing what a grid compares: two axes, the values on them, and presets of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from explainers import (
    CAM,
    Deconvolution,
    DeepLIFT,
    EigenCAM,
    ExpectedGradients,
    Explainer,
    Explanation,
    ExplanationError,
    FinerCAM,
    GradCAM,
    GradCAMPlusPlus,
    GuidedBackprop,
    GuidedGradCAM,
    HiResCAM,
    InputXGradient,
    IntegratedGradients,
    LayerCAM,
    Saliency,
    ScoreCAM,
    SmoothGrad,
    SmoothGradSquared,
    VarGrad,
)
from explainers.classifiers import BUNDLED, offers
from pages.shared import state
from pages.shared.controls import set_method
from pages.shared.grid.axes import AXES, DEPTHS, RATHER, THAT, THIS, TUTORIAL, Wish
from pages.shared.question import Question

MOST = 5  # tiles in a row, and rows
NOTHING = "nothing else"
OWN, SHARED = "each its own", "one for all"
ACROSS, DOWN, COLOURS = "compare-across", "compare-down", "compare-colours"


EVENLY = IntegratedGradients(steps=64)  # for all baselines alike: only they shall differ


@dataclass(frozen=True)
class Preset:
    """A grid worth looking at: {axis: values} across and down, and what else it sets."""

    name: str
    across: tuple[str, tuple[str, ...]]
    down: tuple[str, tuple[str, ...]] | None = None
    method: Explainer | None = None
    shared: bool = False


def _methods(*kinds: type[Explainer]) -> tuple[str, tuple[str, ...]]:
    return "method", tuple(kind.slug() for kind in kinds)


PRESETS = (
    Preset("The four of the tutorials", ("method", TUTORIAL)),
    Preset(
        "All gradient methods",
        _methods(
            Saliency,
            InputXGradient,
            IntegratedGradients,
            ExpectedGradients,
            DeepLIFT,
            SmoothGrad,
            SmoothGradSquared,
            VarGrad,
            GuidedBackprop,
            Deconvolution,
        ),
    ),
    Preset(
        "CAM family",
        _methods(
            GradCAM, CAM, GradCAMPlusPlus, HiResCAM, LayerCAM, FinerCAM, EigenCAM, ScoreCAM, GuidedGradCAM
        ),
    ),
    Preset("This class against that class", ("class", (THIS, THAT, RATHER)), _methods(IntegratedGradients, GradCAM)),
    Preset("Black, white, random", ("baseline", ("black", "white", "random")), None, EVENLY, shared=True),
    Preset("Shallow to deep layers", ("layer", tuple(DEPTHS)), _methods(GradCAM, LayerCAM)),
    Preset("Two classifiers", ("classifier", (BUNDLED,)), _methods(Saliency, GradCAM)),
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """{axis: value} for each tile, row by row, and how many stand in a row."""

    tiles: Sequence[dict[str, str]]
    columns: int

    @property
    def rows(self) -> int:
        return -(-len(self.tiles) // self.columns)

    def title(self, number: int, found: Explanation | None = None) -> str:
        """Of a tile, with its number, by which the other views name it."""
        words = (AXES[axis].title(value, found) for axis, value in self.tiles[number].items())
        return f"{number + 1}. " + " · ".join(words)

    def wish(self, number: int, asked: Question, explainer: Explainer) -> Wish:
        """What a tile shall show. Raises ExplanationError where its values make no sense together."""
        wish, values = Wish.of(asked, explainer), self.tiles[number]
        for name, axis in AXES.items():
            if name in values:
                wish = axis.apply(wish, values[name], asked)
        return wish


def offer_presets() -> None:
    """A button for each."""
    with st.container(horizontal=True, gap="xsmall", key="presets"):
        for number, preset in enumerate(PRESETS):
            st.button(preset.name, key=f"preset-{number}", on_click=_take, args=(preset,))


def choose_plan(asked: Question) -> Plan:
    """The tiles as chosen. Raises ExplanationError where an axis has no value."""
    left, right = st.columns(2, gap="medium")
    across: str = left.selectbox(
        "Across",
        AXES,
        format_func=str.capitalize,
        key=state.setting(ACROSS, "method", AXES.__contains__),
        help="What the tiles of a row differ in.",
    )
    others = (NOTHING, *(name for name in AXES if name != across))
    down: str = right.selectbox(
        "Down",
        others,
        format_func=str.capitalize,
        key=state.setting(DOWN, NOTHING, others.__contains__),
        on_change=_trim,
        help="What the rows differ in. With nothing else, up to 25 tiles fill the rows.",
    )
    with left:
        first = _choose_values(across, asked, MOST if down != NOTHING else MOST**2)
    if down == NOTHING:
        rows = -(-len(first) // MOST)
        return Plan([{across: value} for value in first], -(-len(first) // rows))
    with right:
        second = _choose_values(down, asked, MOST)
    return Plan([{down: row, across: column} for row in second for column in first], len(first))


def _choose_values(name: str, asked: Question, most: int) -> list[str]:
    axis = AXES[name]
    options = axis.options(asked)
    most = min(most, len(options))

    def offered(values: list[str]) -> bool:
        return len(values) <= most and len(set(values)) == len(values) and set(values) <= set(options)

    values = st.multiselect(
        f"{name.capitalize()}: up to {most}",
        options,
        format_func=axis.text,
        key=state.setting(_key(name), list(axis.first), offered),
        max_selections=most,
        help=axis.hint,
    )
    if not values:
        raise ExplanationError(f"Choose at least one {name} to compare.")
    return values


def _key(axis: str) -> str:
    return f"compare-{axis}"


def _trim() -> None:
    """Leave of each axis what fits beside another."""
    for name, axis in AXES.items():
        state.choose(_key(name), state.value(_key(name), list(axis.first))[:MOST])


def _take(preset: Preset) -> None:
    """Set all that a preset says; the question stays."""
    state.choose(ACROSS, preset.across[0])
    state.choose(DOWN, preset.down[0] if preset.down else NOTHING)
    for name, values in filter(None, (preset.across, preset.down)):
        state.choose(_key(name), [*values, _another()] if name == "classifier" else list(values))
    if preset.method:
        set_method(preset.method)
    state.choose(COLOURS, SHARED if preset.shared else OWN)


def _another() -> str:
    """The classifier to hold against the bundled one: the chosen one, else one whose weights are here."""
    chosen, others = state.value("classifier", BUNDLED), [offer for offer in offers() if offer.name != BUNDLED]
    here = [offer.name for offer in others if offer.origin != "download"]
    return chosen if chosen != BUNDLED else (here or [others[0].name])[0]
