"""Judges every method on one network."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explainers import EXPLAINERS, Classifier, Explainer, ExplanationError, Target, read_image
from explainers.images.samples import SAMPLES
from tools.known_networks.networks import SIDES, Known

MANY_PASSES = 512


@dataclass(frozen=True)
class Judgement:
    """What became of a network.

    side:     of the pictures, in pixels; 0 where the network can't be built.
    layer:    the layer that class activation maps start with, and its grid.
    maps:     the number of methods that gave a finite map.
    refusals: why the others gave none, by their names.
    failures: what is neither a map nor a sentence.
    """

    known: Known
    side: int
    layer: str
    maps: int
    refusals: Mapping[str, str]
    failures: tuple[str, ...]
    seconds: float


def judge(known: Known, smallest: int = SIDES[0]) -> Judgement:
    """Run every method, with few passes, on the class that a photo most likely is for a network.

    smallest: the side of pictures that is tried first, in pixels.
    """
    started = time.perf_counter()
    try:
        classifier = known.classifier(smallest)
    except ValueError as error:
        return Judgement(known, 0, "-", 0, {}, (f"it can't be built: {error}",), time.perf_counter() - started)
    maps, refusals, failures = 0, dict[str, str](), list[str]()
    for kind in EXPLAINERS:
        try:
            trouble = _trouble(_affordable(kind(**kind.examples.few), classifier), classifier)
        except ExplanationError as error:
            refusals[kind.title] = str(error)
        except Exception as error:  # which is what is looked for
            failures.append(f"{kind.title}: {type(error).__name__}: {error}")
        else:
            maps += not trouble
            failures += [f"{kind.title}: {trouble}"] if trouble else []
    layer = next((str(each) for each in classifier.layers() if each.name == classifier.layer), "none gives a grid")
    seconds = time.perf_counter() - started
    return Judgement(known, classifier.size[0], layer, maps, refusals, tuple(failures), seconds)


def _affordable(explainer: Explainer, classifier: Classifier) -> Explainer:
    """Return a method, on the layer where it takes fewest passes if it takes many: some pass once for every channel."""
    if "layer" not in explainer.settings or explainer.passes(classifier) <= MANY_PASSES:
        return explainer
    settings: list[dict[str, Any]] = [{"layer": layer.name} for layer in classifier.layers() if layer.features]
    choices = [replace(explainer, **each) for each in settings]
    return min(choices, key=lambda choice: choice.passes(classifier), default=explainer)


def _trouble(explainer: Explainer, classifier: Classifier) -> str:
    """Explain a photo; return what is wrong with the map. Raises ExplanationError where the method refuses."""
    photo = read_image(SAMPLES[0].data)
    heat = explainer(classifier, photo, Target(classifier.predict(photo, 1)[0].index)).heat
    if heat.shape != classifier.size:
        return f"the map is {heat.shape}, and the picture {classifier.size}"
    return "" if np.isfinite(heat).all() else "the map isn't finite"
