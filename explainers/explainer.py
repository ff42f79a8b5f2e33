"""What every attribution method is, and the work that all of them share."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from typing import Any, ClassVar

import torch
from PIL import Image
from torch import Tensor

from explainers.classifiers import Classifier
from explainers.classifiers.view import Box
from explainers.errors import ExplanationError
from explainers.explanation import Coverage, Explanation, Reduction, Scale, Target
from explainers.passes import OnProgress, Passes, Progress
from explainers.paths.snapshots import Snapshots
from explainers.paths.step_grid import StepGrid
from explainers.paths.trace import Level, Trace
from explainers.runtime.chunks import enough_memory
from explainers.settings import Declared, Layer

PACKAGES = ("torch", "torchvision", "captum", "numpy", "pillow", "scikit-image")


@dataclass(frozen=True, eq=False)
class Attribution:
    """What `Explainer.attribute` found for N pictures.

    values:    (N, C, h, w).
    scores:    (N,) the explained numbers; None: they are those of the first N pictures passed.
    baselines: (N, k, C, H, W) and baseline_scores (N, k), for methods that have a baseline.
    traces:    N paths, for path methods.
    histories: N times the levels of automatic steps.
    slices, grids: N each, where they were asked for.
    segments:  (N, H, W) which superpixel each pixel belongs to, for methods over superpixels.
    facts:     N times what else is to be said of the map: JSON values by name.
    """

    values: Tensor
    scores: Tensor | None = None
    baselines: Tensor | None = None
    baseline_scores: Tensor | None = None
    traces: list[Trace] | None = None
    histories: list[tuple[Level, ...]] | None = None
    slices: list[Snapshots] | None = None
    grids: list[StepGrid] | None = None
    segments: Tensor | None = None
    facts: list[dict[str, Any]] | None = None


@dataclass(frozen=True)
class Explainer(Declared):
    """One method with its settings.

    scales:       the scores it can explain.
    reduction:    how its channels are combined unless the visitor says otherwise.
    complete:     whether the values add up to score - baseline score.
    keeps:        what its maps show of the picture whatever the network, in words; empty where nothing does.
    unit:         what the map's values are, with {scale} for what is explained and {inner} for the inner method's unit.
    """

    scales: ClassVar[tuple[Scale, ...]] = ("logit", "probability")
    reduction: ClassVar[Reduction] = "sum of magnitudes"
    complete: ClassVar[bool] = False
    keeps: ClassVar[str] = ""
    unit: ClassVar[str] = "change of the {scale} per unit of brightness"

    @classmethod
    def coverage(cls, classifier: Classifier) -> Coverage | None:
        """How many of the network's activations the method's backward rule changes; None: it has no such rule."""
        return None

    @property
    def inner(self) -> Explainer:
        """The method that asks the network: this one, unless it repeats another."""
        return self

    @property
    def repeated(self) -> Explainer:
        """The method as experiments repeat it, dozens of times: this one, unless the number of passes is open."""
        return self

    @property
    def glimpse(self) -> Explainer | None:
        """A far cheaper form whose map is like this one's, for a first look; None: there is none."""
        return None

    @property
    def rectified(self) -> bool:
        """Whether ReLU or a square is part of the method, so that its map has no negative values."""
        return False

    def prepared(self, classifier: Classifier) -> bool:
        """Whether it runs the copy of the network whose BatchNorm is folded away.

        Not if its rule makes much of that copy's other rounding, or it reads a layer that gives something else there.
        """
        return True

    def passes(self, classifier: Classifier) -> int:
        """The cost: how many pictures go through the network for one map, at most."""
        return 1

    def check(self, classifier: Classifier, target: Target) -> None:
        """Refuse, before any work, what can't be explained.

        Raises ExplanationError for a class or layer the classifier doesn't have and a scale the method doesn't know.
        """
        for index in (target.index, target.versus):
            if index is not None and not 0 <= index < len(classifier.labels):
                raise ExplanationError(f"{classifier.name} has classes 0 to {len(classifier.labels) - 1}, not {index}.")
        if target.scale not in self.scales:
            raise ExplanationError(
                f"{self.title} explains the {self.scales[0]} only, not the {target.scale}. Choose the {self.scales[0]}."
            )
        for name, knob in self.knobs().items():
            chosen = getattr(self, name)
            if isinstance(knob, Layer) and chosen and chosen not in {layer.name for layer in classifier.layers()}:
                raise ExplanationError(
                    f"{self.title}: {classifier.name} has no layer {chosen!r} that runs once and gives a grid."
                )

    def __call__(
        self,
        classifier: Classifier,
        image: Image.Image | Tensor,
        target: Target,
        *,
        on_progress: OnProgress | None = None,
    ) -> Explanation:
        """Explain why `classifier` gives `image` its score for `target`.

        image:       a photo, or a tensor (C, H, W) in pixel units already at the classifier's size.
        on_progress: called between chunks, and with a preview where the method has one; may raise to cancel.
        Raises ExplanationError for what the caller can put right.
        """
        with torch.inference_mode(False), enough_memory():  # gradients are wanted, whatever the caller has switched off
            self.check(classifier, target)
            picture, box = classifier.see(image)
            started = time.perf_counter()

            def explanation(found: Attribution) -> Explanation:
                return self._explanation(found, passes, picture, box, target, time.perf_counter() - started)

            def preview(found: Attribution) -> None:
                if on_progress:
                    on_progress(Progress(passes.count, passes.total, explanation(found)))

            passes = Passes(
                classifier,
                [target],
                prepared=self.inner.prepared(classifier),
                total=self.passes(classifier),
                on_progress=on_progress,
                on_preview=preview,
            )
            with passes:
                found = self.attribute(passes, picture[None])
            return explanation(found)

    @contextmanager
    def passing(
        self,
        classifier: Classifier,
        image: Image.Image | Tensor,
        target: Target,
        *,
        total: int,
        on_progress: OnProgress | None = None,
    ) -> Iterator[tuple[Passes, Tensor]]:
        """Passes for something else than a map, and the picture (C, H, W); as a call has them, and refused as there."""
        with torch.inference_mode(False), enough_memory():
            self.check(classifier, target)
            picture, _ = classifier.see(image)
            prepared = self.prepared(classifier)
            with Passes(classifier, [target], prepared=prepared, total=total, on_progress=on_progress) as passes:
                yield passes, picture

    def attribute(self, passes: Passes, pictures: Tensor) -> Attribution:
        """Attribute the targets of `passes` (N,) to the pixels of `pictures` (N, C, H, W)."""
        raise NotImplementedError

    def _explanation(
        self, found: Attribution, passes: Passes, picture: Tensor, box: Box, target: Target, seconds: float
    ) -> Explanation:
        scores = passes.answers[:, passes.column] if found.scores is None else found.scores
        score, values = float(scores[0]), found.values[0].detach()
        before = None if found.baseline_scores is None else float(found.baseline_scores[0].double().mean())
        return Explanation(
            picture=picture.float().cpu().numpy(),
            box=box,
            values=values.float().cpu().numpy(),
            target=target,
            score=score,
            facts=self._facts(passes, target, seconds) | (found.facts[0] if found.facts else {}),
            reduction=self.reduction,
            rectified=self.rectified,
            baselines=None if found.baselines is None else found.baselines[0].float().cpu().numpy(),
            baseline_score=before,
            residual=float(values.double().sum()) - (score - before) if self.complete and before is not None else None,
            trace=found.traces[0] if found.traces else None,
            history=found.histories[0] if found.histories else (),
            segments=None if found.segments is None else found.segments[0].cpu().numpy(),
            slices=found.slices[0] if found.slices else None,
            grid=found.grids[0] if found.grids else None,
        )

    def _facts(self, passes: Passes, target: Target, seconds: float) -> dict[str, Any]:
        classifier = passes.classifier
        return {
            "method": self.title,
            "settings": self.settings,
            "classifier": classifier.name,
            "weights": classifier.identity,
            "view": asdict(classifier.view),
            "class": classifier.labels[target.index],
            "rather than": None if target.versus is None else classifier.labels[target.versus],
            "explained": target.scale,
            "unit": self.unit.format(scale=target.scale, inner=self.inner.unit.format(scale=target.scale, inner="")),
            "passes": passes.count,
            "chunk": passes.chunks.size,
            "out of memory": passes.chunks.halvings,
            "seconds": seconds,
            "device": str(classifier.device),
            "seed": self.settings.get("seed"),
            "versions": dict(_versions()),
        }


@cache
def _versions() -> dict[str, str]:
    """The installed packages that a map depends on; read from disk once."""
    return {package: version(package) for package in PACKAGES}
