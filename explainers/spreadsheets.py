"""Texts in tables that spreadsheets open."""

from __future__ import annotations

FORMULA_SIGNS = tuple("=+-@|%")  # at the beginning of a text, they make a spreadsheet compute it


def harmless(text: str) -> str:
    """Return a stranger's text for a cell: one that a spreadsheet would compute gets an apostrophe before it."""
    return f"'{text}" if text.lstrip().startswith(FORMULA_SIGNS) else text
