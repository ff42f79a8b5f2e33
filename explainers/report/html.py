"""A report of results, for people who weren't there: one HTML file that needs nothing from outside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from explainers.figures import script
from explainers.numbers import counted
from explainers.report import assessor, model_card
from explainers.report.result import Failure, Result
from explainers.report.section import Section, common
from explainers.report.templates import template

TEMPLATE = Path(__file__).with_name("report.html")
LIMITS = (  # of every map of every method
    "A map shows what this classifier used for this picture. It doesn't say whether the classifier is right, nor what "
    "it does on other pictures.",
    "A map that looks sensible can be wrong, and a map that looks odd can be right: that is what the tests are for.",
)


def report(
    results: Result | Iterable[Result | Section | Failure], *, title: str = "", notes: str = "", columns: int = 0
) -> str:
    """Return the report of one result or of several as HTML.

    Each result is drawn and encoded when it is its turn, and nothing of it is kept but that; so an iterator of many
    results takes no more memory than the report.

    results: what has failed among them is told in its place.
    title:   empty: the question of the first, or how many there are.
    notes:   what the reader should know, as plain text.
    columns: the number of results in a row of the overview, which is a grid then; 0: it is a table.

    Raises ValueError where nothing is there to report.
    """
    entries = [
        entry if isinstance(entry, Failure) else (number, entry if isinstance(entry, Section) else Section.of(entry))
        for number, entry in enumerate([results] if isinstance(results, Result) else results, 1)
    ]
    sections = [entry for entry in entries if not isinstance(entry, Failure)]
    if not entries:
        raise ValueError("a report needs a result")
    shown = [section for _, section in sections]
    page: str = template(TEMPLATE, as_html=Markup).render(
        title=title or _title(shown, len(entries)),
        notes=notes,
        entries=entries,
        sections=sections,
        failures=[entry for entry in entries if isinstance(entry, Failure)],
        several=len(entries) > 1,
        columns=columns,
        common_facts=common([section.facts for section in shown]) if shown else (),
        common_pictures=_common_pictures(shown),
        methods=list(dict.fromkeys(section.method for section in shown)),
        cards={section.card.key: section.card for section in shown}.values(),
        tested=sum(bool(section.findings) for section in shown),
        limits=LIMITS,
        assessor=assessor,
        card_paper=model_card.PAPER,
        script=Markup(script()) if any(section.curves for section in shown) else "",
    )
    return page


def style() -> str:
    """Return the style sheet of the report, for other files that are read and printed like it."""
    return TEMPLATE.read_text("utf-8").partition("<style>")[2].partition("</style>")[0]


def _title(sections: Sequence[Section], count: int) -> str:
    if count == 1 and sections:
        return sections[0].heading
    names = list(dict.fromkeys(section.card.title for section in sections))
    return f"{counted(count, 'map')} of {' and '.join(names) if len(names) < 4 else counted(len(names), 'classifier')}"


def _common_pictures(sections: Sequence[Section]) -> Sequence[Any]:
    """Return the pictures that are the same in all of several sections, as they are where only methods differ."""
    if len(sections) < 2:
        return ()
    first, *others = sections
    return [picture for picture in first.pictures if all(picture in other.pictures for other in others)]
