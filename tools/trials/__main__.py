"""What experiments say of methods on real classifiers and photos: Markdown tables.

    python -m tools.trials removal            deletion and insertion against the same map in the wrong place
    python -m tools.trials randomisation      rank correlation with the map of the randomised network
    python -m tools.trials pointing           whether the map's peak lies in the object's box

The classifiers are those whose weights are in the folder WHYPIXEL_WEIGHTS (see the README), the photos those of the
folder WHYPIXEL_PHOTOS (see tools/trials/cases.py).
"""

from __future__ import annotations

import argparse
import os
import sys
from importlib import import_module

from explainers import load_classifier
from explainers.classifiers.catalogue import offers
from tools.benchmark.report import machine
from tools.trials.cases import cases

TRIALS = ("removal", "randomisation", "pointing")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("trial", choices=TRIALS)
    parser.add_argument("--photos", type=int, help="how many of them (all)")
    parser.add_argument("--networks", nargs="*", help="which of the classifiers (all)")
    options = parser.parse_args()
    names = [offer.name for offer in offers() if offer.origin == "local"]
    if not names or "WHYPIXEL_PHOTOS" not in os.environ:
        parser.error("set WHYPIXEL_WEIGHTS and WHYPIXEL_PHOTOS to folders of weights and photos")
    table = import_module(f"tools.trials.{options.trial}").table
    photos = list(cases())[: options.photos]
    for name in options.networks or names:
        print(f"### {name}\n\n{table(load_classifier(name), photos)}\n\n{machine()}\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
