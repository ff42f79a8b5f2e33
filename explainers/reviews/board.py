"""The review board: what is kept on it, found, said and removed. Nothing that anybody has said is ever overwritten."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Select, delete, func, or_, select
from sqlalchemy.orm import Session, aliased, selectinload

from explainers.errors import ExplanationError
from explainers.reviews.database import Database
from explainers.reviews.location import Location
from explainers.reviews.review import THUMBNAIL, Entry, Opinion, Review, Subject, Wanted, in_one_line, plain
from explainers.reviews.room import check_room
from explainers.reviews.tables import EntryRow, FileRow, ReviewRow
from explainers.reviews.times import aware, now

MAX_REVIEW_BYTES = 25 * 10**6  # of one review's files
MAX_ENTRIES = 200  # of one review
MAX_LABEL = 200  # characters of a picture's name, a class or a classifier
MAX_SETTINGS = 20_000  # characters
GONE = "This review isn't on the board any more: somebody has removed it."


@dataclass(frozen=True)
class Found:
    """Some of the reviews that were looked for, the newest first, and how many there are in all."""

    reviews: tuple[Review, ...]
    count: int


@dataclass(frozen=True)
class Offered:
    """What one can look for: what occurs on the board, and how many reviews have each verdict."""

    methods: tuple[str, ...]
    classifiers: tuple[str, ...]
    names: tuple[str, ...]
    verdicts: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many reviews there are."""
        return sum(self.verdicts.values())


class Board:
    """The review board in a database. Whatever can't be done raises ExplanationError."""

    def __init__(self, location: Location) -> None:
        self._database, self._max_bytes = Database(location), location.max_bytes

    def keep(self, id: str, subject: Subject, files: Mapping[str, bytes], opinion: Opinion) -> None:
        """Keep a result and what somebody thinks of it; what is kept already under this id stays as it is."""
        nbytes = sum(map(len, files.values())) + len(opinion.note.encode())
        if nbytes > MAX_REVIEW_BYTES:
            raise ExplanationError(
                f"This result takes {nbytes / 10**6:.0f} MB, and a review has room for {MAX_REVIEW_BYTES // 10**6} MB."
            )
        row = _row(id, subject, nbytes)
        with self._database.writing() as session:
            if session.get(ReviewRow, id):
                return
            check_room(session, nbytes, self._max_bytes)
            session.add(row)
            session.flush()
            session.add_all(FileRow(review_id=id, name=name, data=data) for name, data in files.items())
            session.add(_entry_row(id, opinion))

    def say(self, id: str, opinion: Opinion) -> None:
        """Add what somebody thinks of a result to what was said before; the same twice in a row is said once."""
        with self._database.writing() as session:
            row = session.get(ReviewRow, id)
            if row is None:
                raise ExplanationError(GONE)
            entries = session.scalars(select(EntryRow).where(EntryRow.review_id == id).order_by(EntryRow.id)).all()
            if _entry(entries[-1]).opinion == opinion:
                return
            if len(entries) >= MAX_ENTRIES:
                raise ExplanationError(f"This review has {MAX_ENTRIES} verdicts, and there is no room for more.")
            check_room(session, nbytes := len(opinion.note.encode()), self._max_bytes)
            row.nbytes += nbytes
            session.add(_entry_row(id, opinion))

    def remove(self, id: str) -> None:
        """Remove a result with all that was said of it; one that isn't there any more is no error."""
        with self._database.writing() as session:
            session.execute(delete(ReviewRow).where(ReviewRow.id == id))

    def find(self, wanted: Wanted, start: int = 0, count: int | None = None, *, thumbnails: bool = True) -> Found:
        """Return `count` of the reviews that are looked for, from number `start` on; None: all the others.

        thumbnails: whether they are read, too; otherwise they are empty.
        """
        with self._database.reading() as session:
            if session is None:
                return Found((), 0)
            query = _matching(wanted)
            total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
            ordered = query.order_by(ReviewRow.kept_at.desc(), ReviewRow.id).offset(start).limit(count)
            rows = session.scalars(ordered.options(selectinload(ReviewRow.entries))).all()
            return Found(_reviews(session, rows, thumbnails=thumbnails), total)

    def review(self, id: str) -> Review:
        """Return a review. Raises ExplanationError where it isn't on the board."""
        with self._database.reading() as session:
            row = session.get(ReviewRow, id) if session else None
            if session is None or row is None:
                raise ExplanationError(GONE)
            return _reviews(session, [row])[0]

    def file(self, id: str, name: str) -> bytes:
        """Return a file of a review. Raises ExplanationError where it isn't on the board."""
        with self._database.reading() as session:
            row = session.get(FileRow, (id, name)) if session else None
            if row is None:
                raise ExplanationError(GONE)
            return row.data

    def offered(self) -> Offered:
        """Return what one can look for."""
        with self._database.reading() as session:
            if session is None:
                return Offered((), (), (), {})
            methods, classifiers, names = (
                tuple(session.scalars(select(column).distinct().order_by(column)))
                for column in (ReviewRow.method, ReviewRow.classifier, EntryRow.name)
            )
            counted = select(EntryRow.verdict, func.count()).where(_is_latest()).group_by(EntryRow.verdict)
            return Offered(methods, classifiers, names, dict(session.execute(counted).all()))

    def close(self) -> None:
        """Close all connections to the database."""
        self._database.close()


@lru_cache(maxsize=4)
def board(location: Location) -> Board:
    """Return the board at a location; it is the same for all who ask."""
    return Board(location)


def _is_latest() -> Any:
    """The condition that no later entry is about the same review."""
    each = aliased(EntryRow)
    return EntryRow.id.in_(select(func.max(each.id)).group_by(each.review_id))


def _matching(wanted: Wanted) -> Select[ReviewRow]:
    """Select the reviews that are looked for."""
    query = select(ReviewRow)
    for column, value in ((ReviewRow.method, wanted.method), (ReviewRow.classifier, wanted.classifier)):
        query = query.where(column == value) if value else query
    if wanted.verdict:
        query = query.where(ReviewRow.entries.any((EntryRow.verdict == wanted.verdict) & _is_latest()))
    if wanted.name:
        query = query.where(ReviewRow.entries.any(EntryRow.name == wanted.name))
    for word in plain(wanted.text).casefold().split():
        noted = ReviewRow.entries.any(EntryRow.words.contains(word, autoescape=True))
        query = query.where(or_(ReviewRow.words.contains(word, autoescape=True), noted))
    return query


def _row(id: str, subject: Subject, nbytes: int) -> ReviewRow:
    """Return the row of a subject, with strangers' texts in one line and bounded."""
    named = ("picture_name", "classifier", "label", "versus")
    texts = {name: in_one_line(getattr(subject, name) or "")[:MAX_LABEL] for name in named}
    fields = asdict(subject) | texts | {"versus": None if subject.versus is None else texts["versus"]}
    fields |= {name: json.dumps(fields[name]) for name in ("settings", "look", "sentences")}
    if len(fields["settings"]) > MAX_SETTINGS:
        raise ExplanationError("The settings of this page are too long to be kept.")
    words = " ".join(filter(None, (*texts.values(), subject.method))).casefold()
    return ReviewRow(id=id, kept_at=now(), words=words, nbytes=nbytes, **fields)


def _entry_row(id: str, opinion: Opinion) -> EntryRow:
    words = opinion.note.casefold()
    return EntryRow(review_id=id, written_at=now(), words=words, **asdict(opinion))


def _reviews(session: Session, rows: Sequence[ReviewRow], *, thumbnails: bool = True) -> tuple[Review, ...]:
    """Return the reviews of some rows."""
    wanted = (FileRow.name == THUMBNAIL) & FileRow.review_id.in_([row.id for row in rows if thumbnails])
    pictures = {file.review_id: file.data for file in session.scalars(select(FileRow).where(wanted))}
    return tuple(
        Review(row.id, aware(row.kept_at), _subject(row), tuple(map(_entry, row.entries)), pictures.get(row.id, b""))
        for row in rows
    )


def _subject(row: ReviewRow) -> Subject:
    fields: dict[str, Any] = {name: getattr(row, name) for name in Subject.__dataclass_fields__}
    fields |= {name: json.loads(fields[name]) for name in ("settings", "look", "sentences")}
    return Subject(**fields | {"sentences": tuple(fields["sentences"])})


def _entry(row: EntryRow) -> Entry:
    return Entry(Opinion(row.verdict, row.name, row.note), aware(row.written_at))
