"""How much the review board may take."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from explainers.errors import ExplanationError
from explainers.reviews.location import LIMIT_VARIABLE
from explainers.reviews.tables import AuditNoteRow, ReviewRow


def check_room(session: Session, nbytes: int, most: int) -> None:
    """Raise ExplanationError where so many more bytes would be more than `most`."""
    taken = sum(session.scalar(select(func.sum(row.nbytes))) or 0 for row in (ReviewRow, AuditNoteRow))
    if taken + nbytes > most:
        raise ExplanationError(
            f"The review board is full: it has room for {most // 10**6:,} MB. Remove reviews that nobody needs, or ask "
            f"whoever runs this server to raise {LIMIT_VARIABLE}."
        )
