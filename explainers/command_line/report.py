"""The command `report`: one report of many pictures."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from explainers import report as reports
from explainers.command_line.check import EXPERIMENTS
from explainers.command_line.explain import line
from explainers.command_line.new_file import telling, write_new
from explainers.command_line.options import MethodCommand, question_options
from explainers.command_line.pictures import Row, explain_each

MAX_PICTURES = 100  # of a report, which has them all: a browser has to draw it, and somebody has to read it


@click.command(cls=MethodCommand)
@click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@question_options
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
@click.option("--title", default="", help="The title of the report. Default: the number of maps, and what they are of.")
@click.option("--notes", default="", help="Notes for the readers, which the report begins with.")
@click.option("--tests", is_flag=True, help="Run the Trust page's experiments on each map, and report what they find.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each picture.")
@click.pass_context
def report(
    ctx: click.Context, /, pictures: tuple[Path, ...], out: Path, title: str, notes: str, tests: bool, **_: object
) -> None:
    """Write one report of all PICTURES, which are files or folders of them.

    It is one HTML file to read, print or send. Nothing is overwritten: if the file exists, the new one gets a number.
    The report also lists the pictures that failed.
    """
    entries: list[reports.Section | reports.Failure] = []

    def keep(path: Path, result: reports.Result) -> Row:
        asked = result.explainer, result.question, result.explanation
        findings = {each.title: each(*asked).finding for each in EXPERIMENTS if tests}
        entries.append(reports.Section.of(replace(result, findings=findings)))
        return {}

    def fail(path: Path, sentence: str) -> None:
        entries.append(reports.Failure(path.name, sentence))

    def write() -> None:
        target = write_new(out, reports.report(entries, title=title, notes=notes))
        click.echo(f"The report is in {target}.", err=True)

    with telling(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    explain_each(ctx, pictures, keep, line, most=MAX_PICTURES, fail=fail, finish=write)
