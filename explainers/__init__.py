"""Attribution methods for image classifiers. Nothing in here knows about Streamlit, but for `serve` when called."""

import os
import sys
from importlib import import_module
from typing import Any

# Before torch is loaded: its threads would spin for long while they wait for each other, and where somebody else needs
# a core (a second program, thirty visitors' pages) a pass takes ten times as long. Without any spinning, though, a
# small network alone on a machine takes twice as long, for it waits hundreds of times a pass. So they spin for 25 µs.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GOMP_SPINCOUNT", "2500")

from explainers.interruption import end_quietly_while_importing

if sys.argv[:1] == ["-m"]:  # so Python calls the module that it runs until it has found it
    end_quietly_while_importing()

from explainers.classifiers import Classifier, Prediction, View, load_classifier
from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.explanation import Coverage, Explanation, Target, reduce
from explainers.images.reading import read_image
from explainers.methods import EXPLAINERS
from explainers.passes import Progress
from explainers.paths.trace import Trace
from explainers.runtime.allocator import hold_freed_memory
from explainers.serving.served import Served, serve
from explainers.settings import Choice, Colour, Knob, Layer, Range, Switch

hold_freed_memory()

_KINDS = {kind.__name__: kind for kind in EXPLAINERS}
_REPORT = ("load", "save")  # which draw, so they load Plotly


def __getattr__(name: str) -> Any:
    """A method by the name of its class, for `EXPLAINERS` alone lists them; or what is imported when it is used."""
    if name in _REPORT:
        return getattr(import_module("explainers.report"), name)
    if name not in _KINDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return _KINDS[name]


__all__ = [
    "EXPLAINERS",
    "Choice",
    "Classifier",
    "Colour",
    "Coverage",
    "Explainer",
    "Explanation",
    "ExplanationError",
    "Knob",
    "Layer",
    "Prediction",
    "Progress",
    "Range",
    "Served",
    "Switch",
    "Target",
    "Trace",
    "View",
    "load_classifier",
    "read_image",
    "reduce",
    "serve",
    *_KINDS,
    *_REPORT,
]
