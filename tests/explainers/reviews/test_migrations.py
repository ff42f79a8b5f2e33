"""A database of any older version, or an empty one, is brought to the newest schema: as a whole, once, keeping all."""

import sqlite3

import pytest
from sqlalchemy import inspect, text

from explainers import ExplanationError
from explainers.reviews import migrations
from explainers.reviews.audit_notes import AuditNote, AuditNotes
from explainers.reviews.database import Database
from explainers.reviews.review import Opinion, Wanted
from explainers.reviews.tables import Tables

VERSION_1 = """
CREATE TABLE whypixel_schema (version INTEGER NOT NULL);
INSERT INTO whypixel_schema VALUES (1);
CREATE TABLE whypixel_reviews (
    id TEXT NOT NULL PRIMARY KEY, kept_at TIMESTAMP NOT NULL, page TEXT NOT NULL, settings TEXT NOT NULL,
    look TEXT NOT NULL, picture_name TEXT NOT NULL, picture_digest TEXT NOT NULL, sample TEXT NOT NULL,
    classifier TEXT NOT NULL, weights TEXT NOT NULL, method TEXT NOT NULL, label TEXT NOT NULL, versus TEXT,
    scale TEXT NOT NULL, score FLOAT NOT NULL, values_digest TEXT NOT NULL, sentences TEXT NOT NULL, words TEXT NOT NULL
);
CREATE INDEX ix_whypixel_reviews_kept_at ON whypixel_reviews (kept_at);
CREATE TABLE whypixel_entries (
    id {serial} PRIMARY KEY, review_id TEXT NOT NULL REFERENCES whypixel_reviews (id) ON DELETE CASCADE,
    written_at TIMESTAMP NOT NULL, verdict TEXT NOT NULL, name TEXT NOT NULL, note TEXT NOT NULL, words TEXT NOT NULL
);
CREATE INDEX ix_whypixel_entries_review_id ON whypixel_entries (review_id);
CREATE TABLE whypixel_files (
    review_id TEXT NOT NULL REFERENCES whypixel_reviews (id) ON DELETE CASCADE, name TEXT NOT NULL,
    data {bytes} NOT NULL, PRIMARY KEY (review_id, name)
);
INSERT INTO whypixel_reviews VALUES (
    '{id}', '2026-01-02 03:04:05', 'explain', '{{}}', '{{}}', 'cup.jpg', 'd', '', 'PocketNet', 'w', 'Grad-CAM',
    'espresso', NULL, 'logit', 1.5, 'v', '[]', 'espresso'
);
INSERT INTO whypixel_entries (review_id, written_at, verdict, name, note, words)
VALUES ('{id}', '2026-01-02 03:04:05', 'wrong', 'Anna', 'No', 'no');
INSERT INTO whypixel_files VALUES ('{id}', 'thumbnail', {data});
INSERT INTO whypixel_files VALUES ('{id}', 'bundle', {data})
"""
VERSION_2 = """;
UPDATE whypixel_schema SET version = 2;
ALTER TABLE whypixel_reviews ADD COLUMN nbytes BIGINT NOT NULL DEFAULT 10
"""
OLD = "a" * 32
KINDS = {
    "sqlite": {"serial": "INTEGER", "bytes": "BLOB", "data": "x'0102030405'"},
    "postgresql": {"serial": "SERIAL", "bytes": "BYTEA", "data": "'\\x0102030405'"},
}


@pytest.fixture
def database(location):
    database = Database(location)
    yield database
    database.close()


@pytest.fixture(params=[VERSION_1, VERSION_1.rstrip() + VERSION_2], ids=["version 1", "version 2"])
def old(request, location, database):
    """A database of an older version with a review, as SQL makes it."""
    script = request.param.format(id=OLD, **KINDS["sqlite" if location.file else "postgresql"])
    if location.file:
        location.file.parent.mkdir()
        connection = sqlite3.connect(location.file)
        connection.executescript(script)
        connection.close()
    else:
        with database._engine.begin() as connection:
            for statement in script.split(";"):
                connection.exec_driver_sql(statement)
    return location


def schema(database):
    """The tables of a database with their columns, and the indexed columns."""
    with database._engine.connect() as connection:
        found = inspect(connection)
        return {
            table: (
                {column["name"]: column["nullable"] for column in found.get_columns(table)},
                {tuple(index["column_names"]) for index in found.get_indexes(table)},
            )
            for table in found.get_table_names()
        }


def test_an_empty_database_gets_the_tables_that_are_written_to(database):
    with database.writing():
        pass
    expected = {
        name: (
            {column.name: bool(column.nullable) for column in table.columns},
            {tuple(column.name for column in index.columns) for index in table.indexes},
        )
        for name, table in Tables.metadata.tables.items()
    }
    assert schema(database) == expected | {"whypixel_schema": ({"version": False}, set())}


def test_a_database_of_an_older_version_keeps_what_it_has_and_gets_the_same_tables(
    old, database, open_board, keep, location
):
    board = open_board(location)
    review = board.review(OLD)  # to look is enough
    assert (review.subject.label, review.latest.opinion) == ("espresso", Opinion("wrong", "Anna", "No"))
    assert board.file(OLD, "bundle") == bytes([1, 2, 3, 4, 5])
    with database.reading() as session:
        assert session.scalar(text("SELECT nbytes FROM whypixel_reviews")) == 10
        assert session.scalar(text("SELECT version FROM whypixel_schema")) == migrations.VERSION
    keep(board, 1)
    board.say(OLD, Opinion("sensible", "Bert"))
    assert board.find(Wanted()).count == 2
    for name, table in Tables.metadata.tables.items():
        assert schema(database)[name][0].keys() == {column.name for column in table.columns}
    notes = AuditNotes(location)
    notes.say("run", "finding", AuditNote(("shortcut",), "Anna"))
    assert notes.of_run("run")["finding"][0].note.tags == ("shortcut",)
    notes.close()


def test_a_step_that_fails_leaves_the_database_as_it_was(old, database, monkeypatch):
    before = schema(database)

    def break_down(connection):
        raise ExplanationError("The power has failed.")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, break_down))
    monkeypatch.setattr(migrations, "VERSION", len(migrations.STEPS))
    with pytest.raises(ExplanationError, match="power"), database.writing():
        pass
    assert schema(database) == before


def test_two_servers_that_start_at_the_same_time_migrate_once(old, location, open_board, job):
    boards = [open_board(location) for _ in range(4)]
    for asked in [job(lambda board=board: board.review(OLD)) for board in boards]:
        assert asked.get().id == OLD


def test_a_database_of_a_newer_version_is_left_alone(old, location, database, open_board, keep):
    with database.writing() as session:
        session.execute(text("UPDATE whypixel_schema SET version = 99"))
    board = open_board(location)
    for ask in (board.offered, lambda: keep(board)):
        with pytest.raises(ExplanationError, match="last used by a newer Whypixel, whose schema is 99"):
            ask()
