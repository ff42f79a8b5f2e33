"""Places in the documentation that a tool fills: each between two marks, the first of which names the command."""

from __future__ import annotations

from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
END = "<!-- until here -->"
_BEGIN = "<!-- by python -m "


def begin(name: str) -> str:
    """The first mark of the place that `python -m <name> --write` fills."""
    return f"{_BEGIN}{name} --write -->"


def placed(text: str, name: str, block: str) -> str:
    """The text with the block in place of what stood between the marks of that name.

    Raises ValueError where a mark is missing.
    """
    before, first, rest = text.partition(begin(name))
    old, last, after = rest.partition(END)
    if not (first and last) or _BEGIN in old:
        raise ValueError(f"the two marks {begin(name)} and {END} are missing")
    return f"{before}{first}\n\n{block}\n\n{last}{after}"


def write(document: str, name: str, block: str) -> None:
    """Put the block into its place in a document of `docs/`. Raises ValueError where a mark is missing."""
    path = DOCS / document
    path.write_text(placed(path.read_text(encoding="utf-8"), name, block), encoding="utf-8")
