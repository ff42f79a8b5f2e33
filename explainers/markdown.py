"""Text that somebody else wrote, inside Markdown."""

from __future__ import annotations


def escaped(text: str) -> str:
    """A label as plain text inside Markdown."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-!|<>$~:" else sign for sign in text)
