"""What is found in the rows of a run, and the file that holds it."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from explainers import typed_json
from explainers.audit.finding import Findings
from explainers.audit.place import write_whole
from explainers.audit.run import Run
from explainers.errors import ExplanationError

FINDINGS = "findings.json"
FORMAT, VERSION = "whypixel audit findings", 1


def write_findings(run: Run, findings: Findings) -> None:
    """Write what was found in a run, in the place of what was found in it before. Raises ExplanationError."""
    data = json.dumps(typed_json.write(findings, "", {}), ensure_ascii=False).encode()
    try:
        write_whole(run.folder / FINDINGS, data)
    except OSError as error:
        raise ExplanationError(f"{run.folder / FINDINGS} could not be written: {error.strerror or error}.") from error


def read_findings(run: Run) -> Findings | None:
    """Return what was found in a run; None where nobody has looked yet. Raises ExplanationError where it can't be read.

    The last files are kept, so that a page that is drawn anew reads nothing.
    """
    path = run.folder / FINDINGS
    try:
        status = path.stat()
        return _read(path, status.st_mtime_ns, status.st_size)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise ExplanationError(f"{path} can't be read.") from error


@lru_cache(maxsize=8)
def _read(path: Path, changed: int, nbytes: int) -> Findings:
    document = json.loads(path.read_bytes())
    if not isinstance(document, dict) or (document.get("format"), document.get("version")) != (FORMAT, VERSION):
        raise ExplanationError(f"{path} isn't what this Whypixel calls findings.")
    findings: Findings = typed_json.read(Findings, document, "", {})
    return findings
