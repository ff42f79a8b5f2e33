"""Describes an explanation in sentences, in Markdown for pages and exports: what was explained, and what proves it."""

from __future__ import annotations

from explainers.classifiers import Classifier
from explainers.classifiers.activations import unreached_rectifications
from explainers.explainer import Explainer
from explainers.explanation import Explanation
from explainers.markdown import escaped
from explainers.paths.step_grid import StepGrid

UNJUDGED_GAP = "and its gap isn't judged, because the path's ends score nearly alike"
SMALLEST_ERROR = 0.001  # that is told: rounding alone makes a smaller one


def explained(explanation: Explanation) -> str:
    """Say which score was explained, and its value for this picture."""
    facts, target = explanation.facts, explanation.target
    score_of = f"**{escaped(facts.label)}**"
    if target.versus is not None:
        score_of += f" rather than **{escaped(facts.versus or '')}**"
    value = f"{explanation.score:.1%}" if target.scale == "probability" else f"{explanation.score:.2f}"
    sentence = f"Explained: the {target.scale} of {score_of}, {value} for this picture."
    if similar := facts.compared_with:
        sentence += f" The map shows what sets it apart from {', '.join(f'**{escaped(label)}**' for label in similar)}."
    return sentence


def completeness(explanation: Explanation) -> str | None:
    """Say how much of the score's change from the baseline the pixels add up to; None if the method has no baseline."""
    if explanation.residual is None or explanation.baseline_score is None:
        return None
    change = explanation.score - explanation.baseline_score
    sentence = f"The pixels add up to {explanation.residual + change:.3g} of {change:.3g}"
    if explanation.history and explanation.history[-1].gap is None:
        return sentence + "."  # `steps` says why
    gap = explanation.gap
    return sentence + (f" (gap {gap:.1%})." if gap is not None else " (the baseline scores the same as the picture).")


def accuracy(explanation: Explanation) -> str | None:
    """Say how far the map is expected to be from the exact one; None if the method doesn't estimate it."""
    if explanation.error is None:
        return None
    return f"The map is {_right_to(explanation.error)}, its expected distance (relative L1) from the exact map."


def samples(explanation: Explanation) -> str | None:
    """Say how many random samples the map is made of, and whether automatic ones were enough; None if it needs none."""
    sampling = explanation.sampling
    if sampling is None:
        return None
    sentence = f"{sampling.name[0].upper()}{sampling.name[1:]} drawn: {sampling.count}"
    if sampling.settled:
        return sentence + ", enough for the tolerance."
    if sampling.settled is not None:
        return sentence + ", not enough for the tolerance. Take this map as a rough one."
    if explanation.error is None:
        return sentence + ", too few to tell how far the map is from that of endlessly many."
    return sentence + ". Another seed would give another map."


def _right_to(error: float) -> str:
    """Say how large an error is, in whole and tenth per cent: the estimate isn't better than that."""
    if error < SMALLEST_ERROR:
        return f"right to less than {SMALLEST_ERROR:.1%}"
    return f"right to about {error:.1%}" if error < 0.1 else f"right to about {error:.0%}"


def steps(explanation: Explanation) -> str | None:
    """Say whether automatic steps were enough; None if the steps were chosen."""
    if not explanation.history:
        return None
    last = explanation.history[-1]
    if explanation.converged:
        sentence = f"{last.points} points on the path are enough."
    else:
        sentence = f"Not converged: {last.points} points on the path are not enough. Take this map as a rough one."
    if last.gap is None:
        sentence += (
            " The gap isn't judged, because the ends of the path differ in score by less than 5% of what it goes "
            "through between them."
        )
    return sentence


def enough(grid: StepGrid, tolerance: float) -> str:
    """Say how many points this picture needs: adaptive ones, and uniform ones to come within `tolerance` of their map.

    tolerance: a relative L1 distance.
    """
    last, levels = grid.history[-1], grid.levels("trapezoid")
    are_enough = "are enough" if last.settled else "are not enough"
    gap = f"with a gap of {last.gap:.1%}" if last.gap is not None else UNJUDGED_GAP
    sentence = (
        f"**For this picture {last.points} adaptive points {are_enough}**: their map is {_right_to(last.error)}, {gap}."
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
            f"A faster way of running {escaped(facts.classifier)} gave different answers here, so the map was computed "
            "again on the network as it is, one picture at a time."
        )
    if facts.folded:
        return (
            f"Computed on a faster copy of {escaped(facts.classifier)}. Its answers to the first picture that passed, "
            "the last one and one between agree with those of the network as it is."
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
            "so the pictures passed one at a time."
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
    passes = "1 pass" if facts.passes == 1 else f"{facts.passes} passes"
    device = "CPU" if facts.device == "cpu" else "GPU"
    return f"{passes} through {escaped(facts.classifier)} in {facts.seconds:.2f} s on the {device}."


def brief(explainer: Explainer, classifier: Classifier, explanation: Explanation) -> str:
    """Summarise the proof in one line, for places with little room."""
    scale, parts = explanation.target.scale, []
    parts.append(f"{scale} {explanation.score:.1%}" if scale == "probability" else f"{scale} {explanation.score:.2f}")
    if not explanation.values.any():
        parts.append("zero everywhere")
    elif explanation.converged is False:
        parts.append("not converged")
    elif explanation.residual is not None and not (explanation.history and explanation.history[-1].gap is None):
        parts.append("no gap to judge" if explanation.gap is None else f"gap {explanation.gap:.1%}")
    if explanation.error is not None:
        parts.append(_right_to(explanation.error))
    if coverage := explainer.inner.coverage(classifier):
        parts.append(f"rule covers {coverage.ratio}" if coverage.total else "equals the gradient")
    if explanation.facts.traits.random:
        parts.append("one random draw")
    passes = explanation.facts.passes
    return " · ".join([*parts, "1 pass" if passes == 1 else f"{passes} passes"])


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
