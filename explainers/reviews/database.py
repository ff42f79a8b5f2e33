"""A database of reviews: who reads sees what is whole, one writer at a time writes, and errors become sentences."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, NullPool, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, TimeoutError
from sqlalchemy.orm import Session

from explainers.errors import ExplanationError
from explainers.reviews.location import VARIABLE, Location
from explainers.reviews.migrations import VERSION, migrate, version

PATIENCE = 20  # seconds that somebody waits until others have written
CONNECTING, ANSWERING = 5, 30  # seconds for PostgreSQL to be reached, and to answer
LOCK = 0x77687970  # of PostgreSQL's, which whoever writes holds: "whyp"
ONE_MOMENT = "REPEATABLE READ"  # of PostgreSQL: all that a reader sees is of the same moment
WRITES = "writes"  # marks the connections that begin as writers
PRAGMAS = (
    "foreign_keys=ON",
    "secure_delete=ON",  # a picture that is removed is overwritten
)
NO_DRIVER = f"{VARIABLE} names a PostgreSQL database. That takes one more package: pip install 'psycopg[binary]'."
NO_ADDRESS = f"{VARIABLE} isn't the address of a database. In a password, @ is written as %40, and % as %25."
UNKNOWN = "The review board's database can't be used. The server's log says why."
DISK_FULL = (
    "The disk that the review board is on is full. Whoever runs this server must make room on it: even to remove a "
    "review takes some."
)
SENTENCES = {  # by the beginnings of SQLite's names of errors, and of PostgreSQL's SQLSTATE
    "SQLITE_BUSY": "Others are writing to the review board. Please try again in a moment.",
    "SQLITE_FULL": DISK_FULL,
    "SQLITE_IOERR_SHMSIZE": DISK_FULL,  # not even those who read have room for what they share with others
    "SQLITE_READONLY": "Nothing can be added to the review board: its file is read-only.",
    "SQLITE_CANTOPEN": "The review board's file can't be opened.",
    "SQLITE_IOERR": "The review board's file can't be read or written.",
    "SQLITE_NOTADB": "The review board's file isn't an SQLite database.",
    "SQLITE_CORRUPT": "The review board's file is damaged.",
    "55P03": "Others are writing to the review board. Please try again in a moment.",
    "53100": DISK_FULL,
    "25006": "Nothing can be added to the review board: its database is read-only.",
    "42501": "This server isn't allowed to write to the review board's database.",
}


class Database:
    """The database at a location. Nothing is made before somebody writes."""

    def __init__(self, location: Location) -> None:
        """Raises ExplanationError where the address means nothing, or a package is missing."""
        self._file = location.file
        try:
            self._engine = _sqlite(location.file) if location.file else _postgresql(location.url)
        except (ArgumentError, ValueError):
            raise ExplanationError(NO_ADDRESS) from None  # what it says may hold the password
        except ImportError as error:
            raise ExplanationError(NO_DRIVER) from error
        self._writer = self._engine.execution_options(**{WRITES: True})
        # SQLite's readers see one moment anyway. Writers mustn't: theirs would be from before they waited for the lock.
        self._reader = self._engine if location.file else self._engine.execution_options(isolation_level=ONE_MOMENT)

    @contextmanager
    def reading(self) -> Iterator[Session | None]:
        """Read in this block what is whole; None where nobody has written yet. Raises ExplanationError."""
        with _sentences():
            if (before := self._version()) and before < VERSION:
                with self.writing():
                    pass
            if before == 0:
                yield None
                return
            with Session(self._reader) as session:
                yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Write in this block, as the only one, all of it or nothing. Raises ExplanationError."""
        with _sentences():
            if self._file:
                _make(self._file)
            with Session(self._writer) as session, session.begin():
                if not self._file:
                    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
                migrate(session.connection())
                yield session

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    def _version(self) -> int:
        if self._file and not self._file.exists():
            return 0
        with self._engine.connect() as connection:
            return version(connection)


def _sqlite(file: Path) -> Engine:
    """Return an engine whose connections last for one use: a file that was moved away gets no more reviews."""
    engine = create_engine(
        URL.create("sqlite", database=str(file)),
        poolclass=NullPool,
        connect_args={"timeout": PATIENCE},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        connection.isolation_level = None  # so that Python begins no transactions of its own
        for pragma in PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")
        with suppress(sqlite3.OperationalError):  # somebody else has the file: it doesn't wait, and a later one sets it
            connection.execute("PRAGMA journal_mode=WAL")  # so that those who read needn't wait for those who write

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")

    return engine


def _postgresql(url: str) -> Engine:
    options = f"-c lock_timeout={PATIENCE}s -c statement_timeout={ANSWERING}s"
    if "@" in (make_url(url).host or ""):  # it is the end of a password, which would be told as the host
        raise ValueError("a sign of the password isn't escaped")
    arguments = {"connect_timeout": CONNECTING, "options": options}
    return create_engine(url, pool_pre_ping=True, connect_args=arguments, hide_parameters=True)


def _make(file: Path) -> None:
    """Make an empty file that only this user can read, with its folders, unless it is there."""
    if file.exists():
        return
    try:
        for folder in reversed([each for each in file.parents if not each.exists()]):
            folder.mkdir(mode=0o700, exist_ok=True)
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        logging.getLogger(__name__).error("The review board's file can't be made: %s", error)
        raise ExplanationError(f"The review board's file can't be made: {error.strerror or 'see the log'}.") from error


@contextmanager
def _sentences() -> Iterator[None]:
    """Raise ExplanationError for what goes wrong with a database; its message names neither address nor password."""
    try:
        yield
    except (IntegrityError, DataError):
        raise  # faults of ours
    except (DBAPIError, TimeoutError, OSError, ValueError) as error:  # of a file, a server's name, damaged contents
        cause = getattr(error, "orig", None) or error
        logging.getLogger(__name__).error("The review board's database: %s", cause)
        name = str(getattr(cause, "sqlite_errorname", None) or getattr(cause, "sqlstate", None) or "")
        sentence = next((said for start, said in SENTENCES.items() if name.startswith(start)), UNKNOWN)
        raise ExplanationError(sentence) from error
