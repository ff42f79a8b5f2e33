"""Judges every map of a random network: right, refused, said, wrong or a traceback."""

from __future__ import annotations

import math
import traceback
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from explainers import Classifier, ExplanationError
from tools.fuzz_networks.checks import Check, checks
from tools.fuzz_networks.networks import Case
from tools.fuzz_networks.oracle import Oracle

TOLERANCE = 1e-3  # relative L1
ROUNDING_FACTOR = 3.0  # a map may be this many times as wrong as what rounding alone does
INPUT_ROUNDING = 1e-6  # share of a pixel: moves a value across a kink if rounding could
ROUNDINGS = 8
SMALLEST = 1e-6  # a map whose magnitudes add up to less is empty

Kind = Literal["right", "refused", "said", "WRONG", "TRACEBACK"]
KINDS: tuple[Kind, ...] = ("right", "refused", "said", "WRONG", "TRACEBACK")
FAILURES: tuple[Kind, ...] = ("WRONG", "TRACEBACK")


@dataclass(frozen=True)
class Outcome:
    """What became of one question about one network.

    method: the title of the method, or what was done before any was asked.
    kind:   right, refused with a sentence, said to be uncertain, wrong, or an error that is no sentence.
    detail: the error of the map in figures, or the sentence, or the end of the traceback.
    """

    case: Case
    method: str
    kind: Kind
    detail: str = ""


@dataclass(frozen=True)
class Judgement:
    """What became of all questions about one network, and whether anything in it was folded."""

    outcomes: list[Outcome]
    folded: bool = False


def judge(case: Case, which: slice = slice(None)) -> Judgement:
    """Ask every method about a network, or `which` of them."""
    network = case.build()
    try:
        classifier = case.classifier(network)
        case.change(network)
        asked = checks(case, network, classifier)[which]
    except ExplanationError as error:
        return Judgement([Outcome(case, "classifier", "refused", str(error))])
    except Exception:
        return Judgement([Outcome(case, "classifier", "TRACEBACK", _last_lines())])
    right = oracle(case)
    return Judgement([_outcome(case, classifier, check, right) for check in asked], folded(classifier))


def folded(classifier: Classifier) -> bool:
    """Return whether the classifier's prepared copy lacks a norm of the network."""
    return _norms(classifier.prepared) < _norms(classifier.network)


def _norms(network: nn.Module) -> int:
    return sum(type(module) is nn.BatchNorm2d for module in network.modules())


def _outcome(case: Case, classifier: Classifier, check: Check, right: Oracle) -> Outcome:
    try:
        explanation = check.explainer(classifier, case.picture, case.target)
    except ExplanationError as error:
        return Outcome(case, check.name, "refused", str(error))
    except Exception:
        return Outcome(case, check.name, "TRACEBACK", _last_lines())
    if any(getattr(module, "at_random", False) for module in classifier.network.modules()):
        says = explanation.facts.traits.random
        return Outcome(case, check.name, "said" if says else "WRONG", "" if says else "random, and not said")
    coverage = check.explainer.coverage(classifier)
    if coverage and coverage.covered < coverage.total:
        return Outcome(case, check.name, "said", f"covers {coverage.ratio}")
    answer = check.answer(right)
    off = distance(torch.from_numpy(explanation.values), answer)
    wrong = not off <= TOLERANCE and not off <= ROUNDING_FACTOR * rounding(case, check, answer)
    return Outcome(case, check.name, "WRONG" if wrong else "right", f"off by {off:.2g}" if wrong else "")


def oracle(case: Case, dtype: torch.dtype = torch.float64, nudge: Tensor | float = 0.0) -> Oracle:
    """Return the oracle of a case, on a network built anew."""
    network = case.build()
    case.change(network)
    return Oracle(network, *case.normalisation, case.target, dtype, nudge)


def rounding(case: Case, check: Check, right: Tensor) -> float:
    """Return how wrong a map is by rounding alone: in float32, or of pixels that are off by a rounding error."""
    draws = torch.randn((ROUNDINGS, *case.picture.shape), generator=torch.Generator().manual_seed(0)).double()
    oracles = [oracle(case, torch.float32), *(oracle(case, nudge=INPUT_ROUNDING * draw) for draw in draws)]
    errors = [distance(check.answer(rounded), right) for rounded in oracles]
    return max((error for error in errors if math.isfinite(error)), default=0.0)


def distance(values: Tensor, right: Tensor) -> float:
    """Return the relative L1 distance of two maps; infinity where the right one isn't finite and the other is."""
    if not right.isfinite().all():
        return float("inf")
    return float((values.double() - right).abs().sum() / right.abs().sum().clamp(min=SMALLEST))


def _last_lines() -> str:
    return " ".join(traceback.format_exc(limit=-2).split())[-400:]
