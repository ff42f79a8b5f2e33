"""The command `explain`: a map of every picture, saved."""

from __future__ import annotations

from pathlib import Path

import click
from torch import Tensor

from explainers.command_line.options import MethodCommand, question_options
from explainers.command_line.pictures import Row, explain_each
from explainers.report import Result, report, save

NAMELESS = "picture"  # the folder of a map whose picture's name would be the folder itself, or the one above it


@click.command(cls=MethodCommand)
@click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@question_options
@click.option("--out", type=click.Path(path_type=Path), help="A folder for the maps. Default: none are saved.")
@click.option("--report", "with_report", is_flag=True, help="Add report.html to each map, to read or print.")
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each picture.")
@click.pass_context
def explain(
    ctx: click.Context, /, pictures: tuple[Path, ...], out: Path | None, with_report: bool, **_: object
) -> None:
    """Explain PICTURES, which are files or folders of them.

    Each map becomes a folder in --out with the name of its picture: map.png, overlay.png, values.npz and
    explanation.json. Nothing is overwritten.
    """
    if with_report and out is None:
        raise click.UsageError("--report needs --out, the folder for the maps.")

    def keep(path: Path, result: Result) -> Row:
        photo = result.question.photo.image
        if out is None or isinstance(photo, Tensor):
            return {"saved": None}
        name = path.stem if path.stem.strip(".") else NAMELESS
        folder = save(result.explanation, out / name, photo=photo)
        if with_report:
            page = report(result)
            (folder / "report.html").write_text(page, "utf-8", "backslashreplace")
        return {"saved": str(folder)}

    explain_each(ctx, pictures, keep, line)


def line(row: Row) -> str:
    """Say in a line what was explained, and where it was saved."""
    versus = "" if row["versus"] is None else f" rather than {row['versus']}"
    saved = f" -> {row['saved']}" if row.get("saved") else ""
    return f"{row['picture']}: {row['label']}{versus}, {row['scale']} {row['score']:.4g}{saved}"
