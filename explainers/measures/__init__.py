"""Numbers that say something about maps: how alike two are, and experiments on whether to believe one."""

from explainers.measures.cascade import Cascade, Step
from explainers.measures.experiment import Experiment, Finding, Outcome, Tally
from explainers.measures.maps import aligned, dark, rank_correlation, rank_correlations, spread, ssim
from explainers.measures.randomisation import Randomisation

__all__ = [
    "Cascade",
    "Experiment",
    "Finding",
    "Outcome",
    "Randomisation",
    "Step",
    "Tally",
    "aligned",
    "dark",
    "rank_correlation",
    "rank_correlations",
    "spread",
    "ssim",
]
