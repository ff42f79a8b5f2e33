"""The classes that the folders of pictures are called by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

SPLITS = ("train", "training", "val", "valid", "validation", "dev", "test", "testing", "eval", "evaluation")


def labels_by_folder(names: Iterable[str]) -> dict[str, str | None]:
    """Return the class of each file, which is the folder that it lies in, by its name; None where it lies in none.

    Above the folders of classes may be one that holds all the others ("pictures/cat/1.jpg"), and one for each part of
    a data set ("train/cat/1.jpg", "val/cat/2.jpg"), in either order. Of folders in folders of classes, the class is the
    upper one, as it is for torchvision: of "cat/persian/1.jpg" it is "cat".
    """
    folders = {name: name.split("/")[:-1] for name in names}
    above = _above([*folders.values()])
    return {name: parts[above] if len(parts) > above else None for name, parts in folders.items()}


def _above(folders: Sequence[Sequence[str]]) -> int:
    """Return how many levels of folders are above those of the classes."""
    level = 0
    while True:
        tops = {parts[level] if len(parts) > level else None for parts in folders}
        are_splits = all(top is not None and top.lower() in SPLITS for top in tops)
        holds_all = len(tops) == 1 and all(len(parts) > level + 1 for parts in folders)
        if not tops or not (are_splits or holds_all):
            return level
        level += 1
