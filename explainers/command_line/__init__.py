"""Maps without a browser, for scripts, pipelines and programs.

Everything that can be set is made from the same declarations as the pages, and computed by the same functions.
"""

from __future__ import annotations

import errno
import io
import json
import sys

import click

from explainers.classifiers import sources
from explainers.command_line.audit import audit
from explainers.command_line.audit_report import audit_report
from explainers.command_line.check import check
from explainers.command_line.explain import explain
from explainers.command_line.options import method_options
from explainers.command_line.report import report
from explainers.interruption import INTERRUPTED
from explainers.methods import BY_SLUG
from explainers.report import bundle_schema

SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
EXIT_CODES = """Exit codes: 0 all went well; 1 at least one picture failed; 2 the command itself was wrong; 3 a map fell
below --fail-under; 130 it was interrupted."""


class Main(click.Group):
    """The commands; an interruption ends them as a shell expects it, and so does an output that can't be written."""

    def invoke(self, ctx: click.Context) -> object:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")  # for terminals that don't have every letter
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("Interrupted.", err=True)
            ctx.exit(INTERRUPTED)
        except OSError as error:
            if error.errno == errno.EPIPE:  # nobody reads it, and nobody need be told
                raise
            raise click.ClickException(str(error)) from error


@click.group(cls=Main, epilog=EXIT_CODES, context_settings=SETTINGS)
def main() -> None:
    """Explain which pixels made an image classifier decide, and check whether to trust the map."""


main.add_command(explain)
main.add_command(check)
main.add_command(report)
main.add_command(audit)
main.add_command(audit_report)


@main.command()
@click.argument("method", required=False, type=click.Choice(list(BY_SLUG)))
def methods(method: str | None) -> None:
    """List the attribution methods; or describe one, with its options."""
    if method is None:
        width = max(map(len, BY_SLUG))
        for slug, kind in BY_SLUG.items():
            click.echo(f"{slug:{width}}  {kind.summary()}")
        return
    kind = BY_SLUG[method]
    click.echo(f"{kind.title}\n\n{kind.summary()}\n\n{kind.about()}\n\nPaper: {kind.paper}")
    formatter = click.HelpFormatter(width=100)
    records = [record for option in method_options(kind) if (record := option.get_help_record(click.Context(main)))]
    if records:
        with formatter.section("\nOptions"):
            formatter.write_dl(records)
    click.echo(formatter.getvalue().rstrip())


@main.command()
def models() -> None:
    """List the classifiers: bundled, on this machine, or downloaded when they are used."""
    listed = sources()
    width = max(len(source.name) for source in listed)
    for source in listed:
        click.echo(f"{source.name:{width}}  {source.description}")


@main.command()
def schema() -> None:
    """Print the JSON Schema of the explanation.json in a saved map."""
    click.echo(json.dumps(bundle_schema(), indent=2))
