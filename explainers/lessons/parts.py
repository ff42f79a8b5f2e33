"""The parts that lessons are made of. A lesson declares them; pages and worksheets draw each kind in one way."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from explainers.figures.panel import Panel
from explainers.lessons.lab import Lab, Task
from explainers.settings import Configurable


@dataclass(frozen=True, eq=False)
class Shown:
    """What a part shows: sentences in Markdown, charts as wide as there is room, and rows of small maps."""

    sentences: tuple[str, ...]
    charts: tuple[Panel, ...] = ()
    rows: tuple[tuple[Panel, ...], ...] = ()


@dataclass(frozen=True)
class Text:
    """A text to read, in Markdown."""

    title: str
    text: str


@dataclass(frozen=True)
class Live(Configurable):
    """Something to move: its settings become widgets, and `show` answers each move.

    The docstring of a subclass is the text above the widgets, in Markdown.

    begin: the text of the button that begins its tasks, if it has some.
    """

    paper: ClassVar[str] = ""
    begin: ClassVar[str] = ""

    @classmethod
    def slug(cls) -> str:
        return f"lesson-{super().slug()}"

    @classmethod
    def text(cls) -> str:
        """Return what to try."""
        return inspect.cleandoc(cls.__doc__ or "")

    def tasks(self, lab: Lab) -> tuple[Task[Any], ...]:
        """Return the work on which its answer stands, where that takes so long that it waits to be asked."""
        return ()

    def show(self, lab: Lab) -> Shown:
        """Compute what these settings show. Raises ExplanationError."""
        raise NotImplementedError


@dataclass(frozen=True)
class Revealed:
    """The answer to a guess.

    right: the option that is right, as it was computed.
    why:   the explanation, in Markdown, with the numbers that were computed.
    """

    right: str
    why: str


@dataclass(frozen=True)
class Guess:
    """A guess to make before the answer is shown.

    name:   its name among the answers of the lesson.
    reveal: computes the answer.
    """

    name: str
    title: str
    text: str
    options: tuple[str, ...]
    reveal: Callable[[Lab], Revealed]


@dataclass(frozen=True)
class OpenQuestion:
    """A question to be answered in one's own words.

    name:   its name among the answers of the lesson.
    answer: computes an answer to compare one's own with, in Markdown.
    """

    name: str
    title: str
    text: str
    answer: Callable[[Lab], str]


@dataclass(frozen=True)
class Link:
    """The way to the same thing on a real picture.

    label:    what is opened, in words.
    page:     the page's name in addresses; "explain" for the first one.
    settings: what is set there, as text, by the keys of the address.
    """

    title: str
    text: str
    label: str
    page: str
    settings: Mapping[str, str] = field(default_factory=dict)


Part = Text | Live | Guess | OpenQuestion | Link


@dataclass(frozen=True)
class Lesson:
    """A lesson.

    slug:    its name in addresses.
    goal:    what one learns, in a phrase with a capital and a full stop.
    minutes: how long it takes, about.
    parts:   its parts, in their order; each is a step.
    """

    slug: str
    title: str
    goal: str
    minutes: int
    parts: tuple[Part, ...]

    @property
    def asked(self) -> tuple[Guess | OpenQuestion, ...]:
        """The parts that ask for an answer."""
        return tuple(part for part in self.parts if isinstance(part, Guess | OpenQuestion))
