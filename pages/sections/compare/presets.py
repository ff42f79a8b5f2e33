"""Grids worth looking at, one click away."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from explainers import Explainer
from explainers.classifiers import BUNDLED, offers
from explainers.methods.cam import CAM
from explainers.methods.deeplift import DeepLIFT
from explainers.methods.expected_gradients import ExpectedGradients
from explainers.methods.grad_cam import FinerCAM, GradCAM, GradCAMPlusPlus, GuidedGradCAM, HiResCAM, LayerCAM
from explainers.methods.gradients import InputXGradient, Saliency
from explainers.methods.guided_backprop import Deconvolution, GuidedBackprop
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.methods.score_cam import EigenCAM, ScoreCAM
from explainers.methods.smoothgrad import SmoothGrad, SmoothGradSquared, VarGrad
from pages.sections.compare.axes import DEPTHS, RATHER, THAT, THIS, TUTORIAL
from pages.sections.compare.plan import ACROSS, COLOURS, DOWN, NOTHING, OWN, SHARED, key_of
from pages.shared import state
from pages.shared.controls import set_method

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
        "All gradient methods",  # those of a few passes first, so that a row is there soon
        _methods(
            Saliency,
            InputXGradient,
            GuidedBackprop,
            Deconvolution,
            DeepLIFT,
            IntegratedGradients,
            ExpectedGradients,
            SmoothGrad,
            SmoothGradSquared,
            VarGrad,
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


def offer_presets() -> None:
    """A button for each."""
    with st.container(horizontal=True, gap="xsmall", key="presets"):
        for number, preset in enumerate(PRESETS):
            st.button(preset.name, key=f"preset-{number}", on_click=_take, args=(preset,))


def _take(preset: Preset) -> None:
    """Set all that a preset says; the question stays."""
    state.choose(ACROSS, preset.across[0])
    state.choose(DOWN, preset.down[0] if preset.down else NOTHING)
    for name, values in filter(None, (preset.across, preset.down)):
        state.choose(key_of(name), [*values, _another()] if name == "classifier" else list(values))
    if preset.method:
        set_method(preset.method)
    state.choose(COLOURS, SHARED if preset.shared else OWN)


def _another() -> str:
    """The classifier to hold against the bundled one: the chosen one, else one whose weights are here."""
    chosen, others = state.value("classifier", BUNDLED), [offer for offer in offers() if offer.name != BUNDLED]
    here = [offer.name for offer in others if offer.origin != "download"]
    return chosen if chosen != BUNDLED else (here or [others[0].name])[0]
