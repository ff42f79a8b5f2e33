"""The schema of the review board, step by step: each brings a database from one version to the next.

A step is never changed once it has been released, so it spells its tables out and doesn't read them from `tables`.
"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    inspect,
    text,
)

from explainers.errors import ExplanationError

VERSION_TABLE = "whypixel_schema"


def _make_tables(connection: Connection) -> None:
    """Make the tables: reviews, their files, and what people say of them."""
    tables = MetaData()
    texts = ("page", "settings", "look", "picture_name", "picture_digest", "sample", "classifier", "weights", "method")
    Table(
        "whypixel_reviews",
        tables,
        Column("id", Text, primary_key=True),
        Column("kept_at", DateTime, nullable=False, index=True),
        *(Column(name, Text, nullable=False) for name in (*texts, "label")),
        Column("versus", Text),
        Column("scale", Text, nullable=False),
        Column("score", Float, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("values_digest", "sentences", "words")),
    )
    Table(
        "whypixel_entries",
        tables,
        Column("id", Integer, primary_key=True, autoincrement=True),
        _review_column(index=True),
        Column("written_at", DateTime, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("verdict", "name", "note", "words")),
    )
    Table(
        "whypixel_files",
        tables,
        _review_column(primary_key=True),
        Column("name", Text, primary_key=True),
        Column("data", LargeBinary, nullable=False),
    )
    tables.create_all(connection, checkfirst=False)


def _review_column(*, primary_key: bool = False, index: bool = False) -> Column[str]:
    reference = ForeignKey("whypixel_reviews.id", ondelete="CASCADE")
    return Column("review_id", Text, reference, primary_key=primary_key, index=index, nullable=False)


def _note_sizes(connection: Connection) -> None:
    """Note what each review takes, so that nobody has to add up all files to know whether there is room for another."""
    connection.execute(text("ALTER TABLE whypixel_reviews ADD COLUMN nbytes BIGINT NOT NULL DEFAULT 0"))
    files = "SELECT SUM(LENGTH(data)) FROM whypixel_files WHERE review_id = whypixel_reviews.id"
    connection.execute(text(f"UPDATE whypixel_reviews SET nbytes = COALESCE(({files}), 0)"))


def _make_audit_notes(connection: Connection) -> None:
    """Make the table of what people say of the findings of audits."""
    tables = MetaData()
    Table(
        "whypixel_audit_notes",
        tables,
        Column("id", Integer, primary_key=True, autoincrement=True),
        *(Column(name, Text, nullable=False) for name in ("run", "subject")),
        Column("written_at", DateTime, nullable=False),
        *(Column(name, Text, nullable=False) for name in ("tags", "name", "note")),
        Column("nbytes", Integer, nullable=False),
        Index("ix_whypixel_audit_notes_run_subject", "run", "subject"),
    )
    tables.create_all(connection, checkfirst=False)


STEPS: tuple[Callable[[Connection], None], ...] = (_make_tables, _note_sizes, _make_audit_notes)
VERSION = len(STEPS)


def version(connection: Connection) -> int:
    """Return the version of a database's schema; 0 where there is none. Raises ExplanationError for a newer one."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return 0
    found = int(connection.scalar(text(f"SELECT version FROM {VERSION_TABLE}")) or 0)
    if found > VERSION:
        raise ExplanationError(
            f"The review board was last used by a newer Whypixel, whose schema is {found}; this one knows {VERSION}."
        )
    return found


def migrate(connection: Connection) -> None:
    """Bring the schema of a database up to date, in the transaction that has begun, of the one who may write."""
    if (before := version(connection)) == VERSION:
        return
    if not inspect(connection).has_table(VERSION_TABLE):
        connection.execute(text(f"CREATE TABLE {VERSION_TABLE} (version INTEGER NOT NULL)"))
        connection.execute(text(f"INSERT INTO {VERSION_TABLE} VALUES (0)"))
    for step in STEPS[before:]:
        step(connection)
    connection.execute(text(f"UPDATE {VERSION_TABLE} SET version = :version"), {"version": VERSION})
