"""What visitors of the load run ask, and what the library itself answers."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from explainers import Classifier, Explainer, Range, Target, read_image
from explainers.explanation import Scale
from explainers.figures import COLOURS, Look, panels
from explainers.images.samples import SAMPLES
from explainers.methods.cam import CAM
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.guided_backprop import Deconvolution, GuidedBackprop
from explainers.methods.integrated_gradients import IntegratedGradients
from explainers.methods.occlusion import Occlusion

MIX: tuple[Explainer, ...] = (
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
LIKELIEST, NO_OTHER = "the likeliest", "no other class"


@dataclass(frozen=True)
class Question:
    """What a visitor asks for."""

    explainer: Explainer
    sample: str = SAMPLES[0].name
    label: str = LIKELIEST
    versus: str = NO_OTHER
    scale: Scale = "logit"

    @property
    def choices(self) -> dict[str, Any]:
        """What the page's settings must be, by key."""
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
        """The question that comes of setting the widgets that the page of `before` shows to what `self` wants.

        kept: the settings of each method that this visitor has used; they come back with the method.
        """
        wanted, now = self.explainer, before.explainer
        if type(wanted) is not type(now):
            return replace(self, explainer=kept.get(type(wanted), type(wanted)()))
        shown = {name: getattr(wanted, name) for name, value in now.settings.items() if value is not None}
        return replace(self, explainer=replace(now, **{name: v for name, v in shown.items() if v is not None}))


def expected(question: Question, classifier: Classifier) -> list[dict[str, Any]]:
    """The traces of the figure that answers a question."""
    (data,) = (sample.data for sample in SAMPLES if sample.name == question.sample)
    image, number = read_image(data), [*classifier.labels].index
    index = classifier.predict(image)[0].index if question.label == LIKELIEST else number(question.label)
    versus = None if question.versus == NO_OTHER else number(question.versus)
    explanation = question.explainer(classifier, image, Target(index, versus, question.scale))
    look = Look([*COLOURS][-1 if explanation.signed else 0])
    traces: list[dict[str, Any]] = json.loads(panels(explanation, look).to_json())["data"]
    return traces


def distance(given: list[dict[str, Any]], wanted: list[dict[str, Any]]) -> float:
    """0 for the same figure, infinity for that of another picture."""
    if given == wanted:
        return 0.0
    heat, right = (
        np.frombuffer(base64.b64decode(traces[2]["z"]["bdata"]), traces[2]["z"]["dtype"]) for traces in (given, wanted)
    )
    if given[0] != wanted[0] or heat.shape != right.shape:
        return float("inf")
    return float(np.abs(heat - right).max() / (np.abs(right).max() or 1))
