"""Numbers that say something about maps: how alike two are, and experiments on whether to believe one."""

from explainers.measures.cascade import Cascade, Step
from explainers.measures.experiment import Experiment, Finding, Outcome, Tally
from explainers.measures.hiding import Hidden
from explainers.measures.hits import Hit, hit, peaks
from explainers.measures.maps import aligned, dark, rank_correlation, rank_correlations, spread, ssim
from explainers.measures.pointing import Pointed, Pointing
from explainers.measures.randomisation import Randomisation
from explainers.measures.removal import Removal
from explainers.measures.sensitivity import Sensitive, Sensitivity
from explainers.measures.stability import Stability
from explainers.measures.steadiness import Steadiness, Trial

__all__ = [
    "Cascade",
    "Experiment",
    "Finding",
    "Hidden",
    "Hit",
    "Outcome",
    "Pointed",
    "Pointing",
    "Randomisation",
    "Removal",
    "Sensitive",
    "Sensitivity",
    "Stability",
    "Steadiness",
    "Step",
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
