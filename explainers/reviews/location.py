"""Where the review board is: in a file of its own, in a PostgreSQL database, or nowhere."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from explainers.errors import ExplanationError

VARIABLE, LIMIT_VARIABLE = "WHYPIXEL_DB", "WHYPIXEL_DB_MAX"
OFF = "off"
DEFAULT_LIMIT = 2000  # MB of all reviews together
DRIVER = "postgresql+psycopg"
POSTGRESQL = ("postgresql", "postgres", DRIVER)
MISTYPED = re.compile(r"^(postgres\w*|sqlite)[\s+\w]*(:|//)|\bpassword\s*=", re.IGNORECASE)  # no file is called so
MAX_DIGITS = 9
ACCEPTED = f"{OFF}, the path of a file, sqlite:///path or postgresql://user:password@host/database"


@dataclass(frozen=True)
class Location:
    """A database.

    url:       its address for SQLAlchemy, which may hold a password; empty for a file.
    file:      the file of an SQLite database; None for another one.
    max_bytes: how much all reviews together may take.
    """

    url: str = field(repr=False)
    file: Path | None
    max_bytes: int


def location() -> Location | None:
    """Return where the review board is, or None where it is switched off.

    Raises ExplanationError for a WHYPIXEL_DB or WHYPIXEL_DB_MAX that means nothing.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if text == OFF:
        return None
    if not text:
        return Location("", _default_file(), _max_bytes())
    scheme, separator, rest = text.partition("://")
    if not separator and not MISTYPED.search(text):
        return Location("", _file(text), _max_bytes())
    if scheme in POSTGRESQL and rest:
        return Location(f"{DRIVER}://{rest}", None, _max_bytes())
    if scheme == "sqlite" and rest.startswith("/") and len(rest) > 1:
        return Location("", Path(rest[1:]).absolute(), _max_bytes())
    raise ExplanationError(f"{VARIABLE} must be {ACCEPTED}.")  # what it is may hold a password


def is_on() -> bool:
    """Whether there is a review board; one whose location means nothing counts, because it says so."""
    return os.environ.get(VARIABLE, "").strip() != OFF


def _file(text: str) -> Path:
    """Return the file of a path. Raises ExplanationError for the home of a user who isn't there."""
    try:
        return Path(text).expanduser().absolute()
    except RuntimeError as error:
        raise ExplanationError(f"{VARIABLE} names a file in the home of a user who isn't there.") from error


def _default_file() -> Path:
    """Return the file in the folder that belongs to this user's programs."""
    data = os.environ.get("XDG_DATA_HOME", "")
    folder = Path(data) if data.startswith("/") else Path.home() / ".local/share"
    return folder / "whypixel/reviews.sqlite"


def _max_bytes() -> int:
    text = os.environ.get(LIMIT_VARIABLE, str(DEFAULT_LIMIT))
    if not text.isdecimal() or len(text) > MAX_DIGITS or int(text) < 1:
        raise ExplanationError(f"{LIMIT_VARIABLE} must be a whole number of megabytes, 1 or more, not {text[:20]!r}.")
    return int(text) * 10**6
