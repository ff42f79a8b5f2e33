"""The command `check`: the Trust page's experiments on a map of every picture, for pipelines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from explainers.command_line.options import MethodCommand, question_options
from explainers.command_line.pictures import Row, explain_each
from explainers.experiments import Experiment, Randomisation, Removal, Stability
from explainers.experiments.verdict import verdict
from explainers.report import Result

EXPERIMENTS: tuple[Experiment, ...] = (Removal(), Randomisation(), Stability())
BELOW = 3  # the exit code for a map that falls below --fail-under


@click.command(cls=MethodCommand)
@click.argument("pictures", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@question_options
@click.option(
    "--fail-under",
    type=click.IntRange(0, len(EXPERIMENTS)),
    default=0,
    help="Exit with 3 if fewer experiments than this support the map of a picture, or any contradicts it.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a line of JSON for each picture.")
@click.pass_context
def check(ctx: click.Context, /, pictures: tuple[Path, ...], fail_under: int, **_: object) -> None:
    """Run the Trust page's experiments on a map of each picture.

    PICTURES are files or folders of them. The experiments are deletion and insertion, randomisation, and stability.
    """
    rows = explain_each(ctx, pictures, _judge, lambda row: f"{row['picture']}: {row['verdict']}")
    if fail_under and any(row["contradicting"] or row["supporting"] < fail_under for row in rows):
        ctx.exit(BELOW)


def _judge(path: Path, result: Result) -> Row:
    """Run the experiments on one map, and sum up what they say."""
    outcomes = [experiment(result.explainer, result.question, result.explanation) for experiment in EXPERIMENTS]
    findings = [outcome.finding for outcome in outcomes]
    speaks = [finding.speaks for finding in findings]
    tests: dict[str, Any] = {
        experiment.slug(): {"speaks": finding.speaks, "sentence": finding.sentence, "numbers": dict(outcome.numbers)}
        for experiment, finding, outcome in zip(EXPERIMENTS, findings, outcomes, strict=True)
    }
    return {
        "verdict": verdict(findings).replace("**", ""),
        "supporting": speaks.count("for"),
        "contradicting": speaks.count("against"),
        "tests": tests,
    }
