"""The command `audit`: the maps of thousands of pictures, and what they have in common."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import click

from explainers.audit.cases.labels import match
from explainers.audit.cases.listing import Listing, list_cases
from explainers.audit.engine import compute
from explainers.audit.findings import OtherFindingsError, find, forget_findings, read_findings, write_findings
from explainers.audit.findings.finding import Findings
from explainers.audit.runs.beginning import begin, planned
from explainers.audit.runs.place import check_place, claimed
from explainers.audit.runs.plan import ASKED, PART, Asked, Plan
from explainers.audit.runs.run import Run
from explainers.audit.runs.summary import Summary
from explainers.classifiers import Classifier
from explainers.command_line.audit_summary import document, text
from explainers.command_line.bars import progress, stages
from explainers.command_line.classifier import ClassifierChoice
from explainers.command_line.options import MethodCommand, audit_options, explainer_of
from explainers.command_line.pictures import as_json_line, in_one_line
from explainers.errors import ExplanationError
from explainers.explainer import Explainer
from explainers.explanation import Scale
from explainers.numbers import counted

DASHED = {asked.replace(" ", "-"): asked for asked in ASKED}


@click.command(cls=MethodCommand)
@click.argument("source", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="The folder that keeps the run."
)
@audit_options
@click.option(
    "--asked",
    type=click.Choice(list(DASHED)),
    default=ASKED[0],
    show_default=True,
    help="Which class each map explains: the likeliest, the picture's label, or that compared with the likeliest.",
)
@click.option(
    "--boxes", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A table of boxes around the objects."
)
@click.option(
    "--pictures",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The folder in which the paths of a table begin. Default: the table's own.",
)
@click.option("--removal", is_flag=True, help="Test each map by deletion and insertion, which takes far longer.")
@click.option(
    "--part",
    type=click.IntRange(1, 10_000),
    default=PART,
    show_default=True,
    help="How many pictures are written at a time.",
)
@click.option(
    "--workers", type=click.IntRange(1), help="How many processes compute. Default: as many as there is room for."
)
@click.option("--ray", metavar="ADDRESS", help="Compute on the Ray cluster at this address; `local` starts one here.")
@click.option("--retry", is_flag=True, help="Try pictures without a map again, and look for findings anew.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@click.pass_context
def audit(
    ctx: click.Context, /, source: Path, out: Path, asked: str, boxes: Path | None, pictures: Path | None,
    removal: bool, part: int, workers: int | None, ray: str | None, retry: bool, as_json: bool, **_: object,
) -> None:  # fmt: skip
    """Explain all pictures of SOURCE, and look for what their maps have in common.

    SOURCE is a folder whose sub-folders are classes, a table of paths with labels and boxes, a zip archive of either,
    or an image folder of Hugging Face's. The run is kept in --out, part by part: if it is interrupted, the same command
    continues it. At the end, the command prints what it found, and how to open the run on the page Audit.
    """
    explainer = explainer_of(ctx)
    try:
        check_place(out)
        listing, choice = list_cases(source, boxes=boxes, pictures=pictures), ClassifierChoice.of(ctx.params)
        classifier = choice.load()
        plan = _plan(listing, classifier, choice, explainer, DASHED[asked], ctx.params["scale"], removal, part)
        with claimed(out):
            run, changes = begin(out, plan, listing)
            _tell(changes)
            _compute(run, workers, ray, classifier, retry=retry)
            findings = _find(run, classifier)
        summary = Summary.of(run)
    except ExplanationError as error:
        raise click.ClickException(in_one_line(str(error))) from error
    click.echo(as_json_line(document(run, summary, findings)) if as_json else text(run, summary, findings))
    if summary.broken:
        ctx.exit(1)


def _plan(
    listing: Listing,
    classifier: Classifier,
    choice: ClassifierChoice,
    explainer: Explainer,
    asked: Asked,
    scale: Scale,
    removal: bool,
    part: int,
) -> Plan:
    """Return the plan of the audit, and tell what is to be known of its pictures and their labels."""
    _tell([*listing.notes, *match((case.label for case in listing.cases), classifier.labels).notes])
    return planned(
        listing,
        classifier,
        explainer,
        name=choice.name,
        checkpoint=choice.checkpoint,
        labels=choice.labels,
        asked=asked,
        scale=scale,
        removal=removal,
        part=part,
    )


def _compute(run: Run, workers: int | None, ray: str | None, classifier: Classifier, *, retry: bool) -> None:
    """Compute the parts that are missing or damaged, and say what is kept if that ends early."""
    if damaged := run.mend():
        _tell([f"{counted(len(damaged), 'damaged part is', 'damaged parts are')} made anew."])
    if damaged or retry:  # or an interruption would leave what was found in rows that aren't there any more
        forget_findings(run)
    if retry:
        run.forget_broken()
    if not run.missing():
        return
    try:
        with progress("Maps", before=_kept(run)) as on_progress:
            compute(run, workers=workers, ray=ray, classifier=classifier, on_progress=on_progress)
    except (ExplanationError, KeyboardInterrupt):
        kept, total = _kept(run), counted(run.plan.pictures, "picture")
        _tell([f"{kept:,} of {total} are done and kept. The same command goes on from there."])
        raise


def _kept(run: Run) -> int:
    return sum(len(run.plan.numbers(part)) for part in run.done())


def _find(run: Run, classifier: Classifier) -> Findings:
    """Return what was found in a whole run, and look for it where nobody has."""
    try:
        findings = read_findings(run)
    except OtherFindingsError as error:
        _tell([str(error), "Looking again."])
        findings = None
    if findings is None or findings.pictures < run.plan.pictures:
        with stages() as on_progress:
            findings = find(run, classifier=classifier, on_progress=on_progress)
        write_findings(run, findings)
    return findings


def _tell(sentences: Iterable[str]) -> None:
    for sentence in sentences:
        click.echo(in_one_line(sentence), err=True)
