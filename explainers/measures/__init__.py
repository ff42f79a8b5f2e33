"""Numbers that say something about maps: how alike two are, and experiments on whether to believe one."""

from explainers.measures.experiment import Experiment, Finding, Outcome, Tally
from explainers.measures.hiding import Hidden
from explainers.measures.maps import aligned, dark, rank_correlation, rank_correlations, spread, ssim
from explainers.measures.pointing import Hit, Pointed, Pointing, hit, peaks
from explainers.measures.sensitivity import Sensitive, Sensitivity
from explainers.measures.stability import Stability, Steadiness, Trial

__all__ = [
    "Experiment",
    "Finding",
    "Hidden",
    "Hit",
    "Outcome",
    "Pointed",
    "Pointing",
    "Sensitive",
    "Sensitivity",
    "Stability",
    "Steadiness",
    "Tally",
    "Trial",
    "aligned",
    "dark",
    "hit",
    "peaks",
    "rank_correlation",
    "rank_correlations",
    "spread",
    "ssim",
]
