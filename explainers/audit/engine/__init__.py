"""Computes the rows of an audit: in this process, in several of this machine, or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from explainers.audit.engine.local import compute_in_processes, default_workers
from explainers.audit.engine.worker import Worker
from explainers.audit.runs.run import Run
from explainers.classifiers import Classifier
from explainers.classifiers.catalogue import find
from explainers.errors import ExplanationError

OnProgress = Callable[[int, int], None]  # (pictures done, pictures in all)
HERE_ONLY = ("memory", "team", "own")  # origins of classifiers that another process can't load by their names


class Progress:
    """Counts the pictures of a run that are done, those of unfinished parts included, and reports them."""

    def __init__(self, run: Run, on_progress: OnProgress | None) -> None:
        self._run, self._on_progress = run, on_progress
        self._done = sum(len(run.plan.numbers(part)) for part in run.done())
        self._begun: dict[int, int] = {}
        self._report()

    def more(self, part: int, pictures: int) -> None:
        """Count more pictures of a part."""
        self._begun[part] = self._begun.get(part, 0) + pictures
        self._report()

    def written(self, part: int) -> None:
        """Count a part that is written."""
        self._begun.pop(part, None)
        self._done += len(self._run.plan.numbers(part))
        self._report()

    def anew(self, part: int) -> None:
        """Count a part as not begun."""
        self._begun.pop(part, None)
        self._report()

    def _report(self) -> None:
        if self._on_progress:
            self._on_progress(self._done + sum(self._begun.values()), self._run.plan.pictures)


def compute(
    run: Run,
    *,
    workers: int | None = None,
    ray: str | None = None,
    classifier: Classifier | None = None,
    on_progress: OnProgress | None = None,
) -> None:
    """Compute the parts of a run that are missing, and write each as soon as it is there.

    workers:     how many processes compute; 0 or 1: this one; None: as many as fit this machine. On a cluster, how many
                 actors; None: as many as fit that.
    ray:         the address of a Ray cluster, "auto" for the one that this machine belongs to, or "local" for one that
                 is started here; None: no cluster.
    classifier:  the run's, for what this process computes; None: it is loaded.
    on_progress: called as pictures are done; it may raise an exception to cancel.

    Raises ExplanationError for problems that the caller can put right. The parts that are written stay.
    """
    progress, parts = Progress(run, on_progress), run.missing()
    if not parts:
        return
    here_only = find(run.plan.classifier).origin in HERE_ONLY
    if ray is not None and here_only:
        raise ExplanationError(
            f"{run.plan.classifier} is known to this program only, and no machine of a cluster can load it. Compute "
            "without Ray, or let models.toml name the classifier's file on every machine."
        )
    if ray is not None:
        from explainers.audit.engine.on_ray import compute_on_ray

        compute_on_ray(run, parts, ray, workers, progress)
        return
    if here_only:
        workers = 1
    workers = min(len(parts), default_workers() if workers is None else workers)
    if workers > 1:
        compute_in_processes(run, parts, workers, progress)
    else:
        _compute_here(run, parts, classifier, progress)


def _compute_here(run: Run, parts: Sequence[int], classifier: Classifier | None, progress: Progress) -> None:
    worker = Worker.of(run, classifier) if classifier else Worker.open(run.folder)
    for part in parts:
        run.write_part(part, worker.rows(part, partial(progress.more, part)))
        progress.written(part)
