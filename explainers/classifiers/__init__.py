"""Classifiers: which ones are available, how they are loaded, and how a photo becomes their input."""

from explainers.classifiers.catalogue import sources
from explainers.classifiers.classifier import Classifier, Prediction
from explainers.classifiers.loading import load_classifier
from explainers.classifiers.published import BUNDLED
from explainers.classifiers.source import Source
from explainers.classifiers.view import View

__all__ = ["BUNDLED", "Classifier", "Prediction", "Source", "View", "load_classifier", "sources"]
