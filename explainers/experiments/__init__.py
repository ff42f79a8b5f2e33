"""Measures of maps: how alike two maps are, and experiments that test whether a map can be believed."""

from explainers.experiments.base import Experiment, ExperimentProgress, Finding, Outcome
from explainers.experiments.pointing.experiment import Pointing
from explainers.experiments.pointing.hiding import Hidden
from explainers.experiments.pointing.hits import PointingScore, hit, peaks
from explainers.experiments.pointing.outcome import PointingOutcome
from explainers.experiments.randomisation.experiment import Randomisation
from explainers.experiments.randomisation.outcome import RandomisationOutcome, Step
from explainers.experiments.removal.experiment import Removal
from explainers.experiments.sensitivity import Sensitivity, SensitivityOutcome
from explainers.experiments.similarity import aligned, dark, rank_correlation, rank_correlations, spread, ssim
from explainers.experiments.stability.experiment import Stability
from explainers.experiments.stability.outcome import StabilityOutcome, StabilityTrial

__all__ = [
    "Experiment",
    "ExperimentProgress",
    "Finding",
    "Hidden",
    "Outcome",
    "Pointing",
    "PointingOutcome",
    "PointingScore",
    "Randomisation",
    "RandomisationOutcome",
    "Removal",
    "Sensitivity",
    "SensitivityOutcome",
    "Stability",
    "StabilityOutcome",
    "StabilityTrial",
    "Step",
    "aligned",
    "dark",
    "hit",
    "peaks",
    "rank_correlation",
    "rank_correlations",
    "spread",
    "ssim",
]
