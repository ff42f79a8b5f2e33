"""Escapes text from outside, such as the labels of a classifier, for Markdown, and takes Markdown out of sentences."""

from __future__ import annotations

import re


def escaped(text: str) -> str:
    """Escape a text, so that Markdown shows it unchanged."""
    return "".join(f"\\{character}" if character in r"\`*_{}[]()#+-!|<>$~:" else character for character in text)


def plain(markdown: str) -> str:
    """Return a sentence without the signs of Markdown that stand in it: stars for bold type, and escapes."""
    return re.sub(r"\\(.)|\*\*", lambda sign: sign[1] or "", markdown)
