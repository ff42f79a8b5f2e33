"""What can go wrong with a database becomes a sentence, which names neither its address nor its password."""

import logging
import os
import sqlite3
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from explainers import ExplanationError
from explainers.reviews import database as module
from explainers.reviews.database import Database
from explainers.reviews.location import Location


@pytest.fixture
def quiet(monkeypatch):
    """What the server's log is told."""
    told = []
    monkeypatch.setattr(logging.Logger, "error", lambda logger, message, *values: told.append(message % values))
    return told


@pytest.fixture
def written(sqlite):
    with Database(sqlite).writing():
        pass
    return sqlite


def refusals(location):
    """What is said to somebody who reads, and to somebody who writes."""
    said = []
    for use in ("reading", "writing"):
        with pytest.raises(ExplanationError) as refusal, getattr(Database(location), use)() as session:
            session.execute(text("DELETE FROM whypixel_reviews"))
        said.append(str(refusal.value))
        assert "secret" not in said[-1]
        assert str(location.file) not in said[-1]
    return said


def test_its_file_and_folders_are_the_users_alone(written):
    files = [written.file, written.file.parent]
    assert [path.stat().st_mode & 0o777 for path in files] == [0o600, 0o700]


def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path, quiet):
    path = tmp_path / "secret.sqlite"
    path.write_bytes(b"not a database " * 100)
    assert {*refusals(Location("", path, 1))} == {"The review board's file isn't an SQLite database."}
    assert path.read_bytes() == b"not a database " * 100
    assert quiet


def test_a_name_that_no_file_can_have_is_a_sentence_too(tmp_path, quiet):
    assert {*refusals(Location("", tmp_path / ("secret" * 50), 1))} == {module.UNKNOWN}


def test_a_damaged_file_is_said_to_be(written, quiet):
    data = bytearray(written.file.read_bytes())
    data[4096:] = b"\xff" * (len(data) - 4096)
    written.file.write_bytes(data)
    for said in refusals(written):
        assert said in ("The review board's file is damaged.", module.UNKNOWN)


def test_contents_that_mean_nothing_are_a_sentence_too(written, quiet):
    with Database(written).writing() as session:
        session.execute(text("UPDATE whypixel_schema SET version = 'none'"))
    assert {*refusals(written)} == {module.UNKNOWN}


@pytest.mark.parametrize("path", ["/proc/none/reviews.sqlite", "/dev/null/reviews.sqlite"])
def test_a_file_that_can_not_be_made_says_why(path, quiet):
    database = Database(Location("", Path(path), 1))
    with pytest.raises(ExplanationError, match="The review board's file can't be made: "), database.writing():
        pass


def test_who_waits_too_long_for_others_is_told_to_try_again(written, monkeypatch, quiet):
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    with Database(written).writing():
        with pytest.raises(ExplanationError, match="Others are writing"), Database(written).writing():
            pass
        with Database(written).reading() as session:  # who reads needn't wait
            assert session.scalar(text("SELECT COUNT(*) FROM whypixel_reviews")) == 0


def test_a_full_disk_is_said_to_be_and_leaves_what_was_there(written, monkeypatch, quiet):
    monkeypatch.setattr(module, "PRAGMAS", (*module.PRAGMAS, "max_page_count=20"))
    with pytest.raises(ExplanationError, match="The disk that"), Database(written).writing() as session:
        session.execute(text("CREATE TABLE large AS SELECT zeroblob(1000000) AS data"))
    with Database(written).reading() as session:
        assert session.scalar(text("SELECT COUNT(*) FROM sqlite_master WHERE name = 'large'")) == 0


@pytest.mark.parametrize("name", ["SQLITE_FULL", "SQLITE_IOERR_SHMSIZE"])  # of who writes, and of who reads
def test_a_disk_without_a_byte_left_is_said_to_be_full(written, monkeypatch, quiet, name):
    error = sqlite3.OperationalError("disk I/O error")
    error.sqlite_errorname = name
    monkeypatch.setattr(module, "version", lambda connection: raised(OperationalError("SELECT", {}, error)))
    with pytest.raises(ExplanationError, match="is full"), Database(written).reading():
        pass
    assert quiet


def raised(error):
    raise error


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to any file")
def test_a_file_that_is_read_only_can_be_read(written, quiet):
    written.file.chmod(0o400)
    with Database(written).reading() as session:
        assert session.scalar(text("SELECT COUNT(*) FROM whypixel_reviews")) == 0
    with pytest.raises(ExplanationError, match="read but not written"), Database(written).writing():
        pass


@pytest.mark.parametrize(
    "address",
    ["me:secret@127.0.0.1:1/reviews", "me:secret@/reviews?host=/nowhere", f"me:secret@{'long' * 20}/reviews"],
)
def test_a_server_that_is_not_there_says_so_and_its_address_stays_in_the_log(address, quiet):
    location = Location(f"postgresql+psycopg://{address}", None, 1)
    assert {*refusals(location)} == {module.UNKNOWN}
    assert quiet
    assert "secret" not in "".join(quiet)


@pytest.mark.parametrize("address", ["me:secret@[::bad/reviews", "me:secret@host:port/reviews", "me:a@secret@host/r"])
def test_an_address_that_means_nothing_is_refused(address):
    with pytest.raises(ExplanationError, match="isn't the address of a database") as refusal:
        Database(Location(f"postgresql+psycopg://{address}", None, 1))
    assert "secret" not in str(refusal.value)


def test_a_missing_driver_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(ExplanationError, match=r"pip install 'psycopg\[binary\]'"):
        Database(Location("postgresql+psycopg://host/reviews", None, 1))


def test_a_file_that_was_moved_away_gets_no_more_reviews(written, tmp_path, open_board, keep):
    board = open_board(written)
    keep(board, 1)
    written.file.rename(tmp_path / "away.sqlite")
    assert board.offered().count == 0
    keep(board, 2)
    assert board.offered().count == 1
    away = open_board(replace(written, file=tmp_path / "away.sqlite"))
    assert away.offered().count == 1
