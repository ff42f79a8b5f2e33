"""The base class of attribution methods, with the work that all of them share."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import TypeVar

import torch
from PIL import Image
from torch import Tensor

from explainers.classifiers.classifier import Classifier
from explainers.classifiers.two_sides import NO
from explainers.classifiers.view import Box
from explainers.declarations import Declared
from explainers.explanation import Explanation, Facts, Sampling, Target
from explainers.passes import OnProgress, Passes, Progress
from explainers.paths.trace import Level, Trace
from explainers.question import Question
from explainers.runtime.chunks import enough_memory
from explainers.verification import attempt, verified

VERSIONED_PACKAGES = ("torch", "torchvision", "captum", "numpy", "pillow", "scikit-image")
T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Attribution:
    """What `Explainer.attribute` returns for N pictures.

    values:        (N, C, h, w), the maps.
    scores:        (N,), the explained scores; None: they are those of the first N pictures passed.
    baselines:     for each picture (k, C, H, W), and baseline_scores (k,), for methods that have a baseline.
    errors:        for each picture, the expected relative L1 distance of its map from the exact one, for methods that
                   estimate it.
    standard_errors: (N, C, h, w), the standard deviation of the values from one set of random samples to another.
    samplings:     the random samples of each picture, for methods that draw some.
    traces:        N traces, for path methods.
    histories:     the levels of automatic steps, for each picture.
    segments:      (N, H, W), the number of each pixel's superpixel, for methods over superpixels.
    compared_with: the classes from which a map sets the explained class apart, for each picture.
    """

    values: Tensor
    scores: Tensor | None = None
    baselines: Tensor | Sequence[Tensor] | None = None
    baseline_scores: Tensor | Sequence[Tensor] | None = None
    errors: Sequence[float | None] | None = None
    standard_errors: Tensor | None = None
    samplings: Sequence[Sampling] | None = None
    traces: list[Trace] | None = None
    histories: list[tuple[Level, ...]] | None = None
    segments: Tensor | None = None
    compared_with: list[tuple[str, ...]] | None = None


@dataclass(frozen=True, eq=False)
class Seen:
    """What a classifier sees of a photo.

    picture:    (C, H, W) in pixel units.
    box:        (left, top, right, bottom) of the picture in the upright photo, in pixels of the photo.
    photo_size: (width, height) of the upright photo; None where a tensor was given instead of one.
    """

    picture: Tensor
    box: Box
    photo_size: tuple[int, int] | None

    @classmethod
    def of(cls, classifier: Classifier, image: Image.Image | Tensor) -> Seen:
        """Make it as `Classifier.see` does. Raises ExplanationError for a tensor of another shape."""
        picture, box = classifier.see(image)
        return cls(picture, box, None if isinstance(image, Tensor) else image.size)


@dataclass(frozen=True)
class Explainer(Declared):
    """One method with its settings: what `Declared` says of it, and its maps."""

    @property
    def inner(self) -> Explainer:
        """The method whose maps are computed: this one, unless it repeats another method."""
        return self

    @property
    def repeatable(self) -> Explainer:
        """The method as experiments repeat it dozens of times: this one, unless its number of passes is not fixed."""
        return self

    @property
    def passes_vary(self) -> bool:
        """Whether fewer passes than `passes` says may do."""
        return self.repeatable is not self

    @property
    def shares_passes(self) -> bool:
        """Whether several pictures pass at once where several are explained."""
        return False

    @property
    def preview_form(self) -> Explainer | None:
        """A far cheaper form with a similar map, for a preview; None if there is none."""
        return None

    def __call__(
        self,
        classifier: Classifier,
        image: Image.Image | Tensor,
        target: Target,
        *,
        on_progress: OnProgress | None = None,
    ) -> Explanation:
        """Explain why `classifier` gives `image` its score for `target`.

        image:       a photo, or a tensor (C, H, W) in pixel units that has the classifier's input size already.
        on_progress: called between chunks, and with a preview where the method has one; it may raise an exception to
                     cancel.
        Raises ExplanationError for problems that the caller can put right.
        """
        return self.explain_by(self.attribute, classifier, image, target, on_progress)

    def explain(self, question: Question, *, on_progress: OnProgress | None = None) -> Explanation:
        """Explain the answer to a question, as a call does."""
        return self(question.classifier, question.photo.image, question.target, on_progress=on_progress)

    def explain_by(
        self,
        attribute: Callable[[Passes, Tensor], Attribution],
        classifier: Classifier,
        image: Image.Image | Tensor | Seen,
        target: Target,
        on_progress: OnProgress | None,
        *,
        choose: Callable[[Tensor], Target] | None = None,
    ) -> Explanation:
        """Explain as a call does, with `attribute` in place of the method's own, which may record more on the way.

        choose: for methods that ask late, returns the target in place of `target`, given the picture's logits
                (classes,).
        """
        with torch.inference_mode(False), enough_memory():  # for gradients, whatever the caller has switched off
            self.check(classifier, target)
            seen = image if isinstance(image, Seen) else Seen.of(classifier, image)
            started = time.perf_counter()

            def chosen(logits: Tensor) -> Target:
                assert choose
                self.check(classifier, found := choose(logits))
                return found

            def explanation(attribution: Attribution, passes: Passes) -> Explanation:
                return self._explanation(attribution, passes, 0, seen, time.perf_counter() - started)

            def work(passes: Passes) -> Attribution:
                def preview(attribution: Attribution) -> None:
                    if on_progress:
                        on_progress(Progress(passes.count, passes.total, explanation(attribution, passes)))

                passes.on_preview = preview
                return attribute(passes, seen.picture[None])

            total, inner = self.passes(classifier), self.inner
            attribution, passes = verified(
                classifier,
                [target],
                work,
                fused=total > 1 and inner.uses_fused(classifier),
                explained=None if inner.changes_gradients else seen.picture[None],
                forward_only=self.forward_only,
                total=total,
                on_progress=on_progress,
                choose=chosen if choose else None,
            )
            found = explanation(attribution, passes)
        found.check_finite()
        return found

    def explain_together(
        self, classifier: Classifier, seen: Sequence[Seen], targets: Sequence[Target]
    ) -> list[Explanation] | None:
        """Explain several pictures, each for a target of its own, in passes that they share.

        The targets share their scale, and whether they have a versus. Returns None where the network doesn't answer to
        each of them as it does to that picture alone, so that each must be explained alone.

        Raises ExplanationError as calls do, but not for a map whose values are not all finite.
        """
        with torch.inference_mode(False), enough_memory():
            for target in targets:
                self.check(classifier, target)
            pictures, started = torch.stack([each.picture for each in seen]), time.perf_counter()
            each_total = self.passes(classifier)
            confirmed = attempt(
                classifier,
                targets,
                lambda passes: self.attribute(passes, pictures),
                fused=each_total > 1 and self.uses_fused(classifier),
                # To compare the gradients of all would cost as much as the maps of methods of one pass.
                explained=pictures if each_total > 1 and not self.changes_gradients else None,
                forward_only=self.forward_only,
                total=each_total * len(seen),
            )
            if confirmed is None:
                return None
            seconds = (time.perf_counter() - started) / len(seen)
            return [self._explanation(*confirmed, row, each, seconds) for row, each in enumerate(seen)]

    def pass_pictures(
        self,
        question: Question,
        work: Callable[[Passes, Tensor], T],
        *,
        total: int,
        on_progress: OnProgress | None = None,
    ) -> T:
        """Return what `work` makes of the passes of a call and of the picture (C, H, W): another result than a map.

        Raises ExplanationError as a call does.
        """
        classifier, target = question.classifier, question.target
        with torch.inference_mode(False), enough_memory():
            self.check(classifier, target)
            picture, _ = classifier.see(question.photo.image)
            result, _ = verified(
                classifier,
                [target],
                lambda passes: work(passes, picture),
                fused=self.uses_fused(classifier),
                explained=None if self.changes_gradients else picture[None],
                total=total,
                on_progress=on_progress,
            )
        return result

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        """Attribute the scores of the N targets of `passes` to the pixels of `pictures` (N, C, H, W)."""
        raise NotImplementedError

    def _explanation(
        self, attribution: Attribution, passes: Passes, row: int, seen: Seen, seconds: float
    ) -> Explanation:
        """Make the explanation of the picture of this number among those of an attribution."""
        scores = passes.answers[:, passes.column] if attribution.scores is None else attribution.scores
        target, score, values = passes.targets[row], float(scores[row]), attribution.values[row].detach()
        baselines, baseline_scores = attribution.baselines, attribution.baseline_scores
        standard_errors, segments = attribution.standard_errors, attribution.segments
        baseline_score = None if baseline_scores is None else float(baseline_scores[row].double().mean())
        residual = None
        if self.complete and baseline_score is not None:
            residual = float(values.double().sum()) - (score - baseline_score)
        return Explanation(
            picture=seen.picture.float().cpu().numpy(),
            box=seen.box,
            values=values.float().cpu().numpy(),
            target=target,
            score=score,
            facts=self._facts(passes, row, seconds, attribution.compared_with),
            reduction=self.default_reduction(target),
            rectified=self.rectified,
            baselines=None if baselines is None else baselines[row].float().cpu().numpy(),
            baseline_score=baseline_score,
            residual=residual,
            error=attribution.errors[row] if attribution.errors else None,
            standard_error=None if standard_errors is None else standard_errors[row].float().cpu().numpy(),
            sampling=attribution.samplings[row] if attribution.samplings else None,
            trace=attribution.traces[row] if attribution.traces else None,
            history=attribution.histories[row] if attribution.histories else (),
            segments=None if segments is None else segments[row].cpu().numpy(),
            photo_size=seen.photo_size,
        )

    def _facts(self, passes: Passes, row: int, seconds: float, compared_with: list[tuple[str, ...]] | None) -> Facts:
        classifier, inner, target = passes.classifier, self.inner, passes.targets[row]
        has_opposite = classifier.two_sided and target.versus is None
        return Facts(
            method=self.title,
            slug=self.slug(),
            settings=self.settings,
            classifier=classifier.name,
            weights=classifier.identity,
            source=classifier.source,
            view=classifier.view,
            mean=classifier.mean,
            std=classifier.std,
            output=classifier.output,
            label=classifier.labels[target.index],
            versus=None if target.versus is None else classifier.labels[target.versus],
            scale=target.scale,
            unit=self.unit.for_map(target.scale, None if inner is self else inner.unit),
            passes=passes.count // len(passes.targets),
            checks=-(-passes.checks // len(passes.targets)),
            folded=passes.folded,
            refuted=passes.refuted,
            widened=classifier.widened,
            traits=classifier.traits,
            chunk=passes.chunks.size,
            halvings=passes.chunks.halvings,
            seconds=seconds,
            device=str(classifier.device),
            seed=next((self.settings[name] for name in self.seeds), None),
            versions=_versions(),
            compared_with=compared_with[row] if compared_with else (),
            empty_because=self.empty_because,
            opposite=classifier.labels[1 - target.index] if has_opposite else None,
            negated=has_opposite and target.index == NO,
        )


@cache
def _versions() -> Mapping[str, str]:
    """Return the versions of the packages that a map depends on; they are read from disk once."""
    return {package: version(package) for package in VERSIONED_PACKAGES}
