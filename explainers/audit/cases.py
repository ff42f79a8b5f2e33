"""The cases of an audit: pictures with the classes they show, from a folder, a table or a zip."""

from __future__ import annotations

from dataclasses import dataclass

from explainers.classifiers.view import Box


@dataclass(frozen=True)
class Case:
    """One picture of an audit.

    path:   where it is within its source, with "/" between folders.
    label:  the class that it shows, as the source names it; None where that isn't known.
    box:    (left, top, right, bottom) around its object, in pixels of the upright photo; None where there is none.
    nbytes: the size of its file when it was listed.
    """

    path: str
    label: str | None = None
    box: Box | None = None
    nbytes: int = 0
