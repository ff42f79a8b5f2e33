"""A report of an audit: what was found, with examples, and how it was computed, in one HTML file."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from explainers.arrays import Array
from explainers.audit.browsing.overview import overview
from explainers.audit.browsing.selection import confused
from explainers.audit.browsing.subjects import earlier_in_words, subjects
from explainers.audit.browsing.table import Table, read_table
from explainers.audit.findings.finding import AuditFinding, Findings
from explainers.audit.findings.shares import REPORTED
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.plan import Plan
from explainers.audit.runs.progress import progress
from explainers.audit.runs.rows import MAP_SIDE
from explainers.audit.runs.run import Run
from explainers.audit.runs.titles import ASKED, classifier_title, excess, method_title
from explainers.explainer import Explainer
from explainers.figures.audit_pictures import map_picture, overlay_file
from explainers.images.encoding import data_address
from explainers.methods import BY_SLUG
from explainers.numbers import counted, short
from explainers.report import model_card
from explainers.report.audit_card import audit_card
from explainers.report.html import LIMITS, style
from explainers.report.section import Picture, Rows
from explainers.report.templates import template

TEMPLATE = Path(__file__).with_name("audit.html")
EXAMPLES = 8  # pictures of a finding
MAX_REPORTED, MAX_LISTED = 30, 12  # findings with examples: those that are reported, and the others
MAX_CONFUSED = 24  # kinds of wrong answers
MAX_BROKEN = 20  # pictures that are named
MAIN_SIDE, SMALL_SIDE = 224, 112  # pixels


class Note(Protocol):
    """What somebody has said of a finding, as plain text."""

    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def name(self) -> str: ...
    @property
    def note(self) -> str: ...


@dataclass(frozen=True)
class Shown:
    """A finding, ready for the template. Sentences are in Markdown.

    facts:    its measures in words.
    mean_map: None where there is none.
    """

    finding: AuditFinding
    sure: str
    facts: Rows
    mean_map: Picture | None
    examples: tuple[Picture, ...]
    notes: tuple[Note, ...]


def audit_report(run: Run, findings: Findings | None, notes: Mapping[str, Iterable[Note]] | None = None) -> str:
    """Return the report of a run as HTML that needs nothing from outside.

    findings: None where nobody has looked yet.
    notes:    what people have said, by what it is about; what isn't about a finding that is shown stands at the end.

    Raises ExplanationError where the run can't be read.
    """
    table, said = read_table(run), {subject: tuple(own) for subject, own in (notes or {}).items()}
    known = findings.findings if findings else ()
    chosen = [each for each in known if each.reported][:MAX_REPORTED]
    chosen += [each for each in known if not each.reported][:MAX_LISTED]
    shown = [_shown(run, table, finding, said.get(finding.id, ())) for finding in chosen]
    ids, titles = {finding.id for finding in chosen}, subjects(findings, table.names)
    wrong = confused(table)
    broken = [place for place, error in enumerate(table.errors) if error]
    page: str = template(TEMPLATE).render(
        title=f"Is it always so? {counted(run.plan.pictures, 'map')} of {classifier_title(run.plan)}",
        style=style(),
        plan=run.plan,
        method=method_title(run.plan),
        asked=ASKED[run.plan.asked],
        progress=progress(run).sentence,
        numbers=overview(table),
        looked=findings is not None,
        threshold=f"{100 * REPORTED:.0f}",
        reported=[each for each in shown if each.finding.reported],
        others=[each for each in shown if not each.finding.reported],
        left_out=len(known) - len(chosen),
        looked_at=counted(findings.pictures, "picture") if findings else "",
        problems=findings.notes if findings else (),
        other_notes=[(titles[subject], own) for subject, own in said.items() if subject in titles.keys() - ids],
        earlier_notes=[
            (earlier_in_words(subject, table.names), own) for subject, own in said.items() if subject not in titles
        ],
        confused=[_confused(table, *cell) for cell in wrong[:MAX_CONFUSED]],
        more_confused=len(wrong) - MAX_CONFUSED,
        broken=[(table.paths[place], table.errors[place]) for place in broken[:MAX_BROKEN]],
        more_broken=len(broken) - MAX_BROKEN,
        facts=_facts(run.plan),
        card=audit_card(run.plan, table),
        card_paper=model_card.PAPER,
        limits=LIMITS,
    )
    return page


def _shown(run: Run, table: Table, finding: AuditFinding, notes: tuple[Note, ...]) -> Shown:
    places = table.places(np.array(finding.pictures[:EXAMPLES]))
    thumbnails = run.rows([int(table.numbers[place]) for place in places], ["thumbnail"])
    examples = tuple(_example(table, int(place), thumbnails) for place in places)
    facts = tuple((name, short(value)) for name, value in finding.numbers)
    return Shown(finding, excess(finding), facts, _mean_map(finding), examples, notes)


def _mean_map(finding: AuditFinding) -> Picture | None:
    if len(finding.mean_map) != MAP_SIDE**2:
        return None
    heat = np.array(finding.mean_map).reshape(MAP_SIDE, MAP_SIDE)
    return Picture("The mean map of its pictures", data_address(map_picture(heat, MAIN_SIDE), "jpeg"))


def _example(table: Table, place: int, thumbnails: Mapping[int, Mapping[str, Any]]) -> Picture:
    number = int(table.numbers[place])
    heat = None if table.errors[place] else table.maps[place]
    data = overlay_file(thumbnails.get(number, {}).get("thumbnail"), heat)
    said = table.names.get(int(table.predictions[place]), "no answer")
    caption = f"{table.paths[place]}: {said}"
    return Picture(caption, f"data:image/jpeg;base64,{base64.b64encode(data).decode()}")


def _confused(table: Table, label: int, said: int, places: Array) -> tuple[str, str, int, str]:
    """Return what was shown, what was said, how often, and the address of the mean map; empty where there is none."""
    mean = table.mean_map(places)
    picture = "" if mean is None else data_address(map_picture(mean, SMALL_SIDE), "jpeg")
    return table.names[label], table.names[said], len(places), picture


def _facts(plan: Plan) -> Rows:
    """Return what identifies the run: names, hashes and versions. Where the pictures lie is nobody's business."""
    kind = BY_SLUG.get(plan.method, Explainer)  # another Whypixel may have made the run
    settings = ", ".join(f"{name}: {value}" for name, value in kind.in_words(plan.settings))
    return (
        ("Pictures", f"{counted(plan.pictures, 'picture')} from {Path(plan.source).name}"),
        ("List of pictures", f"SHA-256 {plan.sha256}"),
        ("Classifier", f"{classifier_title(plan)} (architecture, weights and view: {plan.identity})"),
        ("Photos are fitted by", {"crop": "their centre", "pad": "black bars"}[plan.fit]),
        ("Method", f"{method_title(plan)} ({settings or 'no settings'})"),
        ("Explained", f"the {plan.scale} of {ASKED[plan.asked]}"),
        ("Test by deletion and insertion", "on" if plan.removal else "off"),
        ("Pictures that pass at once", str(plan.chunk)),
        ("Versions", ", ".join(f"{name} {version}" for name, version in plan.versions.items())),
        ("Audit", run_identity(plan)),
    )
