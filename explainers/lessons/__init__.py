"""The lessons. One file holds one lesson; `LESSONS` names them all, in the order in which they build on each other."""

from __future__ import annotations

from importlib import import_module

from explainers.lessons.lab import Lab, Task
from explainers.lessons.parts import Guess, Lesson, Link, Live, OpenQuestion, Part, Shown, Text


def _lessons(*files: str) -> tuple[Lesson, ...]:
    """Return the lessons in these files of this folder."""
    return tuple(import_module(f"{__name__}.{file}").LESSON for file in files)


LESSONS = _lessons(
    "one_line", "saturation", "steps", "relu", "cam", "baseline", "preprocessing", "lying", "shortcut", "contrast"
)

BY_SLUG = {lesson.slug: lesson for lesson in LESSONS}  # by their names in addresses

__all__ = [
    "BY_SLUG",
    "LESSONS",
    "Guess",
    "Lab",
    "Lesson",
    "Link",
    "Live",
    "OpenQuestion",
    "Part",
    "Shown",
    "Task",
    "Text",
]
