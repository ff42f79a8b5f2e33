"""The model card of a report: what is known about a classifier, and what only its provider can fill in."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from explainers.classifiers import Classifier
from explainers.classifiers.catalogue import find
from explainers.classifiers.source import Source
from explainers.errors import ExplanationError
from explainers.explanation import Explanation
from explainers.numbers import counted, listed

PAPER = "https://doi.org/10.1145/3287560.3287596"  # Mitchell et al. 2019, whose headings these are
SHOWN_LABELS = 12


@dataclass(frozen=True)
class Entry:
    """An entry of a card.

    known: what Whypixel knows of it, as plain text; empty: nothing.
    asked: what the provider is to fill in; empty: nothing is missing.
    """

    heading: str
    known: str = ""
    asked: str = ""


UNKNOWN = (  # to a program that is given a network and pictures
    Entry("Intended use", asked="what it is for, who uses it, and what it must not be used for"),
    Entry("Factors", asked="groups of people, cameras and surroundings for which its performance may differ"),
    Entry("Training data", asked="where the pictures and labels come from, how they were chosen, and for what"),
    Entry("Quantitative analyses", asked="its performance for each group, and where groups meet"),
    Entry("Ethical considerations", asked="who is harmed by wrong answers, and what is done about it"),
)


@dataclass(frozen=True)
class Card:
    """The card of a classifier, in the order of the paper's headings.

    key: what tells it from the cards of other classifiers.
    """

    key: str
    title: str
    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, classifier: Classifier, explanation: Explanation) -> Card:
        """Fill in what is known about a classifier, given one of its explanations."""
        facts, source = explanation.facts, _source(explanation)
        use, factors, training, analyses, ethics = UNKNOWN
        entries = (
            Entry("Model details", _details(explanation, source), asked="who made it, when, and its version"),
            Entry("Input and output", _input_and_output(classifier, explanation)),
            use,
            factors,
            Entry("Metrics", published_accuracy(source), asked="the measures that were chosen for its use, and why"),
            Entry(
                "Evaluation data", asked="the pictures that it was tested on; those of this report are only examples"
            ),
            training,
            analyses,
            ethics,
            Entry(
                "Caveats",
                "What limits the maps stands under “What a map can't say” and with each result.",
                asked="what else limits the classifier",
            ),
        )
        return cls(facts.weights, facts.classifier, entries)


def _source(explanation: Explanation) -> Source | None:
    """Return where a classifier was loaded from, as far as that is known here and now."""
    with suppress(ExplanationError):
        return find(explanation.facts.source) if explanation.facts.source else None
    return None


def _details(explanation: Explanation, source: Source | None) -> str:
    facts = explanation.facts
    origin = f"Loaded under the name {facts.source}." if facts.source else "A network that a program handed over."
    licence = f" Licence of the weights: {source.licence}." if source and source.licence else ""
    return f"{facts.classifier}. {origin}{licence} Hash of architecture, weights and view: {facts.weights}."


def _input_and_output(classifier: Classifier, explanation: Explanation) -> str:
    height, width = classifier.size
    colours = "colour" if classifier.channels == 3 else counted(classifier.channels, "channel")
    kind = (
        "exactly one applies (softmax)" if explanation.facts.output == "softmax" else "any number can apply (sigmoid)"
    )
    labels = listed(classifier.labels, SHOWN_LABELS)
    count = counted(len(classifier.labels), "class", "classes")
    return f"A picture of {width} × {height} pixels in {colours}. {count}, of which {kind}: {labels}."


def published_accuracy(source: Source | None) -> str:
    """Return the accuracy that was published with a classifier's weights, in a sentence; empty where none was."""
    if source is None or source.accuracy is None:
        return ""
    return f"Top-1 accuracy {source.accuracy:.1f}%, as published with the weights. Whypixel hasn't measured it."
