"""Classifiers: what is on offer, how it is loaded, and what it sees."""

from explainers.classifiers.catalogue import BUNDLED, Offer, offers
from explainers.classifiers.classifier import Classifier, Prediction
from explainers.classifiers.loading import load_classifier
from explainers.classifiers.view import View

__all__ = ["BUNDLED", "Classifier", "Offer", "Prediction", "View", "load_classifier", "offers"]
