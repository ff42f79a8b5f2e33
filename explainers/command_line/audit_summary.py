"""What the command `audit` prints of a run, for people and for programs."""

from __future__ import annotations

import shlex
from typing import Any

from explainers.audit.findings.finding import Findings
from explainers.audit.runs.run import Run
from explainers.audit.runs.summary import Summary
from explainers.command_line.pictures import in_one_line
from explainers.markdown import plain
from explainers.numbers import counted


def text(run: Run, summary: Summary, findings: Findings) -> str:
    """Say what came of a run, and how to look at it."""
    reported = [finding for finding in findings.findings if finding.reported]
    others = len(findings.findings) - len(reported)
    lines = summary.sentences()
    lines += [f"{number}. {plain(finding.sentence)}" for number, finding in enumerate(reported, 1)]
    if not reported:
        lines.append("No finding is sure enough to be reported.")
    if others:
        lines.append(
            f"{counted(others, 'less sure finding is', 'less sure findings are')} on the page, and may be chance."
        )
    lines += map(plain, findings.notes)
    folder = shlex.quote(str(run.folder.resolve().parent))
    run_folder = shlex.quote(str(run.folder))
    lines.append(f"For a report in one file: python -m explainers audit-report {run_folder} --out report.html")
    lines.append(f"To look at it, open the page Audit: WHYPIXEL_RUNS={folder} streamlit run dashboard.py")
    return "\n".join(map(in_one_line, lines))


def document(run: Run, summary: Summary, findings: Findings) -> dict[str, Any]:
    """Return what came of a run, for programs."""
    unseen = ("mean_map", "cells")
    return {
        "run": str(run.folder),
        "pictures": summary.total,
        "labelled": summary.labelled,
        "accuracy": summary.accuracy,
        "broken": tuple({"picture": path, "error": error} for path, error in summary.broken),
        "findings": tuple(
            {name: value for name, value in vars(finding).items() if name not in unseen}
            for finding in findings.findings
        ),
        "notes": findings.notes,
    }
