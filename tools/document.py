"""What the methods declare of themselves: a Markdown table.

python -m tools.document                prints it
python -m tools.document --write        puts it into docs/methods.md, too
"""

from __future__ import annotations

import argparse

from explainers import EXPLAINERS, Explainer
from tools import marks, tables

DOCUMENT, NAME = "methods.md", "tools.document"
HEAD = ("Method", "Family", "Stands on", "Ours, and why", "Adds up", "Linear", "Values lie on", "Scores")
GRIDS = {"picture": "pixels", "layer": "layer grid"}


def row(kind: type[Explainer]) -> tuple[str, ...]:
    """The cells of a method."""
    return (
        f"[{kind.title}]({kind.paper})",
        kind.family,
        _capitalised(kind.stands_on),
        _capitalised(kind.ours),
        "yes" if kind.complete else "no",
        "yes" if kind.linear else "no",
        GRIDS[kind.lies_on],
        ", ".join(kind.scales),
    )


def table() -> str:
    """All methods, in the order of the menus."""
    return tables.table(HEAD, map(row, EXPLAINERS))


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{DOCUMENT}")
    options = parser.parse_args()
    print(table())
    if options.write:
        marks.write(DOCUMENT, NAME, table())


if __name__ == "__main__":
    main()
