"""What every method costs with its default settings, on real classifiers and photos: a Markdown table.

    python -m tools.benchmark.methods                prints it
    python -m tools.benchmark.methods --write        puts it into docs/methods.md, too

The classifiers are those whose weights are in the folder WHYPIXEL_WEIGHTS (see the README), the photos those that
labels.tsv lists in the folder WHYPIXEL_PHOTOS. A method may refuse a classifier with a sentence; if anything else goes
wrong, or a map is empty or not finite, it is said, nothing is written, and the exit status is 1.
"""

from __future__ import annotations

import argparse
import csv
import os
import statistics
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from explainers import (
    EXPLAINERS,
    Classifier,
    Explainer,
    ExplanationError,
    Target,
    load_classifier,
    read_image,
)
from explainers.classifiers.catalogue import sources
from tools import marks, tables
from tools.benchmark.report import machine

DOCUMENT, NAME = "methods.md", "tools.benchmark.methods"


@dataclass(frozen=True)
class Cost:
    """What a method took on a classifier: passes and seconds of each map, and the sentences where there is none."""

    passes: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Two cells of a table: the medians."""
        if not self.passes:
            return "refused | " if self.refusals else "failed | "
        return f"{statistics.median(self.passes):.0f} | {statistics.median(self.seconds):.2g}"


def cost(explainer: Explainer, classifier: Classifier, photos: Iterable[Image.Image]) -> Cost:
    """Explain the logit of each photo's most likely class."""
    found = Cost()
    for number, photo in enumerate(photos, 1):
        where = f"{explainer.title} on {classifier.name}, photo {number}"
        try:
            explanation = explainer(classifier, photo, Target(classifier.predict(photo, 1)[0].index))
        except ExplanationError as refusal:
            found.refusals.append(str(refusal))
        except Exception as error:  # whatever it is, the others are to be tried, too
            found.faults.append(f"{where}: {type(error).__name__}: {error}")
        else:
            if not explanation.values.any():
                found.faults.append(f"{where}: the map is empty.")
            found.passes.append(explanation.facts.passes)
            found.seconds.append(explanation.facts.seconds)
    return found


def table(costs: Mapping[str, Sequence[Cost]], classifiers: Sequence[str]) -> str:
    """The costs by method, one for each classifier, as Markdown."""
    head = ["Method", *(cell for name in classifiers for cell in (f"{name}: passes", "s"))]
    return tables.table(head, ([title, *map(str, row)] for title, row in costs.items()))


def _photos(count: int) -> list[Image.Image]:
    folder = Path(os.environ["WHYPIXEL_PHOTOS"])
    with (folder / "labels.tsv").open(newline="", encoding="utf-8") as lines:
        names = [row["file"] for row in csv.DictReader(lines, delimiter="\t")]
    return [read_image((folder / name).read_bytes()) for name in names[:count]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", type=int, default=10, help="how many of them (10)")
    parser.add_argument("--write", action="store_true", help=f"put the table into docs/{DOCUMENT}")
    options = parser.parse_args()
    names = [source.name for source in sources() if source.origin == "local"]
    if not names or "WHYPIXEL_PHOTOS" not in os.environ:
        parser.error("set WHYPIXEL_WEIGHTS and WHYPIXEL_PHOTOS to folders of weights and photos")
    photos, classifiers = _photos(options.photos), [load_classifier(name) for name in names]
    costs: dict[str, list[Cost]] = {}
    for kind in EXPLAINERS:
        costs[kind.title] = [cost(kind(), classifier, photos) for classifier in classifiers]
        print(kind.title, *costs[kind.title], sep=" | ", file=sys.stderr, flush=True)
    every = [each for row in costs.values() for each in row]
    refusals = dict.fromkeys(sentence for each in every for sentence in each.refusals)
    note = f"The logit of the most likely class; medians of {len(photos)} photos. {machine().partition(';')[0]}."
    block = f"{note}\n\n{table(costs, [classifier.name for classifier in classifiers])}"
    print(block, *refusals, sep="\n\n", flush=True)
    if faults := [fault for each in every for fault in each.faults]:
        print(*faults, sep="\n", file=sys.stderr)
        return 1
    if options.write:
        marks.write(DOCUMENT, NAME, block)
    return 0


if __name__ == "__main__":
    sys.exit(main())
