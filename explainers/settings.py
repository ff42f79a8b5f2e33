"""What a method or an experiment lets its user set: knobs, and what carries them.

A knob is declared once, as a dataclass field. From it come the check, the message of a refusal, the
widget, the entry in the reference and the tests.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, ClassVar

from explainers.errors import ExplanationError

OnlyIf = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Knob:
    """What all knobs share.

    hint:    what it does, for a visitor.
    label:   its name for a visitor, where the field's own name won't do.
    only_if: the other settings under which it matters, {name: value, tuple or range of values}; elsewhere it is not
             drawn.
    """

    hint: str
    label: str = ""
    only_if: OnlyIf = field(default_factory=dict)

    def matters(self, settings: Mapping[str, Any]) -> bool:
        """Whether this knob changes anything, given the other settings."""
        return all(settings[name] in values for name, values in self.conditions.items())

    @property
    def conditions(self) -> dict[str, tuple[Any, ...] | range]:
        """`only_if` with all of its values in containers."""
        return {name: value if isinstance(value, (tuple, range)) else (value,) for name, value in self.only_if.items()}

    def accepts(self, value: Any) -> bool:
        """Whether the widget could offer this value."""
        raise NotImplementedError


@dataclass(frozen=True)
class Range(Knob):
    """Numbers from low to high.

    automatic: says in words what None does, where None is allowed.
    first:     what is offered first to who turns automatic off.
    """

    low: float
    high: float
    step: float = 1
    automatic: str = ""
    first: float | None = None

    def accepts(self, value: Any) -> bool:
        if value is None:
            return bool(self.automatic)
        kinds = (int,) if isinstance(self.step, int) else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool) and self.low <= value <= self.high

    def __str__(self) -> str:
        whole = "a whole number " if isinstance(self.step, int) else ""
        return f"{whole}between {self.low} and {self.high}" + (" (or None: automatic)" if self.automatic else "")


@dataclass(frozen=True)
class Choice(Knob):
    """One of a few words."""

    options: tuple[str, ...]

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and value in self.options

    def __str__(self) -> str:
        return "one of " + ", ".join(self.options)


@dataclass(frozen=True)
class Switch(Knob):
    """On or off."""

    def accepts(self, value: Any) -> bool:
        return isinstance(value, bool)

    def __str__(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class Colour(Knob):
    """A colour in pixel space, as #rrggbb."""

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and re.fullmatch("#[0-9a-fA-F]{6}", value) is not None

    def __str__(self) -> str:
        return "a colour such as #7f7f7f"


@dataclass(frozen=True)
class Layer(Knob):
    """A layer of the network that gave a grid; its options come from `classifier.layers()`, None is the default one."""

    def accepts(self, value: Any) -> bool:
        return value is None or (isinstance(value, str) and value != "")

    def __str__(self) -> str:
        return "the name of a layer that gives a grid"


def number(
    default: float | None,
    low: float,
    high: float,
    step: float = 1,
    *,
    hint: str,
    only_if: OnlyIf | None = None,
    automatic: str = "",
    first: float | None = None,
) -> Any:
    """Declare a `Range`."""
    knob = Range(low, high, step, automatic, first, hint=hint, only_if=only_if or {})
    return field(default=default, metadata={"knob": knob})


def choice(*options: str, hint: str, label: str = "", only_if: OnlyIf | None = None) -> Any:
    """Declare a `Choice`; the first option is the default."""
    return field(default=options[0], metadata={"knob": Choice(options, hint=hint, label=label, only_if=only_if or {})})


def switch(default: bool, *, hint: str, label: str = "", only_if: OnlyIf | None = None) -> Any:
    """Declare a `Switch`."""
    return field(default=default, metadata={"knob": Switch(hint=hint, label=label, only_if=only_if or {})})


def colour(default: str, *, hint: str, only_if: OnlyIf | None = None) -> Any:
    """Declare a `Colour`."""
    return field(default=default, metadata={"knob": Colour(hint=hint, only_if=only_if or {})})


def layer(*, hint: str, only_if: OnlyIf | None = None) -> Any:
    """Declare a `Layer`; the default is the classifier's own choice."""
    return field(default=None, metadata={"knob": Layer(hint=hint, only_if=only_if or {})})


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
