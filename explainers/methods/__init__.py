"""The methods. One file holds a family or a method.

`EXPLAINERS` names them all, in the order of the menus. Visitors meet the first one first.
"""

from __future__ import annotations

from importlib import import_module

from explainers.explainer import Explainer


def _classes(*places: str) -> tuple[type[Explainer], ...]:
    """The classes at these places, each a file of this folder and the name of a class in it."""
    names = (place.split(".") for place in places)
    return tuple(getattr(import_module(f"{__name__}.{file}"), kind) for file, kind in names)


EXPLAINERS = _classes(
    "grad_cam.GradCAM",
    "gradients.Saliency",
    "integrated_gradients.IntegratedGradients",
    "guided_ig.GuidedIntegratedGradients",
    "blur_ig.BlurIntegratedGradients",
    "xrai.XRAI",
    "cam.CAM",
    "grad_cam.GradCAMPlusPlus",
    "grad_cam.HiResCAM",
    "grad_cam.LayerCAM",
    "grad_cam.FinerCAM",
    "score_cam.EigenCAM",
    "score_cam.ScoreCAM",
    "ablation_cam.AblationCAM",
    "grad_cam.GuidedGradCAM",
    "attention.AttentionRollout",
    "attention.AttentionRelevance",
    "guided_backprop.GuidedBackprop",
    "guided_backprop.Deconvolution",
    "gradients.InputXGradient",
    "expected_gradients.ExpectedGradients",
    "deeplift.DeepLIFT",
    "smoothgrad.SmoothGrad",
    "smoothgrad.SmoothGradSquared",
    "smoothgrad.VarGrad",
    "occlusion.Occlusion",
    "ablation.FeatureAblation",
    "lime_shap.LIME",
    "lime_shap.KernelSHAP",
    "rise.RISE",
)

BY_SLUG = {kind.slug(): kind for kind in EXPLAINERS}  # by their names in addresses
