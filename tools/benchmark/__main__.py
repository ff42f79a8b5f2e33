"""Measure Whypixel on the CPU, against its peers and against the truth: Markdown tables, and which promises hold.

    python -m tools.benchmark                  everything, about an hour on two cores
    python -m tools.benchmark speed memory     some parts
    python -m tools.benchmark exact --write    puts what it prints into docs/measurements.md, too

Parts: speed, verification (what it costs) and memory (the last two with random weights), accuracy (how far the peers'
maps are from ours), exact (steps against an exact map), errors (time to a given error on photos; `--cases 24` takes
about an hour), start (from the command to the first map, in a browser), visits (what a visitor waits for, by page and
family), drop (from a dropped file to its first map), audit (pictures per second, memory), ray (audits by several
actors), command-line (photos per second, memory).
torchcam and grad-cam take part where they are installed. Real weights are those in the folder WHYPIXEL_WEIGHTS (see the
README), photos those that labels.tsv lists in the folder WHYPIXEL_PHOTOS; without them `speed` and `accuracy` take
random weights, and `errors` and `command-line` are skipped. `memory`, `start`, `visits`, `drop`, `audit` and
`command-line` need Linux (`memory` with glibc), `start`, `visits` and `drop` a browser, too.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import explainers  # noqa: F401  before torch: it sets how threads wait, for all contenders
from tools import marks
from tools.benchmark import audits, errors, peers, steps, visits
from tools.benchmark import drop as dropping
from tools.benchmark import start as starting
from tools.benchmark.command_line import command_line
from tools.benchmark.contenders import LAYERS
from tools.benchmark.report import machine
from tools.benchmark.verifying import verifying

DOCUMENT, NAME = "measurements.md", "tools.benchmark"
PARTS: dict[str, Callable[[argparse.Namespace], str | None]] = {
    "speed": lambda options: peers.speed(options.networks, options.rounds),
    "verification": lambda options: verifying(options.networks, options.rounds),
    "memory": lambda options: f"{peers.memory(options.networks)}\n\n{peers.growth(options.networks)}",
    "accuracy": lambda options: peers.accuracy(options.networks),
    "exact": lambda options: steps.against_exact(),
    "errors": lambda options: errors.time_to_error(options.cases, options.reference),
    "start": lambda options: starting.start(options.rounds, options.other),
    "visits": lambda options: visits.visits(options.rounds),
    "drop": lambda options: dropping.drop(),
    "audit": lambda options: audits.audits(options.rounds),
    "ray": lambda options: audits.ray(),
    "command-line": lambda options: command_line(options.rounds),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", metavar="part", help=f"{', '.join(PARTS)}; none: all of them")
    parser.add_argument("--networks", nargs="+", choices=LAYERS, default=list(LAYERS), help="of the first four parts")
    parser.add_argument(
        "--rounds",
        type=int,
        default=5,
        help="of IG in `speed` and `verification`, 4 times as many of methods of one pass; of `start` and `visits`",
    )
    parser.add_argument("--cases", type=int, help="how many maps `errors` takes, drawn evenly; none: all")
    parser.add_argument("--other", type=Path, help="another commit's checkout, which `start` measures in turns")
    parser.add_argument("--reference", type=int, default=4320, help="steps of the map that `errors` compares with")
    parser.add_argument("--write", action="store_true", help=f"put each part's sections into docs/{DOCUMENT}")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no part is called {' or '.join(sorted(unknown))}")
    print(machine(), flush=True)
    for part in options.parts or PARTS:
        sections = PARTS[part](options)
        print(
            f"\n{sections or f'Skipped {part}: some of what it needs (see --help) is missing.'}",
            flush=True,
        )
        if sections and options.write:
            marks.write(DOCUMENT, f"{NAME} {part}", f"{sections}\n\n{machine()}")


if __name__ == "__main__":
    main()
