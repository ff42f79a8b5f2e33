"""Options made from declarations: a method's settings, and the question about a picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from explainers.classifiers import Classifier
from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.explanation import REDUCTIONS, SCALES
from explainers.methods import BY_SLUG, EXPLAINERS
from explainers.settings import Choice, Knob, Range, Switch

COMMANDLINE = ParameterSource.COMMANDLINE
AUTOMATIC = "auto"  # what stands for None
Command = TypeVar("Command", bound=Callable[..., Any])
TOP = "top"


class MethodCommand(click.Command):
    """A command whose options include those of the method that it is given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta["method"] = BY_SLUG.get(_given(args, "--method") or EXPLAINERS[0].slug())
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        method = ctx.meta.get("method")
        *own, help_option = super().get_params(ctx)
        return [*own, *(method_options(method) if method else []), help_option]


class KnobType(click.ParamType[Any]):
    """The values that a knob accepts."""

    def __init__(self, knob: Knob) -> None:
        self.knob = knob
        self.name = "number" if isinstance(knob, Range) else "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        parsed: Any = value
        if isinstance(self.knob, Range):
            try:
                parsed = None if value == AUTOMATIC else (int if isinstance(self.knob.step, int) else float)(value)
            except ValueError:
                self.fail(f"{value!r} must be {_accepted(self.knob)}.", param, ctx)
        if not self.knob.accepts(parsed):
            self.fail(f"{value!r} must be {_accepted(self.knob)}.", param, ctx)
        return parsed


def method_options(kind: type[Explainer]) -> list[click.Option]:
    """Return an option for each setting of a method."""
    defaults = {entry.name: entry.default for entry in fields(kind)}
    return [_option(name, knob, defaults[name]) for name, knob in kind.knobs().items()]


def _option(name: str, knob: Knob, default: Any) -> click.Option:
    flag, conditions = _dashed(name), _conditions(knob)
    text = knob.hint + (f" Only with {' and '.join(conditions)}." if conditions else "")
    if isinstance(knob, Switch):
        return click.Option([f"--{flag}/--no-{flag}"], help=f"{text} Default: {'on' if default else 'off'}.")
    if isinstance(knob, Range):
        bounds = _accepted(knob)
        text += f" {bounds[0].upper()}{bounds[1:]}."
    kind = click.Choice(knob.options) if isinstance(knob, Choice) else KnobType(knob)
    return click.Option([f"--{flag}"], type=kind, help=f"{text} Default: {AUTOMATIC if default is None else default}.")


def _accepted(knob: Knob) -> str:
    """Say which values a setting takes, in the words of the command line."""
    automatic = knob.automatic if isinstance(knob, Range) else ""
    return str(knob).replace("None: automatic", f"{AUTOMATIC}: {automatic}")


def _conditions(knob: Knob) -> list[str]:
    """Say with which other options a setting has an effect."""
    return [f"{_dashed(name)} {_one_of(values)}" for name, values in knob.conditions.items()]


def _one_of(values: Sequence[Any]) -> str:
    if isinstance(values, range):
        return f"{values[0]} to {values[-1]}"
    return " or ".join(AUTOMATIC if value is None else str(value) for value in values)


def _dashed(name: str) -> str:
    return name.replace("_", "-")


CLASSIFIER = (
    click.option("--model", default=None, help="The classifier, as `models` lists them. Default: the first."),
    click.option("--checkpoint", type=click.Path(exists=True, dir_okay=False), help="A file of its weights."),
    click.option("--labels", type=click.Path(exists=True, dir_okay=False), help="A file with the class names."),
    click.option("--fit", type=click.Choice(["crop", "pad"]), default="crop", help="Crop the photo, or pad it."),
)
TARGET = (
    click.option("--target", default=TOP, help="The class to explain, by name or number. Default: the likeliest."),
    click.option("--versus", help="The class to compare it with, by name or number."),
)
METHOD = (
    click.option("--scale", type=click.Choice(SCALES), default=SCALES[0], help="Explain the logit or probability."),
    click.option("--method", type=click.Choice(list(BY_SLUG)), default=EXPLAINERS[0].slug(), show_default=True,
                 help="The attribution method; `methods` describes them. Its own options are listed with it."),
)  # fmt: skip
CHANNELS = click.option("--channels", type=click.Choice(REDUCTIONS), help="How red, green and blue become one value.")


def question_options(command: Command) -> Command:
    """Add the options of the question about one picture, and of the method, to a command."""
    return _with_options(command, *CLASSIFIER, *TARGET, *METHOD, CHANNELS)


def audit_options(command: Command) -> Command:
    """Add those of the classifier and the method that many pictures are given to."""
    return _with_options(command, *CLASSIFIER, *METHOD)


def _with_options(command: Command, *options: Callable[[Command], Command]) -> Command:
    for option in reversed(options):
        command = option(command)
    return command


def explainer_of(ctx: click.Context) -> Explainer:
    """Return the method that a command was given, with its settings.

    Raises click.UsageError for settings that have no effect, and for those that don't go together.
    """
    kind = BY_SLUG[ctx.params["method"]]
    given = {name: ctx.params[name] for name in kind.knobs() if ctx.get_parameter_source(name) is COMMANDLINE}
    try:
        explainer = kind(**given)
    except ExplanationError as error:
        raise click.UsageError(str(error)) from error
    for name in given.keys() - explainer.settings.keys():
        needed = " and ".join(f"--{condition}" for condition in _conditions(kind.knobs()[name]))
        raise click.UsageError(f"--{_dashed(name)} has no effect here: it needs {needed}.")
    return explainer


def class_of(classifier: Classifier, text: str) -> int:
    """Return the number of the class of this name or number. Raises ExplanationError if there is none."""
    if text in classifier.labels:
        return classifier.labels.index(text)
    if text.isdecimal() and float(text) < len(classifier.labels):  # int refuses thousands of digits
        return int(text)
    alike = [label for label in classifier.labels if text.lower() in label.lower()]
    if len(alike) == 1:
        return classifier.labels.index(alike[0])
    hint = f" Did you mean {', '.join(map(repr, alike[:5]))}?" if alike else ""
    raise ExplanationError(f"{classifier.name} has no class {text!r}.{hint}")


def _given(args: Sequence[str], flag: str) -> str | None:
    """Return the last value that the arguments give to an option."""
    value = None
    for place, argument in enumerate(args):
        if argument == flag and place + 1 < len(args):
            value = args[place + 1]
        elif argument.startswith(f"{flag}="):
            value = argument.partition("=")[2]
    return value
