"""Attribution methods for image classifiers. Nothing in here knows about Streamlit."""

import os

# Before torch is loaded: its threads would spin while they wait for each other, and where somebody else needs a core
# (a second program, thirty visitors' pages) a pass takes ten times as long.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from explainers.ablation import FeatureAblation
from explainers.attention import AttentionRelevance, AttentionRollout
from explainers.backprop import Deconvolution, GuidedBackprop
from explainers.base import Explainer
from explainers.blur_path import BlurIntegratedGradients
from explainers.cam import CAM, GradCAM
from explainers.classifiers import Classifier, Prediction, View, load_classifier
from explainers.coalitions import LIME, KernelSHAP
from explainers.deeplift import DeepLIFT
from explainers.engine import Progress
from explainers.errors import ExplanationError
from explainers.expected import ExpectedGradients
from explainers.explanation import Coverage, Explanation, Target, reduce
from explainers.gradcams import FinerCAM, GradCAMPlusPlus, GuidedGradCAM, HiResCAM, LayerCAM
from explainers.gradientfree import EigenCAM, ScoreCAM
from explainers.gradients import InputXGradient, Saliency
from explainers.guided_path import GuidedIntegratedGradients
from explainers.images import read_image
from explainers.integrated import IntegratedGradients
from explainers.knobs import Choice, Colour, Knob, Layer, Range, Switch
from explainers.memory import keep_at_hand
from explainers.paths.trace import Trace
from explainers.perturbation import Occlusion
from explainers.regions import XRAI
from explainers.rise import RISE
from explainers.smoothing import SmoothGrad, SmoothGradSquared, VarGrad

keep_at_hand()

EXPLAINERS: tuple[type[Explainer], ...] = (
    Saliency,
    IntegratedGradients,
    GuidedIntegratedGradients,
    BlurIntegratedGradients,
    XRAI,
    GradCAM,
    CAM,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
    FinerCAM,
    EigenCAM,
    ScoreCAM,
    GuidedGradCAM,
    AttentionRollout,
    AttentionRelevance,
    GuidedBackprop,
    Deconvolution,
    InputXGradient,
    ExpectedGradients,
    DeepLIFT,
    SmoothGrad,
    SmoothGradSquared,
    VarGrad,
    Occlusion,
    FeatureAblation,
    LIME,
    KernelSHAP,
    RISE,
)

__all__ = [
    "CAM",
    "EXPLAINERS",
    "LIME",
    "RISE",
    "XRAI",
    "AttentionRelevance",
    "AttentionRollout",
    "BlurIntegratedGradients",
    "Choice",
    "Classifier",
    "Colour",
    "Coverage",
    "Deconvolution",
    "DeepLIFT",
    "EigenCAM",
    "ExpectedGradients",
    "Explainer",
    "Explanation",
    "ExplanationError",
    "FeatureAblation",
    "FinerCAM",
    "GradCAM",
    "GradCAMPlusPlus",
    "GuidedBackprop",
    "GuidedGradCAM",
    "GuidedIntegratedGradients",
    "HiResCAM",
    "InputXGradient",
    "IntegratedGradients",
    "KernelSHAP",
    "Knob",
    "Layer",
    "LayerCAM",
    "Occlusion",
    "Prediction",
    "Progress",
    "Range",
    "Saliency",
    "ScoreCAM",
    "SmoothGrad",
    "SmoothGradSquared",
    "Switch",
    "Target",
    "Trace",
    "VarGrad",
    "View",
    "load_classifier",
    "read_image",
    "reduce",
]
