"""How a run begins, and how the same command goes on with it later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

from explainers.audit.cases.labels import match
from explainers.audit.cases.listing import Case, Listing
from explainers.audit.cases.saved_list import digest
from explainers.audit.runs.place import MANIFEST
from explainers.audit.runs.plan import PART, Asked, Plan
from explainers.audit.runs.run import Run
from explainers.classifiers import Classifier
from explainers.classifiers.own.refusals import listed
from explainers.errors import ExplanationError
from explainers.explainer import VERSIONED_PACKAGES, Explainer
from explainers.explanation import Scale, Target
from explainers.numbers import counted
from explainers.passes import chunk_size

WORDS = {"identity": "weights and classes", "part": "pictures in a part"}
KEPT = ("pictures", "sha256", "chunk")  # what a run keeps, whatever the list of pictures or the machine is later


def planned(
    listing: Listing,
    classifier: Classifier,
    explainer: Explainer,
    *,
    name: str,
    checkpoint: str | None = None,
    labels: tuple[str, ...] | None = None,
    asked: Asked = "likeliest",
    scale: Scale = "logit",
    removal: bool = False,
    part: int = PART,
    chunk: int | None = None,
) -> Plan:
    """Return the plan of an audit of these pictures, by this classifier and this method.

    name, checkpoint, labels: by which `load_classifier` loads the classifier.
    chunk: how many pictures pass at once; None: as many as pass at once in a call for one picture.
    The others are as in `Plan`.

    Raises ExplanationError where the method can't explain the classifier, and where what is asked needs labels and no
    picture has one of the classifier's classes.
    """
    versus = 1 if asked == "label rather than likeliest" else None
    explainer.check(classifier, Target(0, versus, scale))
    if asked != "likeliest" and not match((case.label for case in listing.cases), classifier.labels).classes:
        raise ExplanationError(
            f"No picture has a label that is a class of {classifier.name}, so the class that is explained must be the "
            "likeliest."
        )
    return Plan(
        source=str(listing.source),
        pictures=len(listing.cases),
        sha256=digest(listing.cases),
        classifier=name,
        checkpoint=checkpoint,
        labels=labels,
        fit=classifier.view.fit,
        identity=classifier.identity,
        method=explainer.slug(),
        settings=explainer.settings,
        asked=asked,
        scale=scale,
        removal=removal,
        part=part,
        chunk=chunk or chunk_size(classifier, forward_only=explainer.forward_only),
        versions={package: version(package) for package in VERSIONED_PACKAGES},
    )


def begin(folder: Path, plan: Plan, listing: Listing) -> tuple[Run, list[str]]:
    """Make a run, or open the one that is there to go on with it.

    A run keeps the pictures that it began with: what has changed on the disk since is said in the sentences that come
    with it, and in the rows of the pictures that can't be read any more.

    Raises ExplanationError where the folder holds a run of another plan, or pictures have another label or box now.
    """
    if not (folder / MANIFEST).exists():
        return Run.create(folder, plan, listing.cases), []
    run = Run.open(folder)
    if differing := _differing(run.plan, plan):
        raise ExplanationError(
            f"{folder} holds another audit ({'; '.join(differing)}). Give this one a folder of its own."
        )
    before = run.cases  # also where nothing has changed: a list that was tampered with is refused before the work
    return run, [] if digest(listing.cases) == run.plan.sha256 else _changes(folder, before, listing.cases)


def _differing(old: Plan, new: Plan) -> list[str]:
    """Say what differs in two plans, but for what a run keeps."""
    before, now = (_flat({key: value for key, value in asdict(plan).items() if key not in KEPT}) for plan in (old, new))
    names = [name for name in {**before, **now} if before.get(name) != now.get(name)]
    return [f"{WORDS.get(name, name)}: {_said(before.get(name))} there, {_said(now.get(name))} here" for name in names]


def _flat(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the entries of a plan with those in its mappings beside the others."""
    inner = {name: value for name, value in plan.items() if isinstance(value, Mapping)}
    entries = {name: value for name, value in plan.items() if name not in inner}
    return entries | {name: value for mapping in inner.values() for name, value in mapping.items()}


def _said(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= 40 else f"{text[:36]} ..."


def _changes(folder: Path, before: Sequence[Case], now: Sequence[Case]) -> list[str]:
    """Say what has changed in a list of pictures. Raises ExplanationError for another label or box."""
    old, new = ({(case.path, case.label, case.box): case for case in cases} for cases in (before, now))
    old_paths, new_paths = ({case.path for case in cases} for cases in (before, now))
    relabelled = sorted({path for path, _, _ in old.keys() ^ new.keys() if path in old_paths & new_paths})
    if relabelled:
        raise ExplanationError(
            f"The labels or boxes of {counted(len(relabelled), 'picture')} aren't those that the audit in {folder} "
            f"began with: {listed(relabelled)}. Give this one a folder of its own."
        )
    resized = sorted({each[0] for each in old.keys() & new.keys() if old[each].nbytes != new[each].nbytes})
    changes = {
        "new, and not part of it": sorted(new_paths - old_paths),
        "gone": sorted(old_paths - new_paths),
        "of another size": resized,
    }
    return [
        f"Since the audit began, {counted(len(paths), 'picture is', 'pictures are')} {what}: {listed(paths)}."
        for what, paths in changes.items()
        if paths
    ]
