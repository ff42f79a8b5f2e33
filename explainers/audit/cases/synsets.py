"""WordNet's ids and names of ImageNet's classes, which timm has on disk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from explainers.classifiers.published import ids_of, labels_of
from explainers.importing import IMPORTING

KNOWN = 0.98  # of a classifier's names must be WordNet's of the same place: two of 1,000 are told apart in other ways


def plain(name: str) -> str:
    """Return a name without regard to case, underscores, hyphens and spaces."""
    return " ".join(re.split(r"[\s_-]+", name.casefold().strip(" _-\t\r\n")))


@cache
def synsets(classes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the WordNet id of each class, such as "n02123045"; none if these aren't classes of ImageNet's."""
    if classes == labels_of("classes.csv"):
        return ids_of("classes.csv")
    with IMPORTING:
        from timm.data.imagenet_info import infer_imagenet_subset
    subset = infer_imagenet_subset({"num_classes": len(classes)})
    if subset is None:
        return ()
    info = _info(subset)
    known = zip(classes, info.label_descriptions(), info.label_descriptions(detailed=True), strict=True)
    count = sum(name in (words, meaning, *words.split(", ")) for name, words, meaning in known)
    return tuple(info.label_names()) if count >= KNOWN * len(classes) else ()


@cache
def synonyms(ids: tuple[str, ...]) -> Mapping[str, frozenset[str]]:
    """Return the ids of these classes, and of ImageNet's 1,000, that WordNet has a name for, by the plain name."""
    info, found = _info("imagenet-1k"), dict[str, set[str]]()
    for each in {*ids, *info.label_names()}:
        for name in info.label_name_to_description(each).split(", "):
            found.setdefault(plain(name), set()).add(each)
    return {name: frozenset(those) for name, those in found.items()}


def meant(label: str, ids: Sequence[str]) -> frozenset[str]:
    """Return the ids that a label may mean, whose names it gives with commas between them."""
    known = synonyms(tuple(ids))
    named = [known[name] for part in label.split(",") if (name := plain(part)) in known]
    return frozenset.intersection(*named) or frozenset.union(*named) if named else frozenset()


@cache
def _info(subset: str) -> Any:
    with IMPORTING:
        from timm.data.imagenet_info import ImageNetInfo
    return ImageNetInfo(subset)
