"""The questions that visitors of the load run ask, and the library's own answers to them."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explainers import Classifier, Explainer, Range, Target, read_image
from explainers.explanation import Scale
from explainers.figures import Look, panels
from explainers.images.samples import SAMPLES
from explainers.methods.cam import CAM
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.guided_backprop import Deconvolution, GuidedBackprop
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.methods.occlusion import Occlusion

METHOD_MIX: tuple[Explainer, ...] = (
    Saliency(),
    IntegratedGradients(),
    IntegratedGradients(steps=8, baseline="white"),
    IntegratedGradients(steps=200, baseline="blurred picture"),
    IntegratedGradients(steps=30, baseline="random", seed=3, draws=2),
    IntegratedGradients(steps=20, baseline="colour", colour="#3060c0", rule="gauss-legendre"),
    GradCAM(),
    GradCAM(relu=False),
    CAM(),
    GuidedBackprop(),
    Deconvolution(),
    Occlusion(),
    Occlusion(patch=16, stride=8, colour="#000000"),
)
LIKELIEST_CLASS, NO_OTHER_CLASS = "top prediction", "nothing"


@dataclass(frozen=True)
class Question:
    """What a visitor asks for, as the page's settings say it."""

    explainer: Explainer
    sample: str = SAMPLES[0].name
    label: str = LIKELIEST_CLASS
    versus: str = NO_OTHER_CLASS
    scale: Scale = "logit"

    @property
    def choices(self) -> dict[str, Any]:
        """The values that the page's settings must have, by key."""
        slug, knobs = self.explainer.slug(), self.explainer.knobs()
        chosen: dict[str, Any] = {"sample": self.sample, "class": self.label, "rather-than": self.versus}
        chosen |= {"scale": self.scale, "method": slug}
        for name, value in self.explainer.settings.items():
            if isinstance(knob := knobs[name], Range) and knob.automatic:
                chosen[f"{slug}-{name}-automatic"] = value is None
            if value is not None:
                chosen[f"{slug}-{name}"] = value
        return chosen

    def after(self, before: Question, kept: dict[type[Explainer], Explainer]) -> Question:
        """Return the question that results from setting the widgets on the page of `before` to the values of this one.

        kept: the settings of each method that the visitor has used; choosing the method restores them.
        """
        wanted, current = self.explainer, before.explainer
        if type(wanted) is not type(current):
            return replace(self, explainer=kept.get(type(wanted), type(wanted)()))
        settable = {  # the page shows what the current settings use, and nobody sets what the wanted ones don't
            name: value
            for name, value in wanted.settings.items()
            if value is not None and current.settings.get(name) is not None
        }
        return replace(self, explainer=replace(current, **settable))


def expected(question: Question, classifier: Classifier) -> list[dict[str, Any]]:
    """Compute the traces of the figure that answers a question."""
    (photo,) = (sample.data for sample in SAMPLES if sample.name == question.sample)
    image, index_of = read_image(photo), [*classifier.labels].index
    index = classifier.predict(image)[0].index if question.label == LIKELIEST_CLASS else index_of(question.label)
    versus = None if question.versus == NO_OTHER_CLASS else index_of(question.versus)
    explanation = question.explainer(classifier, image, Target(index, versus, question.scale))
    traces: list[dict[str, Any]] = json.loads(panels(explanation, Look.first(explanation)).to_json())["data"]
    return traces


def distance(traces: list[dict[str, Any]], expected_traces: list[dict[str, Any]]) -> float:
    """Return the largest error of a map as a share of its largest value; infinity for the map of another picture."""
    if traces == expected_traces:
        return 0.0
    heat, expected_heat = (
        np.frombuffer(base64.b64decode(figure[2]["z"]["bdata"]), figure[2]["z"]["dtype"])
        for figure in (traces, expected_traces)
    )
    if traces[0] != expected_traces[0] or heat.shape != expected_heat.shape:
        return float("inf")
    return float(np.abs(heat - expected_heat).max() / (np.abs(expected_heat).max() or 1))
