"""What stands beside the reviews: who sees them, how many have each verdict, and all of them as files."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.reviews.board import Board, Found, Offered
from explainers.reviews.export import MAX_IN_REPORT, as_csv, as_report
from explainers.reviews.review import VERDICTS, Wanted

WHO_SEES_IT = (
    "Anybody who can open this dashboard can see these reviews, add to them, and remove them. People choose the names "
    "that they give, and nobody checks them."
)


def say_who_sees_it() -> DeltaGenerator:
    """Say who sees the board, and return the place below."""
    st.markdown("**Who sees this?**")
    st.caption(WHO_SEES_IT)
    return st.container()


def offer_downloads(board: Board, wanted: Wanted, found: Found, offered: Offered) -> None:
    """Say how many reviews have each verdict, and offer those that are listed as files."""
    if not offered.count:
        return
    st.markdown("**Verdicts**")
    counts = {title: offered.verdicts.get(name, 0) for name, title in VERDICTS.items()}
    st.markdown("\n".join(f"- {title}: {count}" for title, count in counts.items() if count))
    if not found.count:
        return
    st.markdown("**Save**")
    st.download_button(
        "Report (HTML)", lambda: _report(board, wanted), "reviews.html", key="reviews-report", on_click="ignore"
    )
    st.download_button(
        "Table (CSV)",
        lambda: as_csv(board.find(wanted, thumbnails=False).reviews),
        "reviews.csv",
        key="reviews-csv",
        on_click="ignore",
    )
    st.caption("All reviews that match the filters, with every verdict and note.")


def _report(board: Board, wanted: Wanted) -> str:
    found = board.find(wanted, count=MAX_IN_REPORT)
    return as_report(found.reviews, found.count, _in_words(wanted))


def _in_words(wanted: Wanted) -> str:
    """Say which reviews were looked for; an empty text for all."""
    parts = {
        "with the words “{}”": wanted.text,
        "with the verdict “{}”": VERDICTS.get(wanted.verdict, ""),
        "with the method {}": wanted.method,
        "with the classifier {}": wanted.classifier,
        "judged by {}": wanted.name,
    }
    return ", ".join(text.format(value) for text, value in parts.items() if value)
