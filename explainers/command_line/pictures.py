"""The pictures that a command is given, and what is done with each of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from explainers.classifiers import Classifier
from explainers.command_line.classifier import ClassifierChoice
from explainers.command_line.options import TOP, class_of, explainer_of
from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.explanation import Target
from explainers.images.headers import MAX_BYTES, SUFFIXES
from explainers.images.photo import Photo
from explainers.images.reading import check_length, read_image
from explainers.question import Question
from explainers.report import Result
from explainers.typed_json import write

CLEAR_LINE = "\r\x1b[K"  # of a terminal, so that a line of text doesn't run into the bar
Row = dict[str, Any]
Work = Callable[[Path, Result], Row]


def explain_each(
    ctx: click.Context,
    paths: Sequence[Path],
    work: Work,
    show: Callable[[Row], str],
    *,
    most: int | None = None,
    fail: Callable[[Path, str], None] | None = None,
    finish: Callable[[], None] | None = None,
) -> list[Row]:
    """Explain every picture in files and folders, do `work` with each, and print what it returns.

    A picture that fails is reported and skipped. Progress is drawn on a terminal only.
    Returns what `work` returned for each picture that went well. Raises click.ClickException for a question that no
    picture can be asked.

    most:   the largest number of pictures; None: any number.
    fail:   is told of each picture that fails, and why.
    finish: is called after the last picture, whether any has failed or not.
    """
    pictures, as_json = list(_pictures(paths)), ctx.params["as_json"]
    if not pictures:
        raise click.UsageError("There is no picture: give picture files, or folders that hold some.")
    if most is not None and len(pictures) > most:
        raise click.UsageError(f"There are {len(pictures):,} pictures; this command takes {most} at most.")
    explainer = explainer_of(ctx)
    try:
        classifier = ClassifierChoice.of(ctx.params).load()
        explainer.check(classifier, _any_target(ctx.params, classifier))
    except ExplanationError as error:
        raise click.ClickException(str(error)) from error
    rows, failed = [], 0
    with click.progressbar(pictures, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        for path in bar:
            if not bar.hidden:
                click.echo(CLEAR_LINE, nl=False, err=True)
            try:
                row = {"picture": str(path)} | _explained(ctx.params, path, explainer, classifier, work)
            except (ExplanationError, OSError) as error:
                failed += 1
                sentence = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
                if fail:
                    fail(path, sentence)
                if as_json:
                    click.echo(as_json_line({"picture": str(path), "error": sentence}))
                click.echo(in_one_line(f"{path}: {sentence}"), err=True)
            else:  # who reads may have gone, which is no failure of the picture
                rows.append(row)
                click.echo(as_json_line(row) if as_json else in_one_line(show(row)))
    if finish:
        finish()
    if failed:
        click.echo(f"{failed} of {len(pictures)} pictures failed.", err=True)
        ctx.exit(1)
    return rows


def _explained(params: Mapping[str, Any], path: Path, explainer: Explainer, classifier: Classifier, work: Work) -> Row:
    photo = Photo.of(read_image(_bytes(path)), path.name)
    likely = classifier.predict(photo.image)
    question = Question(photo, classifier, _target(params, classifier, likely[0].index))
    explanation = explainer.explain(question)
    if params["channels"]:
        explanation = explanation.reduced(params["channels"])
    facts = explanation.facts
    return {
        "prediction": likely[0].label,
        "probability": likely[0].probability,
        "label": facts.label,
        "versus": facts.versus,
        "scale": facts.scale,
        "score": explanation.score,
        "gap": explanation.gap,
        "error": explanation.error,
        "converged": explanation.converged,
        "passes": facts.passes,
        "seconds": facts.seconds,
    } | work(path, Result(explainer, question, explanation, likely))


def _bytes(path: Path) -> bytes:
    """Return the bytes of a file, of which no more are read than a picture may have."""
    check_length(path.stat().st_size)
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def as_json_line(row: Row) -> str:
    """Write a row as JSON; what isn't UTF-8 in the name of a file stays as the escape of half a character."""
    line = json.dumps(write(row, "", {}), ensure_ascii=False, allow_nan=False)
    return line.encode("utf-8", "backslashreplace").decode()


def in_one_line(text: str) -> str:
    """Return a text for a terminal, which must not take orders from the name of a file or a class."""
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)


def _any_target(params: Mapping[str, Any], classifier: Classifier) -> Target:
    """Return a target such as the pictures will have, to be checked before any work: its class may be another."""
    versus = None if params["versus"] is None else class_of(classifier, params["versus"])
    return _target(params, classifier, 1 if versus == 0 else 0)


def _pictures(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files, and those in the folders that are called like pictures, by name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file())
        else:
            yield path


def _target(params: Mapping[str, Any], classifier: Classifier, top: int) -> Target:
    """Return the target that was asked for; `top` is the likeliest class."""
    index = top if params["target"] == TOP else class_of(classifier, params["target"])
    versus = None if params["versus"] is None else class_of(classifier, params["versus"])
    return Target(index, versus, params["scale"])
