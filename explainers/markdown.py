"""Escapes text from outside, such as the labels of a classifier, for Markdown."""

from __future__ import annotations


def escaped(text: str) -> str:
    """Escape a text, so that Markdown shows it unchanged."""
    return "".join(f"\\{character}" if character in r"\`*_{}[]()#+-!|<>$~:" else character for character in text)
