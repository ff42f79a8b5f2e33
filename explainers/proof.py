"""An explanation in words: what was explained, and what proves it. Sentences in Markdown, for pages and exports."""

from __future__ import annotations

from explainers.classifiers import Classifier
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.markdown import escaped
from explainers.paths.step_grid import StepGrid
from explainers.paths.trace import SETTLED_CHANGE, SETTLED_GAP, Level


def explained(explanation: Explanation) -> str:
    """What number was explained, and what it is for this picture."""
    facts, target = explanation.facts, explanation.target
    about = f"**{escaped(facts['class'])}**"
    if target.versus is not None:
        about += f" rather than **{escaped(facts['rather than'])}**"
    value = f"{explanation.score:.1%}" if target.scale == "probability" else f"{explanation.score:.2f}"
    said = f"Explained: the {target.scale} of {about}, {value} for this picture."
    if similar := facts.get("compared with"):
        said += f" The map shows what sets it apart from {', '.join(f'**{escaped(label)}**' for label in similar)}."
    return said


def completeness(explanation: Explanation) -> str | None:
    """How much of the score's change from the baseline the pixels account for; None where the method has none."""
    if explanation.residual is None or explanation.baseline_score is None:
        return None
    change = explanation.score - explanation.baseline_score
    sentence = f"The pixels add up to {explanation.residual + change:.3g} of {change:.3g}"
    if explanation.history and explanation.history[-1].gap is None:
        return sentence + "."  # `steps` says why
    gap = explanation.gap
    return sentence + (f" (gap {gap:.1%})." if gap is not None else " (the baseline scores the same as the picture).")


def steps(explanation: Explanation) -> str | None:
    """Whether automatic steps were enough; None where the steps were chosen."""
    if not explanation.history:
        return None
    last = explanation.history[-1]
    moved = f"the last doubling of the steps changed the map by {last.change:.1%}" if last.change is not None else ""
    if explanation.converged:
        sentence = f"{last.points} points on the path are enough: {moved}."
    else:
        sentence = f"Not converged: at {last.points} points on the path, {moved}. Take this map as a rough one."
    if last.gap is None:
        sentence += (
            " The gap isn't judged, because the ends of the path differ in score by less than 5 % of what it goes "
            "through between them."
        )
    return sentence


def enough(grid: StepGrid) -> str:
    """How many steps of the nested grid this picture needs."""
    for steps, level in zip(grid.steps, grid.levels("trapezoid"), strict=True):
        if level.settled:
            return f"**For this picture {steps} steps are enough** ({level.points} points): {_worth(level)}."
    return (
        f"**For this picture {grid.steps[-1]} steps are not enough**: {_worth(level)}. A map has settled when it "
        f"changes by less than {SETTLED_CHANGE:.0%} and the pixels add up to within {SETTLED_GAP:.0%}."
    )


def _worth(level: Level) -> str:
    change = f"the last doubling changed the map by {level.change:.1%}"
    if level.gap is None:
        return change + ", and the gap isn't judged because the path's ends score nearly alike"
    return change + f", and the pixels add up to the score's rise within {level.gap:.1%}"


def coverage(explainer: Explainer, classifier: Classifier) -> str | None:
    """How many of the network's activations the method's backward rule covers; None where it has no such rule."""
    found = explainer.coverage(classifier)
    if found is None:
        return None
    if not found.total:
        return "The network has no activations, so this equals the vanilla gradient."
    if found.covered == found.total:
        return f"The rule covers all {found.total} activations of the network."
    others = ", ".join(f"{count} × {name}" for name, count in found.names.items())
    return (
        f"Partly guided: the rule covers {found.covered} of {found.total} activations; "
        f"at the others ({others}) the plain gradient goes on."
    )


def cost(explanation: Explanation) -> str:
    """What the map cost, and where it was computed."""
    facts = explanation.facts
    passes = "1 pass" if facts["passes"] == 1 else f"{facts['passes']} passes"
    device = "CPU" if facts["device"] == "cpu" else "GPU"
    return f"{passes} through {escaped(facts['classifier'])} in {facts['seconds']:.2f} s on the {device}."


def brief(explainer: Explainer, classifier: Classifier, explanation: Explanation) -> str:
    """The proof in one line, for small places."""
    scale, said = explanation.target.scale, []
    said.append(f"{scale} {explanation.score:.1%}" if scale == "probability" else f"{scale} {explanation.score:.2f}")
    if not explanation.values.any():
        said.append("zero everywhere")
    elif explanation.history and not explanation.converged:
        said.append("not converged")
    elif explanation.residual is not None and not (explanation.history and explanation.history[-1].gap is None):
        said.append("no gap to judge" if explanation.gap is None else f"gap {explanation.gap:.1%}")
    if found := explainer.inner.coverage(classifier):
        said.append(f"rule covers {found.covered} of {found.total}" if found.total else "equals the gradient")
    passes = explanation.facts["passes"]
    return " · ".join([*said, "1 pass" if passes == 1 else f"{passes} passes"])


def why_empty(explanation: Explanation) -> str | None:
    """Why a map is zero everywhere; None if it isn't."""
    if explanation.values.any():
        return None
    if explanation.baselines is not None and (explanation.baselines == explanation.picture).all():
        return "The map is zero everywhere because the baseline is the picture itself: choose another baseline."
    if explanation.facts["settings"].get("relu"):
        return (
            "The map is zero everywhere because this layer holds evidence against the class only, and ReLU removes "
            "that. Switch ReLU off to see it, or choose another layer."
        )
    if explanation.rectified and "samples" in explanation.facts["settings"]:
        return "The map is zero everywhere because all noisy copies of the picture have the same map, or an empty one."
    if explanation.target.scale == "probability":
        return (
            "The map is zero everywhere because the probability is saturated: a small change of the picture doesn't "
            "move it. Explain the logit instead."
        )
    return "The map is zero everywhere because the score doesn't depend on any pixel of this picture."
