"""What is found in the rows of a run: pictures that have something in common, the surest first.

`AuditFinding.sure` is comparable across kinds, because it is the same number for all: by how much one share of pictures
exceeds another at least, at the lower end of a 95% interval. For clusters, borders and colours it is the share of other
classes' pictures that a change makes be taken for the class, against the share that the same change makes so when it is
taken from other pictures; for missed and rejected maps, the share of a class's maps against that of the other classes';
for confusion, the share of a class's pictures taken for another class against the share of the rest. What wasn't tested
has 0. What is causal says more than what isn't, and neither says why: each finding has its caveat.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from explainers import typed_json
from explainers.audit.findings.checking import fits
from explainers.audit.findings.embedding import embedded
from explainers.audit.findings.evidence import read_evidence
from explainers.audit.findings.finding import Findings
from explainers.audit.findings.pictures import Pictures, RunPictures
from explainers.audit.findings.searching import search
from explainers.audit.findings.stages import OnStage, Stages
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.place import remove, write_whole
from explainers.audit.runs.run import Run
from explainers.classifiers import Classifier
from explainers.errors import ExplanationError

FINDINGS, FORMAT, VERSION = "findings.json", "whypixel audit findings", 2
MAX_BYTES = 2**28
LOOK_AGAIN = "The same audit command looks again."


class OtherFindingsError(ExplanationError):
    """What lies in a run was found in another one, or written by an earlier Whypixel.

    Somebody has to look again; who says so to people adds LOOK_AGAIN.
    """


def find(run: Run, *, classifier: Classifier | None = None, on_progress: OnStage | None = None) -> Findings:
    """Look for all kinds of findings in the rows that are there: the same rows give the same findings.

    classifier:  the run's; None: it is loaded.
    on_progress: called with the stage of the search, how many of its steps are done and how many there are; it may
                 raise an exception to cancel.

    What couldn't be looked for, for want of labels, boxes, pictures or packages, is told in notes. Raises
    ExplanationError where the rows can't be read.
    """
    rows, notes = read_evidence(run), []
    if rows.rows < run.plan.pictures:
        notes.append(f"Only {rows.rows:,} of {run.plan.pictures:,} pictures are there so far, and were looked at.")
    pictures: Pictures | None = None
    try:
        pictures = RunPictures(run, classifier)
    except ExplanationError as error:
        notes.append(f"Nothing was tested by changing pictures: {error}")
    stages = Stages(on_progress)
    result = search(rows, pictures, stages)
    stages.begin("Layout of all maps", 1)
    embedding = embedded(rows)
    stages.step()
    return Findings(
        format=FORMAT,
        version=VERSION,
        run=run_identity(run.plan),
        pictures=rows.rows,
        findings=result.findings,
        clusters=result.clusters,
        embedding=embedding,
        notes=(*notes, *result.notes),
    )


def write_findings(run: Run, findings: Findings) -> None:
    """Write what was found in a run, in the place of what was found in it before. Raises ExplanationError."""
    data = json.dumps(typed_json.write(findings, "", {}), ensure_ascii=False).encode()
    try:
        write_whole(run.folder / FINDINGS, data)
    except OSError as error:
        raise ExplanationError(f"{run.folder / FINDINGS} could not be written: {error.strerror or error}.") from error


def forget_findings(run: Run) -> None:
    """Remove what was found in a run, because its rows are about to be others. Raises ExplanationError."""
    remove(run.folder, [run.folder / FINDINGS])


def read_findings(run: Run) -> Findings | None:
    """Return what was found in a run; None where nobody has looked yet.

    The last files are kept, so that a page that is drawn anew reads nothing. Raises OtherFindingsError where it isn't
    about this run as it is, and another ExplanationError where it can't be read.
    """
    path = run.folder / FINDINGS
    try:
        status = path.stat()
        return _read(path, status.st_mtime_ns, status.st_size, run_identity(run.plan), run.plan.pictures)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ExplanationError(f"{path} can't be read. Delete it, and look again.") from error


@lru_cache(maxsize=8)
def _read(path: Path, changed: int, nbytes: int, run: str, pictures: int) -> Findings:
    if nbytes > MAX_BYTES:
        raise ExplanationError(f"{path} is too large for what was found in an audit.")
    document = json.loads(path.read_bytes())
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ExplanationError(f"{path} isn't what was found in an audit. Delete it, and look again.")
    if (version := document.get("version")) != VERSION:
        is_earlier = type(version) is int and version < VERSION
        raise (OtherFindingsError if is_earlier else ExplanationError)(
            f"{path} was written in version {version!r} of the format; this Whypixel reads {VERSION}."
        )
    findings: Findings = typed_json.read(Findings, document, "", {})
    if findings.run != run:
        raise OtherFindingsError(f"{path} holds the findings of another audit, or of another state of this one.")
    if not fits(findings, pictures):
        raise ExplanationError(f"{path} isn't what was found in these pictures. Delete it, and look again.")
    return findings
