"""The reviews as a table for spreadsheets, and as one HTML file to read, print or send."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from explainers.numbers import counted, significant
from explainers.report.html import style
from explainers.report.templates import template
from explainers.reviews.review import VERDICTS, Review
from explainers.spreadsheets import harmless

TEMPLATE = Path(__file__).with_name("board.html")
MAX_IN_REPORT = 500  # reviews; each takes about 30 kB
COLUMNS = (
    *("review", "kept", "page", "picture", "picture digest", "class", "rather than", "scale", "score", "method"),
    *("classifier", "weights", "map digest", "settings", "entry", "written", "name", "verdict", "note", "counts"),
)


def as_csv(reviews: Iterable[Review]) -> str:
    """Return a table with a row for everything that anybody has said; the last entry of each review counts."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(COLUMNS)
    for review in reviews:
        subject = review.subject
        about = (
            *(review.id, _iso(review.kept_at), subject.page, subject.picture_name, subject.picture_digest),
            *(subject.label, subject.versus or "", subject.scale, subject.score, subject.method),
            *(subject.classifier, subject.weights, subject.values_digest, urlencode(subject.settings)),
        )
        for number, entry in enumerate(review.entries, 1):
            opinion = entry.opinion
            said = (number, _iso(entry.written_at), opinion.name, VERDICTS[opinion.verdict], opinion.note)
            writer.writerow(map(_cell, (*about, *said, "yes" if number == len(review.entries) else "no")))
    return stream.getvalue()


def as_report(reviews: Sequence[Review], count: int, about: str) -> str:
    """Return an HTML file that needs nothing from outside: each review with its picture and all that was said of it.

    count: how many reviews there are of those that the report is about.
    about: which ones those are, in words.
    """
    latest = [review.latest.opinion.verdict for review in reviews]
    made = template(TEMPLATE, address=_address, number=significant, time=time_in_words)
    page: str = made.render(
        about=about,
        count=counted(count, "review"),
        left_out=count - len(reviews),
        reviews=reviews,
        style=style(),
        tally={title: latest.count(name) for name, title in VERDICTS.items() if name in latest},
        verdicts=VERDICTS,
    )
    return page


def time_in_words(time: datetime) -> str:
    """Write a time in UTC."""
    return f"{time.day} {time:%b %Y, %H:%M} UTC"


def _iso(time: datetime) -> str:
    return time.isoformat(timespec="seconds")


def _cell(value: Any) -> Any:
    """Return what stands in a cell: a stranger's text must not be computed."""
    return harmless(value) if isinstance(value, str) else value


def _address(data: bytes) -> str:
    """Return an address that holds a thumbnail."""
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}"
