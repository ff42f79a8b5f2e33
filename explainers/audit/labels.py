"""Which class of a classifier a data set's label names. What could be two classes is none: nothing is guessed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from explainers.audit.synsets import synonyms, synsets
from explainers.classifiers.own.refusals import listed, shown
from explainers.numbers import counted

NUMBER = re.compile(r"(\d{1,6})(\.0+)?")  # tables with gaps write whole numbers with a point
SYNSET = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class Matched:
    """What the labels of a data set name.

    classes: the index of the classifier's class, for each label that names one.
    notes:   what names none, and why, in sentences.
    """

    classes: Mapping[str, int]
    notes: tuple[str, ...]


def match(given: Iterable[str | None], classes: Sequence[str]) -> Matched:
    """Find the classes that the labels of pictures name.

    given:   the label of each picture; None where it has none.
    classes: the classifier's own names.

    A label names a class by its exact name; else by its name without regard to case, underscores, hyphens and spaces;
    else, for ImageNet's classes, by its WordNet id; else by its number, from 0; else, for ImageNet's classes, by another
    name that WordNet has for that class alone. Numbers are taken for those of classes only if there is a class for each
    of them: where they begin at 1, the last has none.
    """
    counts: dict[str, int] = defaultdict(int)
    for label in given:
        if label is not None:
            counts[label] += 1
    by_name, by_text = {name: index for index, name in enumerate(classes)}, _grouped(classes)
    ids = synsets(classes)
    by_id, by_synonym = {each: index for index, each in enumerate(ids)}, synonyms(ids)
    found, unclear, numbers = dict[str, int](), dict[str, list[int]](), dict[str, int]()
    for label in sorted(counts):
        text = _plain(label)
        if label in by_name:
            found[label] = by_name[label]
        elif candidates := by_text.get(text):
            unclear[label] = candidates
        elif SYNSET.fullmatch(text) and text in by_id:
            found[label] = by_id[text]
        elif number := NUMBER.fullmatch(text):
            numbers[label] = int(number[1])
        elif candidates := _several(label, by_synonym):
            unclear[label] = candidates
    return _matched(counts, classes, found, unclear, numbers)
