"""Which class of a classifier the labels of a data set name. What could be two classes is none: nothing is guessed."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from explainers.audit.cases.synsets import meant, plain, synsets
from explainers.classifiers.own.refusals import MAX_LISTED, listed, shown
from explainers.numbers import counted

NUMBER = re.compile(r"(\d{1,6})(?:\.0+)?")  # tables with gaps write whole numbers with a point


@dataclass(frozen=True)
class Matched:
    """What the labels of a data set name.

    classes: the index of the classifier's class, for each label that names one.
    notes:   what names none, and why, in sentences.
    """

    classes: Mapping[str, int]
    notes: tuple[str, ...]


def match(labels: Iterable[str | None], classes: Sequence[str]) -> Matched:
    """Find the classes that labels name.

    labels:  the label of each picture; None where it has none.
    classes: the classifier's own names of its classes.

    A label names a class by its exact name; else by its name without regard to case, underscores, hyphens and spaces;
    else by the WordNet id of one of ImageNet's classes; else by its number, from 0; else by another name that WordNet
    has for one of ImageNet's classes. Numbers count only where there is a class for each of them: where they begin
    at 1, there is none for the last.
    """
    counts = Counter(label for label in labels if label is not None)
    meanings = {label: _meanings(label, tuple(classes)) for label in sorted(counts)}
    notes = list[str]()
    numbers = {label: int(text[1]) for label in meanings if not meanings[label] and (text := NUMBER.fullmatch(label))}
    if numbers and max(numbers.values()) < len(classes):
        meanings |= {label: [index] for label, index in numbers.items()}
        least = min(numbers, key=lambda label: (numbers[label], label))
        notes.append(
            f"Labels that are numbers are taken for the numbers of classes, from 0: {shown(least)!r} is "
            f"{shown(classes[numbers[least]])!r}."
        )
    elif numbers:
        notes.append(
            f"The labels that are numbers go up to {max(numbers.values()):,}, and those of the classes from 0 to "
            f"{len(classes) - 1:,}, so none of them is taken for the number of a class."
        )
    found = {label: each[0] for label, each in meanings.items() if len(each) == 1 and each[0] is not None}
    unclear = [label for label, meaning in meanings.items() if len(meaning) > 1]
    notes += [_unclear(label, meanings[label], classes) for label in unclear[:MAX_LISTED]]
    if lost := unmatched(counts, found):
        notes.append(lost)
    return Matched(found, tuple(notes))


def unmatched(counts: Mapping[str, int], found: Collection[str]) -> str:
    """Say which labels name no class; empty where each does.

    counts: the number of pictures of each label; found: the labels that name a class.
    """
    lost = sorted(counts.keys() - {*found})
    if not lost:
        return ""
    pictures = sum(counts[label] for label in lost)
    return (
        f"{len(lost):,} of {counted(len(counts), 'label')} can't be matched to a class of the classifier: "
        f"{listed(lost)}. {counted(pictures, 'picture counts', 'pictures count')} as without a label."
    )


def _meanings(label: str, classes: tuple[str, ...]) -> list[int | None]:
    """Return the indices of the classes that a label may mean; None among them stands for what is no class."""
    index, by_text = _by_name(classes)
    if label in index:
        return [index[label]]
    if fitting := by_text.get(plain(label)):
        return [*fitting]
    ids = synsets(classes)
    if plain(label) in ids:
        return [ids.index(plain(label))]
    meanings = sorted(meant(label, ids)) if ids else []
    indices = [ids.index(each) if each in ids else None for each in meanings]
    return indices if any(index is not None for index in indices) else []


@lru_cache(maxsize=2)
def _by_name(classes: tuple[str, ...]) -> tuple[Mapping[str, int], Mapping[str, list[int]]]:
    """Return the index of each class by its name, and those of all with the same plain name by that."""
    by_text = defaultdict[str, list[int]](list)
    for index, name in enumerate(classes):
        by_text[plain(name)].append(index)
    return {name: index for index, name in enumerate(classes)}, by_text


def _unclear(label: str, meanings: Sequence[int | None], classes: Sequence[str]) -> str:
    names = ["something else" if index is None else repr(shown(classes[index])) for index in meanings]
    return f"The label {shown(label)!r} could mean {' or '.join(names)}, and is taken for neither."
