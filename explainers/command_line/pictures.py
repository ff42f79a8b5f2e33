"""The pictures that a command is given, and what is done with each of them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import click

from explainers.classifiers import Classifier
from explainers.command_line.classifier import ClassifierChoice
from explainers.command_line.options import TOP, class_of, explainer_of
from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.images.headers import MAX_BYTES, SUFFIXES
from explainers.images.photo import Photo
from explainers.images.reading import check_length, read_image
from explainers.likeliest import TargetChoice, explain_chosen
from explainers.question import Question
from explainers.report import Result
from explainers.runtime.ahead import done_ahead
from explainers.runtime.turns import stop_waiting
from explainers.typed_json import write

CLEAR_LINE = "\r\x1b[K"  # of a terminal, so that a line of text doesn't run into the bar
AHEAD = 1  # of the photos that are decoded and of the maps that are computed: each photo may take 150 MB
Row = dict[str, Any]
Work = Callable[[Path, Result], Row]
Failed = ExplanationError | OSError


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

    While `work` runs on one, the next is explained, and the one after that is decoded. A picture that fails is reported
    and skipped. Progress is drawn on a terminal only.
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
    explainer, rows, failed = explainer_of(ctx), list[Row](), 0
    with ExitStack() as stack:
        photos = stack.enter_context(done_ahead(pictures, _read, AHEAD, name="whypixel pictures"))
        # While the first photo is decoded. A thread that has run a network keeps the threads of OpenMP that helped it,
        # and those of another are slower beside them: so the classifier loads in one that ends.
        with ThreadPoolExecutor(1) as aside:
            explain = aside.submit(_explaining, ctx.params, explainer).result()
        results = stack.enter_context(done_ahead(photos, explain, AHEAD, name="whypixel maps"))
        bar = stack.enter_context(click.progressbar(pictures, file=sys.stderr, hidden=not sys.stderr.isatty()))
        for path, result in zip(bar, results, strict=True):
            if not bar.hidden:
                click.echo(CLEAR_LINE, nl=False, err=True)
            try:
                if not isinstance(result, Result):
                    raise result
                row = {"picture": str(path)} | _row(result) | work(path, result)
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


def _explaining(params: Mapping[str, Any], explainer: Explainer) -> Callable[[Photo | Failed], Result | Failed]:
    """Load the classifier, and return what explains a photo. Raises click.ClickException where nothing can."""
    try:
        classifier = ClassifierChoice.of(params).load()
        choice = _target_choice(params, classifier)
        explainer.check(classifier, choice.example())
    except ExplanationError as error:
        raise click.ClickException(str(error)) from error

    def explain(photo: Photo | Failed) -> Result | Failed:
        if not isinstance(photo, Photo):
            return photo
        try:
            explanation, likely = explain_chosen(
                explainer, classifier, photo.image, choice, on_progress=lambda _: stop_waiting.get()()
            )
        except ExplanationError as error:
            return error
        if params["channels"]:
            explanation = explanation.reduced(params["channels"])
        return Result(explainer, Question(photo, classifier, explanation.target), explanation, likely)

    return explain


def _row(result: Result) -> Row:
    explanation, likeliest = result.explanation, result.likely[0]
    facts = explanation.facts
    return {
        "prediction": likeliest.label,
        "probability": likeliest.probability,
        "label": facts.label,
        "versus": facts.versus,
        "scale": facts.scale,
        "score": explanation.score,
        "gap": explanation.gap,
        "error": explanation.error,
        "converged": explanation.converged,
        "passes": facts.passes,
        "seconds": facts.seconds,
    }


def _read(path: Path) -> Photo | Failed:
    """Read and decode a file, or return why that can't be done."""
    try:
        return Photo.of(read_image(_bytes(path)), path.name)
    except (ExplanationError, OSError) as error:
        return error


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


def _pictures(paths: Sequence[Path]) -> Iterator[Path]:
    """Yield the files, and those in the folders that are called like pictures, by name."""
    for path in paths:
        if path.is_dir():
            yield from sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES and each.is_file())
        else:
            yield path


def _target_choice(params: Mapping[str, Any], classifier: Classifier) -> TargetChoice:
    """Return what was asked for. Raises ExplanationError for a class that the classifier doesn't have."""
    index = None if params["target"] == TOP else class_of(classifier, params["target"])
    versus = None if params["versus"] is None else class_of(classifier, params["versus"])
    return TargetChoice(index, versus, params["scale"])
