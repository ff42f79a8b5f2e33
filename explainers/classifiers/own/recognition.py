"""Says which architecture a file is of, from the names and shapes of its tensors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from explainers.classifiers.own.candidate import Candidate
from explainers.classifiers.own.differences import differences
from explainers.classifiers.own.fingerprint import Shapes, compared
from explainers.classifiers.own.matching import Match, bodies, matches, nearest
from explainers.classifiers.own.table import Architecture, table
from explainers.numbers import listed

USUAL_CLASSES = 1000
MOST_NAMED = 3  # in a sentence; the others are counted
LEAST_ALIKE = 0.1  # share of tensors in common
MOST_COMPARED = 3  # of the nearest architectures


@dataclass(frozen=True)
class Recognition:
    """Which architectures a file may be of.

    candidates: best first; empty if none fits.
    sentence:   the same for people.
    nearest:    where none fits: the one with the most tensors in common, if it has some.
    """

    candidates: tuple[Candidate, ...]
    sentence: str
    nearest: Architecture | None = None


def recognise(shapes: Shapes, named: str | None = None) -> Recognition:
    """Return the architectures of torchvision and timm that tensors of these names and shapes may be of.

    shapes: by name, in the order of the file.
    named:  the name of the architecture if the file says it: it comes first if it fits.
    """
    found = _distinct(matches(shapes))
    if not found:
        return _unknown(shapes)
    words = differences([match.fingerprint.architecture for match in found])
    candidates = [_candidate(match, word, shapes) for match, word in zip(found, words, strict=True)]
    candidates.sort(key=lambda candidate: candidate.architecture.name != named)
    return Recognition(tuple(candidates), _sentence(candidates))


def _distinct(found: Iterable[Match]) -> list[Match]:
    """Keep one match of each architecture; where the size may differ, one of those that differ in it alone."""
    kept: dict[object, Match] = {}
    for match in sorted(found, key=_strangeness):
        own = match.fingerprint.architecture
        alike = own.library, own.traits, own.settings, own.mean, own.std, match.fingerprint.sizeless
        kept.setdefault(own if match.how == "named" else alike, match)
    return list(kept.values())


def _strangeness(match: Match) -> tuple[bool, bool]:
    """Put heads under the architecture's own name first, and the usual size."""
    renamed = match.head is not None and match.head.module != match.head.prefix
    return renamed, match.size != match.fingerprint.architecture.size


def _candidate(match: Match, difference: str, shapes: Shapes) -> Candidate:
    plain = match.how in ("named", "sizeless") and not match.prefix and not match.left_out
    return Candidate(
        match.fingerprint.architecture,
        match.classes,
        match.channels,
        match.size,
        plain,
        difference,
        match.head,
        match.prefix,
        tuple(compared(shapes)) if match.how == "ordered" else (),
        match.left_out,
    )


def _sentence(candidates: Sequence[Candidate]) -> str:
    first = candidates[0]
    if len(candidates) == 1:
        text = f"{first.architecture.title} {first.form}."
    else:
        titles = list(dict.fromkeys(candidate.architecture.title for candidate in candidates))
        named = f"{', '.join(titles[:-1])} or {titles[-1]}" if len(titles) > 1 else titles[0]
        text = f"{len(candidates)} networks have files like this one, {first.form}: {named}."
    if first.order:
        text += " It is a guess: the names are of another release or author, and only the shapes agree, one by one."
    if first.prefix:
        text += f" The prefix “{first.prefix}” is taken off the names."
    if first.head:
        text += f" {first.head.sentence}"
    if first.left_out:
        text += f" It has no place for {listed(first.left_out, MOST_NAMED)}, which {_were(first.left_out)} left out."
    return text


def _unknown(shapes: Shapes) -> Recognition:
    if rows := bodies(shapes):
        own = rows[0].architecture
        return Recognition(
            (), f"This is the body of {own.title} without a head, so it tells no classes. Save the whole network.", own
        )
    near = [row for row, share in nearest(shapes, MOST_COMPARED) if share >= LEAST_ALIKE]
    known = f"{len(table().architectures):,}"
    if not near:
        return Recognition(
            (),
            f"None of the {known} architectures of torchvision and timm is like it. Save the network with its code: "
            "Whypixel takes any network from Python, as Classifier(network, labels, size=..., mean=..., std=...).",
        )
    from explainers.classifiers.own.building import shapes_of  # it imports torch, which is needed only here

    own_tensors = compared(shapes)
    networks: dict[Architecture, Shapes] = {}
    for row in near:
        own = row.architecture
        classes, channels = row.outline.told("classes", own_tensors), row.outline.told("channels", own_tensors)
        networks[own] = compared(shapes_of(own, classes or USUAL_CLASSES, channels or own.channels))
    best = max(networks, key=lambda key: len(own_tensors.items() & networks[key].items()))
    return Recognition(
        (),
        f"None of the {known} architectures of torchvision and timm fits exactly. The nearest is {best.title}, which "
        f"differs: {_difference(own_tensors, networks[best])}.",
        best,
    )


def _difference(own: Shapes, other: Shapes) -> str:
    """What a file lacks of a network, what it has besides, and what has another shape in it."""
    lacks = [name for name in other if name not in own]
    besides = [name for name in own if name not in other]
    shaped = [
        f"{name} is {_sides(own[name])} and not {_sides(other[name])}"
        for name in own.keys() & other.keys()
        if own[name] != other[name]
    ]
    parts = (("the file lacks ", lacks), ("the file has ", besides), ("", sorted(shaped)))
    return "; ".join(verb + listed(items, MOST_NAMED) for verb, items in parts if items)


def _sides(shape: Sequence[int]) -> str:
    return " × ".join(map(str, shape)) or "a single number"


def _were(items: Sequence[str]) -> str:
    return "are" if len(items) > 1 else "is"
