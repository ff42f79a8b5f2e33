"""The settings of methods and experiments, and the knobs that declare them.

A knob is declared once, in a dataclass field. The check of a value, the error message, the widget, the entry in the
reference and the tests are all derived from it.
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
    """The declaration of a setting: what all kinds of knobs share.

    hint:    tells a visitor what the setting does.
    label:   its name for a visitor, if it isn't the name of the field.
    only_if: the values of other settings for which it matters, {name: value, tuple or range of values}; for others it
             is not drawn.
    axis:    the axis of comparisons that varies it; empty if none does.
    """

    hint: str
    label: str = ""
    only_if: OnlyIf = field(default_factory=dict)
    axis: str = ""

    def matters(self, settings: Mapping[str, Any]) -> bool:
        """Return whether this setting has an effect, given the other settings."""
        return all(settings[name] in values for name, values in self.conditions.items())

    @property
    def conditions(self) -> dict[str, tuple[Any, ...] | range]:
        """`only_if` with every value in a container."""
        return {name: value if isinstance(value, (tuple, range)) else (value,) for name, value in self.only_if.items()}

    def accepts(self, value: Any) -> bool:
        """Return whether the value is one that the widget could offer."""
        raise NotImplementedError

    def title(self, name: str) -> str:
        """Return what a visitor reads for the setting of this name."""
        return self.label or name.replace("_", " ").capitalize()

    def written(self, value: Any) -> str:
        """Write a value as a visitor reads it."""
        return str(value)


@dataclass(frozen=True)
class Range(Knob):
    """A number from low to high.

    step:      between the values that a widget offers; if it is an integer, so is the setting.
    automatic: says in words what None means; empty if None is not allowed.
    first:     the value that the widget offers first where there is no default.
    usual:     numbers that are offered to be clicked, where None is allowed; `first` if there are none.
    unit:      follows the number, such as "%".
    """

    low: float
    high: float
    step: float = 1
    automatic: str = ""
    first: float | None = None
    usual: tuple[float, ...] = ()
    unit: str = ""

    def accepts(self, value: Any) -> bool:
        if value is None:
            return bool(self.automatic)
        kinds = (int,) if isinstance(self.step, int) else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool) and self.low <= value <= self.high

    def written(self, value: Any) -> str:
        return self.automatic if value is None else f"{value:g}{self.unit}"

    def __str__(self) -> str:
        whole = "a whole number " if isinstance(self.step, int) else ""
        return f"{whole}between {self.low} and {self.high}" + (" (or None: automatic)" if self.automatic else "")


@dataclass(frozen=True)
class Seed(Range):
    """The seed of random numbers, an integer from 0."""

    axis: str = field(default="seed", kw_only=True)


@dataclass(frozen=True)
class Choice(Knob):
    """One of a few texts."""

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

    def written(self, value: Any) -> str:
        return "on" if value else "off"

    def __str__(self) -> str:
        return "True or False"


@dataclass(frozen=True)
class Colour(Knob):
    """A colour as #rrggbb."""

    def accepts(self, value: Any) -> bool:
        return isinstance(value, str) and re.fullmatch("#[0-9a-fA-F]{6}", value) is not None

    def __str__(self) -> str:
        return "a colour such as #7f7f7f"


@dataclass(frozen=True)
class Layer(Knob):
    """A layer of the network that gives a grid, one of `classifier.layers()`; None is the classifier's default."""

    axis: str = field(default="layer", kw_only=True)
    automatic: ClassVar[str] = "the deepest"  # what None means

    def accepts(self, value: Any) -> bool:
        return value is None or (isinstance(value, str) and value != "")

    def written(self, value: Any) -> str:
        return str(value or self.automatic)

    def __str__(self) -> str:
        return "the name of a layer that gives a grid"


def number(
    default: float | None,
    low: float,
    high: float,
    step: float = 1,
    *,
    hint: str,
    label: str = "",
    only_if: OnlyIf | None = None,
    automatic: str = "",
    first: float | None = None,
    usual: tuple[float, ...] = (),
    unit: str = "",
    axis: str = "",
) -> Any:
    """Declare a `Range`."""
    knob = Range(
        low, high, step, automatic, first, usual, unit, hint=hint, label=label, only_if=only_if or {}, axis=axis
    )
    return field(default=default, metadata={"knob": knob})


def tolerance(default: float, high: float, *, only_if: OnlyIf) -> Any:
    """Declare a `Range`: the expected error of the map, in per cent, below which automatic points or samples end."""
    hint = "Points or samples are added until the map's expected error is below this. Smaller is slower."
    return number(default, 1.0, high, 0.5, hint=hint, label="Tolerance", only_if=only_if, unit="%")


def seed(
    *,
    high: int = 9999,
    hint: str = "Fixes the random draws: the same seed gives the same map again.",
    only_if: OnlyIf | None = None,
) -> Any:
    """Declare a `Seed`."""
    return field(default=0, metadata={"knob": Seed(0, high, hint=hint, only_if=only_if or {})})


def choice(*options: str, hint: str, label: str = "", only_if: OnlyIf | None = None, axis: str = "") -> Any:
    """Declare a `Choice`; the first option is the default."""
    knob = Choice(options, hint=hint, label=label, only_if=only_if or {}, axis=axis)
    return field(default=options[0], metadata={"knob": knob})


def switch(default: bool, *, hint: str, label: str = "", only_if: OnlyIf | None = None) -> Any:
    """Declare a `Switch`."""
    return field(default=default, metadata={"knob": Switch(hint=hint, label=label, only_if=only_if or {})})


def colour(default: str, *, hint: str, label: str = "", only_if: OnlyIf | None = None) -> Any:
    """Declare a `Colour`."""
    return field(default=default, metadata={"knob": Colour(hint=hint, label=label, only_if=only_if or {})})


def layer(*, hint: str, only_if: OnlyIf | None = None) -> Any:
    """Declare a `Layer`; the default is None."""
    return field(default=None, metadata={"knob": Layer(hint=hint, only_if=only_if or {})})


@dataclass(frozen=True)
class Configurable:
    """What methods and experiments share: a title, a paper and settings, which subclasses declare as fields with knobs.

    title: its name for a visitor.
    paper: the address of its publication.

    The docstring of a subclass is shown to visitors: the first paragraph as a summary, the others as its properties and
    limits.
    """

    title: ClassVar[str]
    paper: ClassVar[str]

    def __post_init__(self) -> None:
        for name, knob in self.knobs().items():
            if not knob.accepts(value := getattr(self, name)):
                raise ExplanationError(f"{self.title}: {name} must be {knob}, not {value!r}.")

    @classmethod
    def slug(cls) -> str:
        """Return its name in addresses."""
        return re.sub("[^a-z]+", "-", cls.title.lower().replace("+", " plus")).strip("-")

    @classmethod
    def knobs(cls) -> dict[str, Knob]:
        """Return the knobs by the names of their settings, in the order of declaration."""
        return {entry.name: entry.metadata["knob"] for entry in fields(cls) if "knob" in entry.metadata}

    @classmethod
    def summary(cls) -> str:
        """Return one line that tells a visitor what it shows."""
        return cls._paragraphs()[0]

    @classmethod
    def about(cls) -> str:
        """Return its properties and limits in a few sentences."""
        return " ".join(cls._paragraphs()[1:])

    @classmethod
    def _paragraphs(cls) -> list[str]:
        return [paragraph.replace("\n", " ") for paragraph in inspect.cleandoc(cls.__doc__ or "").split("\n\n")]

    @property
    def settings(self) -> dict[str, Any]:
        """The values of the settings that have an effect, by name."""
        values = asdict(self)
        return {name: values[name] for name, knob in self.knobs().items() if knob.matters(values)}

    @property
    def seeds(self) -> list[str]:
        """The names of the settings that are seeds, if random numbers are drawn."""
        return [name for name in self.settings if isinstance(self.knobs()[name], Seed)]

    @classmethod
    def in_words(cls, settings: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """Return the names and the values of settings as the pages show them; one that isn't known stays as it is."""
        knobs = cls.knobs()
        return tuple(
            (knobs[name].title(name), knobs[name].written(value)) if name in knobs else (name, str(value))
            for name, value in settings.items()
        )

    @classmethod
    def on_axis(cls, axis: str) -> str | None:
        """Return the name of the setting that an axis of comparisons varies; None if there is none."""
        return next((name for name, knob in cls.knobs().items() if knob.axis == axis), None)
