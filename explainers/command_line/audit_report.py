"""The command `audit-report`: one report of an audit that was run."""

from __future__ import annotations

from pathlib import Path

import click

from explainers.audit.findings import LOOK_AGAIN, OtherFindingsError, read_findings
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.run import Run
from explainers.command_line.new_file import telling, write_new
from explainers.command_line.pictures import in_one_line
from explainers.errors import ExplanationError
from explainers.report.audit import Note
from explainers.report.audit import audit_report as report_of
from explainers.reviews.location import location


@click.command("audit-report")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file to write.")
def audit_report(run: Path, out: Path) -> None:
    """Write one report of the audit that is kept in the folder RUN, even while it is still being computed.

    It is one HTML file to read, print or send: what was found, with examples, a model card, and the notes that this
    user's review board has on it; WHYPIXEL_DB=off leaves the notes out. Nothing is overwritten: if the file exists, the
    new one gets a number.
    """
    with telling(out):
        out.parent.mkdir(parents=True, exist_ok=True)
    try:
        opened = Run.open(run)
        page = report_of(opened, read_findings(opened), notes=_notes(opened))
    except OtherFindingsError as error:
        raise click.ClickException(in_one_line(f"{error} {LOOK_AGAIN}")) from error
    except ExplanationError as error:
        raise click.ClickException(in_one_line(str(error))) from error
    click.echo(f"The report is in {write_new(out, page)}.", err=True)


def _notes(run: Run) -> dict[str, tuple[Note, ...]]:
    """Return what people have said of a run, by what it is about; nothing where there is no review board."""
    if (place := location()) is None:
        return {}
    from explainers.reviews.audit_notes import AuditNotes  # and SQLAlchemy, which no other command needs

    notes = AuditNotes(place)
    try:
        return {
            subject: tuple(each.note for each in own) for subject, own in notes.of_run(run_identity(run.plan)).items()
        }
    finally:
        notes.close()
