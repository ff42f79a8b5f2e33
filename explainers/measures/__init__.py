"""Numbers that say something about maps: how alike two are, and experiments on whether to believe one."""

from explainers.measures.experiment import Experiment, Finding, Outcome, Tally
from explainers.measures.maps import aligned, dark, rank_correlation, rank_correlations, spread, ssim
from explainers.measures.removal import Removal

__all__ = [
    "Experiment",
    "Finding",
    "Outcome",
    "Removal",
    "Tally",
    "aligned",
    "dark",
    "rank_correlation",
    "rank_correlations",
    "spread",
    "ssim",
]
