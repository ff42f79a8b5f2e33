"""What a review is: a result that was kept as it was, and what people have said of it, one after the other."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from explainers.errors import ExplanationError

if TYPE_CHECKING:  # reviews can be read without torch
    from explainers.explanation import Explanation

VERDICTS = {  # by their names in the database and in addresses
    "sensible": "Sensible",
    "wrong-reason": "Right for the wrong reason",
    "wrong": "Wrong",
    "unclear": "Unclear",
}
PICTURE, THUMBNAIL, BUNDLE = "picture", "thumbnail", "bundle"  # the names of its files
MAX_NAME, MAX_NOTE = 60, 2000  # characters
ID = re.compile(r"[0-9a-f]{32}")
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")  # signs that turn around what stands after them


@dataclass(frozen=True)
class Opinion:
    """What somebody thinks of a result.

    verdict: one of VERDICTS.
    name:    who it is, as they call themselves.
    note:    why, as plain text.

    Raises ExplanationError for one that can't be kept.
    """

    verdict: str
    name: str
    note: str = ""

    def __post_init__(self) -> None:
        if self.verdict not in VERDICTS:
            raise ExplanationError(f"Choose a verdict: {', '.join(VERDICTS.values())}.")
        object.__setattr__(self, "name", checked_name(self.name, "verdict"))
        object.__setattr__(self, "note", checked_note(self.note))


@dataclass(frozen=True)
class Subject:
    """The result that a review is about.

    page:           the page that it was kept on, by the folder of its sections.
    settings:       the settings of that page, as in its address.
    look:           how the map was drawn, by the keys of the widgets that choose it.
    picture_name:   the name of the picture.
    picture_digest: identifies the picture.
    sample:         the name of the sample that it is; empty for other pictures.
    classifier:     the name of the classifier.
    weights:        its identity.
    method:         the title of the method.
    label:          the class that was explained.
    versus:         the class that it was compared with, or None.
    scale, score:   the kind of score that was explained, and its value.
    values_digest:  identifies the map.
    sentences:      its proof in Markdown.
    """

    page: str
    settings: Mapping[str, str]
    look: Mapping[str, Any]
    picture_name: str
    picture_digest: str
    sample: str
    classifier: str
    weights: str
    method: str
    label: str
    versus: str | None
    scale: str
    score: float
    values_digest: str
    sentences: tuple[str, ...]

    @property
    def explained(self) -> str:
        """The class, and the one that it was compared with."""
        return self.label if self.versus is None else f"{self.label} rather than {self.versus}"


@dataclass(frozen=True)
class Entry:
    """An opinion, and when it was written (UTC)."""

    opinion: Opinion
    written_at: datetime


@dataclass(frozen=True)
class Review:
    """A result on the board.

    entries:   what people have said of it, the oldest first; the last one counts.
    thumbnail: the bytes of a small WebP picture of the map over the picture.
    """

    id: str
    kept_at: datetime
    subject: Subject
    entries: tuple[Entry, ...]
    thumbnail: bytes

    @property
    def latest(self) -> Entry:
        return self.entries[-1]


@dataclass(frozen=True)
class Wanted:
    """Which reviews are looked for; an empty text stands for all.

    text:    words that must each be in the class, the picture's name, the method, the classifier or a note.
    verdict: what the last entry says.
    name:    who has written at least one of the entries.
    """

    text: str = ""
    verdict: str = ""
    method: str = ""
    classifier: str = ""
    name: str = ""


def checked_name(name: str, what: str) -> str:
    """Return a name that somebody has given, in one line. Raises ExplanationError where it is missing or too long.

    what: whose author it names.
    """
    name = in_one_line(name)
    if not any(each.isprintable() and not each.isspace() for each in name):  # some letters have no width
        raise ExplanationError(f"Write your name, so that others know whose {what} it is.")
    return _bounded("name", name, MAX_NAME)


def checked_note(note: str) -> str:
    """Return a note as plain text. Raises ExplanationError where it is too long."""
    return _bounded("note", plain(note), MAX_NOTE)


def _bounded(what: str, text: str, most: int) -> str:
    if len(text) > most:
        raise ExplanationError(f"The {what} has {len(text):,} characters, and there is room for {most:,}.")
    return text


def values_digest(explanation: Explanation) -> str:
    """Return what tells the values of a map from any others, bit for bit."""
    return hashlib.sha256(explanation.values.tobytes()).hexdigest()


def is_id(text: str) -> bool:
    """Whether a text could name a review."""
    return ID.fullmatch(text) is not None


def plain(text: str) -> str:
    """Return a stranger's text without what no database keeps and nobody sees; its lines stay."""
    text = text.encode("utf-8", "ignore").decode()  # half of a pair of surrogates has no UTF-8
    lines = DIRECTIONS.sub("", text).replace("\t", " ").splitlines()
    lines = ["".join(each for each in line if unicodedata.category(each) != "Cc").rstrip() for line in lines]
    return "\n".join(lines).strip()


def in_one_line(text: str) -> str:
    """Return a stranger's text in one line."""
    return " ".join(plain(text).split())
