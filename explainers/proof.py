"""Describes an explanation in sentences, in Markdown for pages and exports: what was explained, and what proves it."""

from __future__ import annotations

from explainers.classifiers import Classifier
from explainers.classifiers.activations import unreached_rectifications
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.markdown import escaped
from explainers.numbers import SEPARATOR, counted, duration, percent
from explainers.paths.step_grid import StepGrid

UNJUDGED_GAP = "and its gap isn't judged, because both ends of the path have nearly the same score"
ROUGH = "Treat this map as a rough one."
SMALLEST_ERROR = 0.001  # that is told: rounding alone makes a smaller one


def explained(explanation: Explanation) -> str:
    """Say which score was explained, and its value for this picture."""
    sentence = f"Explained: the {score_name(explanation)}, {score(explanation)} for this picture."
    if similar := explanation.facts.compared_with:
        sentence += f" The map shows what sets it apart from {', '.join(f'**{escaped(label)}**' for label in similar)}."
    return sentence


def score_name(explanation: Explanation) -> str:
    """Name the score that was explained."""
    facts, target = explanation.facts, explanation.target
    name = f"{target.scale} of **{escaped(facts.label)}**"
    if facts.negated and target.scale == "logit":
        return f"{name} (the logit of **{escaped(facts.opposite or '')}** with the opposite sign)"
    return name if target.versus is None else f"{name} minus that of **{escaped(facts.versus or '')}**"


def score(explanation: Explanation) -> str:
    """Write the value of the score that was explained."""
    value = explanation.score
    return percent(value) if explanation.target.scale == "probability" else f"{value:.2f}"


def accuracy(explanation: Explanation) -> str | None:
    """Say how far the map is expected to be from the exact one (relative L1); None if the method can't tell."""
    if explanation.error is None:
        return None
    return f"The map's expected error is {_rounded(explanation.error)}."


def samples(explanation: Explanation) -> str | None:
    """Say how many random samples were drawn, and whether automatic ones were enough; None if the map needs none."""
    sampling = explanation.sampling
    if sampling is None:
        return None
    sentence = f"{sampling.name[0].upper()}{sampling.name[1:]}: {sampling.count:,}"
    if sampling.settled:
        return sentence + ", enough for the tolerance."
    if sampling.settled is not None:
        return sentence + f", not enough for the tolerance. {ROUGH}"
    if explanation.error is None:
        return sentence + ", too few to tell how far the map is from the exact one."
    return sentence + ". Another seed would give another map."


def _rounded(error: float) -> str:
    """Say how large an error is, in whole and tenth per cent: the estimate isn't better than that."""
    if error < SMALLEST_ERROR:
        return f"below {SMALLEST_ERROR:.1%}"
    return f"about {error:.1%}" if error < 0.1 else f"about {error:.0%}"


def steps(explanation: Explanation) -> str | None:
    """Say whether automatic steps were enough; None if the steps were chosen."""
    if not explanation.history:
        return None
    points = f"{explanation.history[-1].points:,} points on the path are"
    return f"{points} enough." if explanation.converged else f"Not converged: {points} not enough. {ROUGH}"


def enough(grid: StepGrid, tolerance: float) -> str:
    """Say how many points this picture needs: adaptive ones, and uniform ones to come within `tolerance` of their map.

    tolerance: a relative L1 distance.
    """
    last, levels = grid.history[-1], grid.levels("trapezoid")
    are_enough = "are enough" if last.settled else "are not enough"
    gap = f"with a gap of {last.gap:.1%}" if last.gap is not None else UNJUDGED_GAP
    sentence = (
        f"**For this picture {last.points} adaptive points {are_enough}**: their map's expected error is "
        f"{_rounded(last.error)}, {gap}."
    )
    if not last.settled:
        return sentence
    for level in levels:
        if level.distance < tolerance:
            return sentence + f" Uniform steps come within {tolerance:.1%} of it with {level.points} points."
    return sentence + f" {levels[-1].points} uniform points are still {levels[-1].distance:.1%} away from it."


def coverage(explainer: Explainer, classifier: Classifier) -> str | None:
    """Say how many of the network's activations the backward rule of the method covers; None if it has no such rule."""
    coverage = explainer.coverage(classifier)
    if coverage is None:
        return None
    if not coverage.total:
        return "No activation was found that the rule could change, so this map equals the vanilla gradient."
    if coverage.covered == coverage.total:
        return f"The rule covers all {coverage.total} activations found in the network."
    sentence = f"Partly guided: the rule covers {coverage.ratio} activations"
    if coverage.names:
        others = ", ".join(f"{count} × {name}" for name, count in coverage.names.items())
        sentence += f"; at the others ({others}) the plain gradient is used"
    if coverage.unreached:
        there = "there, too," if coverage.names else "there"
        unreached = unreached_rectifications(coverage.unreached)
        sentence += f". {unreached[0].upper()}{unreached[1:]}, and {there} the plain gradient is used"
    return sentence + "."


def verification(explanation: Explanation) -> str | None:
    """Say how the map was verified, if it was computed on a copy of the network; None if on the network as it is."""
    facts = explanation.facts
    if facts.refuted:
        return (
            f"A faster way of running {escaped(facts.classifier)} gave other answers here, so the map was computed "
            "again on the network itself, one picture at a time."
        )
    if facts.folded:
        return (
            f"Computed on a faster copy of {escaped(facts.classifier)}. Its answers to three of the pictures, "
            "the first, the last and one in between, are those of the network itself."
        )
    return None


def caution(explanation: Explanation) -> str | None:
    """Say what is unusual about the network's answers; None if nothing is."""
    facts = explanation.facts
    if facts.traits.random:
        return (
            f"The answers of {escaped(facts.classifier)} are partly random: something in it, such as dropout, draws "
            "new random numbers in every pass. The map and all scores hold for one fixed draw; another draw may give "
            "different ones."
        )
    if facts.traits.remembers:
        return (
            f"The answer of {escaped(facts.classifier)} also depends on the pictures that it was given before, so it "
            "was reset before every picture."
        )
    if facts.traits.batch_dependent:
        return (
            f"The answer of {escaped(facts.classifier)} to a picture also depends on the other pictures in its batch, "
            "so the pictures were passed one at a time."
        )
    if facts.widened:
        return (
            f"The weights of {escaped(facts.classifier)} are in half precision. It was run in float32, because "
            "rounding would change the map; so its scores can differ a little from those it gives elsewhere."
        )
    return None


def cost(explanation: Explanation) -> str:
    """Say what the map cost, and on which device it was computed."""
    facts = explanation.facts
    passes, device = counted(facts.passes, "pass", "passes"), "CPU" if facts.device == "cpu" else "GPU"
    return f"{passes} through {escaped(facts.classifier)} in {duration(facts.seconds)} on the {device}."


def brief(explainer: Explainer, classifier: Classifier, explanation: Explanation) -> str:
    """Summarise the proof in one line, for places with little room."""
    parts = [f"{explanation.target.scale} {score(explanation)}"]
    if not explanation.values.any():
        parts.append("zero everywhere")
    elif explanation.converged is False:
        parts.append("not converged")
    elif explanation.residual is not None and not (explanation.history and explanation.history[-1].gap is None):
        parts.append("no gap to judge" if explanation.gap is None else f"gap {explanation.gap:.1%}")
    if explanation.error is not None:
        parts.append(f"error {_rounded(explanation.error)}")
    if coverage := explainer.inner.coverage(classifier):
        parts.append(f"rule covers {coverage.ratio}" if coverage.total else "equals the gradient")
    if explanation.facts.traits.random:
        parts.append("one random draw")
    return SEPARATOR.join([*parts, counted(explanation.facts.passes, "pass", "passes")])


def why_empty(explanation: Explanation) -> str | None:
    """Say why a map is zero everywhere; None if it isn't."""
    if explanation.values.any():
        return None
    if explanation.baselines is not None and (explanation.baselines == explanation.picture).all():
        return "The map is zero everywhere because the baseline is the picture itself: choose another baseline."
    if explanation.facts.empty_because:
        return f"The map is zero everywhere because {explanation.facts.empty_because}"
    if explanation.target.scale == "probability":
        return (
            "The map is zero everywhere because the probability is saturated: a small change of the picture doesn't "
            "move it. Explain the logit instead."
        )
    return "The map is zero everywhere because the score doesn't depend on any pixel of this picture."
