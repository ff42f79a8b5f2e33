"""Times as databases keep them: in UTC, without saying so."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the time as a database keeps it."""
    return datetime.now(UTC).replace(tzinfo=None)


def aware(time: datetime) -> datetime:
    """Return a time from a database, as one that knows that it is in UTC."""
    return time.replace(tzinfo=UTC)
