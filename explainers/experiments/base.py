"""What an experiment on a map is, and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from PIL import Image
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.explainer import Explainer
from explainers.explanation import Explanation, Target
from explainers.passes import OnProgress, Progress
from explainers.settings import Declared


@dataclass(frozen=True)
class Finding:
    """What an experiment says of a map, in plain words.

    speaks:   for believing the map, against it, or neither.
    sentence: what was found, with its numbers.
    caveat:   what it does not prove.
    """

    speaks: Literal["for", "against", "neither"]
    sentence: str
    caveat: str


class Outcome(Protocol):
    """What came out of an experiment, with all that is drawn of it.

    finding: what it says.
    numbers: the measures by name, for a table of several methods; None where one is undefined.
    """

    @property
    def finding(self) -> Finding: ...
    @property
    def numbers(self) -> Mapping[str, float | None]: ...


@dataclass(frozen=True)
class Experiment(Declared):
    """One experiment with its settings: a question to a map that can turn out against it."""

    def passes(self, explainer: Explainer, classifier: Classifier) -> int:
        """The cost: how many pictures go through the network, at most."""
        raise NotImplementedError

    def __call__(
        self,
        explainer: Explainer,
        classifier: Classifier,
        image: Image.Image | Tensor,
        explanation: Explanation,
        *,
        on_progress: OnProgress | None = None,
    ) -> Outcome:
        """Try `explanation`, which is what `explainer` gives for `image` (as for `Explainer`), its channels reduced.

        on_progress: called between chunks; may raise to cancel.
        Raises ExplanationError for what the caller can put right.
        """
        raise NotImplementedError


class ExperimentProgress:
    """The progress of an experiment that asks for several maps.

    total: the passes of them all, at most; done: those that are through.
    """

    def __init__(self, total: int, on_progress: OnProgress | None) -> None:
        self.total, self.on_progress, self.done = total, on_progress, 0

    def explain(
        self, explainer: Explainer, classifier: Classifier, image: Image.Image | Tensor, target: Target
    ) -> Explanation:
        """One of the maps."""
        found = explainer(classifier, image, target, on_progress=self.report)
        self.done += found.facts["passes"]
        return found

    def report(self, progress: Progress) -> None:
        """Tell how far all of it is, from how far one part is."""
        if self.on_progress:
            self.on_progress(Progress(min(self.done + progress.done, self.total), self.total))
