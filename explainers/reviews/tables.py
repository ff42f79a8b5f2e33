"""The tables of the review board, as the newest schema has them; `migrations` makes them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

CASCADE = "CASCADE"


class Tables(DeclarativeBase):
    """The tables of the newest schema."""


class ReviewRow(Tables):
    """A result that was kept.

    kept_at: in UTC.
    settings, look, sentences: as JSON.
    words:   what can be searched, in lower case.
    nbytes:  what its files and the notes on it take.
    """

    __tablename__ = "whypixel_reviews"

    id: Mapped[str] = mapped_column(Text, primary_key=True)
    kept_at: Mapped[datetime] = mapped_column(index=True)
    page: Mapped[str] = mapped_column(Text)
    settings: Mapped[str] = mapped_column(Text)
    look: Mapped[str] = mapped_column(Text)
    picture_name: Mapped[str] = mapped_column(Text)
    picture_digest: Mapped[str] = mapped_column(Text)
    sample: Mapped[str] = mapped_column(Text)
    classifier: Mapped[str] = mapped_column(Text)
    weights: Mapped[str] = mapped_column(Text)
    method: Mapped[str] = mapped_column(Text)
    label: Mapped[str] = mapped_column(Text)
    versus: Mapped[str | None] = mapped_column(Text)
    scale: Mapped[str] = mapped_column(Text)
    score: Mapped[float]
    values_digest: Mapped[str] = mapped_column(Text)
    sentences: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)
    nbytes: Mapped[int] = mapped_column(BigInteger)
    entries: Mapped[list[EntryRow]] = relationship(order_by="EntryRow.id", passive_deletes=True)


class EntryRow(Tables):
    """What somebody has said of a result. None is ever changed: another opinion is another entry.

    words: the note in lower case.
    """

    __tablename__ = "whypixel_entries"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    review_id: Mapped[str] = mapped_column(ForeignKey(ReviewRow.id, ondelete=CASCADE), index=True)
    written_at: Mapped[datetime]
    verdict: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    words: Mapped[str] = mapped_column(Text)


class FileRow(Tables):
    """A file of a review, in a table of its own, so that no list ever reads one."""

    __tablename__ = "whypixel_files"

    review_id: Mapped[str] = mapped_column(ForeignKey(ReviewRow.id, ondelete=CASCADE), primary_key=True)
    name: Mapped[str] = mapped_column(Text, primary_key=True)
    data: Mapped[bytes] = mapped_column(LargeBinary)


class AuditNoteRow(Tables):
    """What somebody has said of a finding of an audit. None is ever changed: another note is another row.

    run:     the hash of the run.
    subject: the id of the finding, or of a cluster.
    tags:    as JSON.
    nbytes:  what the note takes.
    """

    __tablename__ = "whypixel_audit_notes"
    __table_args__ = (Index("ix_whypixel_audit_notes_run_subject", "run", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    run: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime]
    tags: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    note: Mapped[str] = mapped_column(Text)
    nbytes: Mapped[int]
