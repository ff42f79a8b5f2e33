"""What people say of the findings of audits, in the database of the review board. Nothing is ever overwritten."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from sqlalchemy import delete, func, select

from explainers.errors import ExplanationError
from explainers.reviews.database import Database
from explainers.reviews.location import Location
from explainers.reviews.review import checked_name, checked_note, in_one_line
from explainers.reviews.room import check_room
from explainers.reviews.tables import AuditNoteRow
from explainers.reviews.times import aware, now

TAGS = ("shortcut", "sensible", "wrong label", "bad pictures", "look again")  # that are offered; others can be typed
MAX_TAG, MAX_TAGS = 30, 6  # characters, and tags of a note
MAX_NOTES = 200  # on one finding


@dataclass(frozen=True)
class AuditNote:
    """What somebody says of a finding.

    tags: short words for it.
    name: who it is, as they call themselves.
    note: as plain text.

    Raises ExplanationError for one that can't be kept.
    """

    tags: tuple[str, ...]
    name: str
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "tags", _tags(self.tags))
        object.__setattr__(self, "note", checked_note(self.note))
        if not self.tags and not self.note:
            raise ExplanationError("Write a note, or choose a tag.")
        object.__setattr__(self, "name", checked_name(self.name, "note"))


@dataclass(frozen=True)
class WrittenNote:
    """A note, and when it was written (UTC)."""

    note: AuditNote
    written_at: datetime


class AuditNotes:
    """The notes in a database. Whatever can't be done raises ExplanationError."""

    def __init__(self, location: Location) -> None:
        self._database, self._max_bytes = Database(location), location.max_bytes

    def say(self, run: str, subject: str, note: AuditNote) -> None:
        """Add what somebody says of a finding to what was said before; the same twice in a row is said once.

        run:     the hash of the run; subject: the id of the finding, or of a cluster.
        """
        tags = json.dumps(note.tags, ensure_ascii=False)
        nbytes = len((note.note + note.name + tags).encode())
        with self._database.writing() as session:
            own = (AuditNoteRow.run == run) & (AuditNoteRow.subject == subject)
            latest = session.scalar(select(AuditNoteRow).where(own).order_by(AuditNoteRow.id.desc()).limit(1))
            if latest and _written(latest).note == note:
                return
            if (session.scalar(select(func.count()).where(own)) or 0) >= MAX_NOTES:
                raise ExplanationError(f"There are {MAX_NOTES} notes on this, and there is no room for more.")
            check_room(session, nbytes, self._max_bytes)
            row = AuditNoteRow(run=run, subject=subject, written_at=now(), tags=tags, name=note.name, note=note.note)
            row.nbytes = nbytes
            session.add(row)

    def of_run(self, run: str) -> dict[str, tuple[WrittenNote, ...]]:
        """Return all notes on a run by what they are about, the oldest first."""
        notes: dict[str, tuple[WrittenNote, ...]] = {}
        with self._database.reading() as session:
            if session is None:
                return {}
            for row in session.scalars(select(AuditNoteRow).where(AuditNoteRow.run == run).order_by(AuditNoteRow.id)):
                notes[row.subject] = (*notes.get(row.subject, ()), _written(row))
        return notes

    def remove(self, run: str, subject: str) -> None:
        """Remove all notes on a finding; where there are none, that is no error."""
        with self._database.writing() as session:
            own = (AuditNoteRow.run == run) & (AuditNoteRow.subject == subject)
            session.execute(delete(AuditNoteRow).where(own))

    def close(self) -> None:
        """Close all connections to the database."""
        self._database.close()


@lru_cache(maxsize=4)
def audit_notes(location: Location) -> AuditNotes:
    """Return the notes at a location; they are the same for all who ask."""
    return AuditNotes(location)


def _tags(tags: Iterable[str]) -> tuple[str, ...]:
    """Return tags in one line each, every one once. Raises ExplanationError for too many, or too long ones."""
    kept = tuple(dict.fromkeys(filter(None, (in_one_line(tag) for tag in tags))))
    if len(kept) > MAX_TAGS:
        raise ExplanationError(f"A note has room for {MAX_TAGS} tags.")
    if longest := next((tag for tag in kept if len(tag) > MAX_TAG), ""):
        raise ExplanationError(f"A tag has room for {MAX_TAG} characters, and one has {len(longest):,}.")
    return kept


def _written(row: AuditNoteRow) -> WrittenNote:
    return WrittenNote(AuditNote(tuple(json.loads(row.tags)), row.name, row.note), aware(row.written_at))
