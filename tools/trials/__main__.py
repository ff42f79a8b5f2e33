"""What experiments say of methods on real classifiers and photos: Markdown tables.

    python -m tools.trials removal            deletion and insertion against the same map in the wrong place
    python -m tools.trials randomisation      rank correlation with the map of the randomised network
    python -m tools.trials pointing           whether the map's peak lies in the object's box
    python -m tools.trials pointing --write   puts what it prints into docs/experiments.md, too

The classifiers are those whose weights are in the folder WHYPIXEL_WEIGHTS (see the README), the photos those of the
folder WHYPIXEL_PHOTOS (see tools/trials/cases.py).
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from explainers import load_classifier
from explainers.classifiers.catalogue import sources
from tools import marks
from tools.benchmark.report import machine
from tools.trials.cases import cases

DOCUMENT, NAME = "experiments.md", "tools.trials"
TRIALS = ("removal", "randomisation", "pointing")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trial", choices=TRIALS)
    parser.add_argument("--photos", type=int, help="how many of them (all)")
    parser.add_argument("--networks", nargs="*", help="which of the classifiers (all)")
    parser.add_argument("--write", action="store_true", help=f"put the tables into docs/{DOCUMENT}")
    options = parser.parse_args()
    names = [source.name for source in sources() if source.origin == "local"]
    if not names or "WHYPIXEL_PHOTOS" not in os.environ:
        parser.error("set WHYPIXEL_WEIGHTS and WHYPIXEL_PHOTOS to folders of weights and photos")
    table = import_module(f"tools.trials.{options.trial}").table
    photos, sections = list(cases())[: options.photos], []
    for name in options.networks or names:
        sections.append(f"### {name}\n\n{table(load_classifier(name), photos)}")
        print(f"{sections[-1]}\n", flush=True)
    sections.append(f"{len(photos)} photos. {machine()}")
    print(sections[-1])
    if options.write:
        marks.write(DOCUMENT, f"{NAME} {options.trial}", "\n\n".join(sections))
    return 0


if __name__ == "__main__":
    sys.exit(main())
