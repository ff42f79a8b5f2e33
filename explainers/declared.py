"""What methods and experiments have in common: settings that are declared once, as knobs."""

from __future__ import annotations

import inspect
import re
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar

from explainers.errors import ExplanationError
from explainers.knobs import Knob


@dataclass(frozen=True)
class Declared:
    """Something with a name, a paper and settings. Subclasses declare settings as fields with knobs.

    title, paper: its name and where it was published.

    The docstring's first paragraph is the line for a visitor, the others say what holds of it and what it can't do.
    """

    title: ClassVar[str]
    paper: ClassVar[str]

    def __post_init__(self) -> None:
        for name, knob in self.knobs().items():
            if not knob.accepts(value := getattr(self, name)):
                raise ExplanationError(f"{self.title}: {name} must be {knob}, not {value!r}.")

    @classmethod
    def slug(cls) -> str:
        """Its name in addresses."""
        return re.sub("[^a-z]+", "-", cls.title.lower().replace("+", " plus")).strip("-")

    @classmethod
    def knobs(cls) -> dict[str, Knob]:
        """The settings by name, in the order they are declared."""
        return {f.name: f.metadata["knob"] for f in fields(cls) if "knob" in f.metadata}

    @classmethod
    def summary(cls) -> str:
        """What it shows, in one line for a visitor."""
        return cls._paragraphs()[0]

    @classmethod
    def about(cls) -> str:
        """What holds of it and what it can't do, in a few sentences."""
        return " ".join(cls._paragraphs()[1:])

    @classmethod
    def _paragraphs(cls) -> list[str]:
        return [part.replace("\n", " ") for part in inspect.cleandoc(cls.__doc__ or "").split("\n\n")]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that matter, given the others."""
        every = asdict(self)
        return {name: every[name] for name, knob in self.knobs().items() if knob.matters(every)}
