"""Runs every method on the known networks of torchvision and timm, with random weights and small pictures.

    python -m tools.known_networks                     all of torchvision's, 60 families of timm's
    python -m tools.known_networks --only levit        those whose name or family begins so
    python -m tools.known_networks --up-to 171 --write also writes the tables to their place in docs/known-networks.md
    python -m tools.known_networks --over 171 --write  the same for the larger ones, of which most take minutes

Every method must give a finite map of the picture's size or refuse with a sentence; with any other outcome, the exit
status is 1.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

import torch

from tools import marks
from tools.known_networks.judging import Judgement, judge
from tools.known_networks.networks import SIDES, known_networks
from tools.tables import table

NAME, DOCUMENT = "tools.known_networks", "known-networks.md"
FAMILIES = 60


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--families", type=int, default=FAMILIES, help="of timm's, the smallest first")
    parser.add_argument("--over", type=float, default=0, help="megabytes of the weights, more than")
    parser.add_argument("--up-to", type=float, default=float("inf"), help="megabytes of the weights, at most")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="after which no other network is begun")
    parser.add_argument("--only", default="", help="the beginning of names or families")
    parser.add_argument("--smallest", type=int, default=SIDES[0], help="side of the pictures that are tried first")
    parser.add_argument("--write", action="store_true", help="write the tables to docs/known-networks.md")
    options = parser.parse_args()
    limits = {" --over": options.over, " --up-to": options.up_to}
    place = NAME + "".join(f"{name} {limit:g}" for name, limit in limits.items() if 0 < limit < float("inf"))
    if options.write and marks.begin(place) not in (marks.DOCS / DOCUMENT).read_text(encoding="utf-8"):
        parser.error(f"docs/{DOCUMENT} has no place for `python -m {place} --write`.")
    torch.set_num_threads(1)
    started, judgements = time.perf_counter(), []
    every = [
        known
        for known in known_networks(options.families)
        if options.over < known.megabytes <= options.up_to
        and (known.name.startswith(options.only) or known.family.startswith(options.only))
    ]
    for known in sorted(every, key=lambda known: known.megabytes):
        if time.perf_counter() - started > 60 * options.minutes:
            break
        judgements.append(judge(known, options.smallest))
        print(*_row(judgements[-1]), f"{judgements[-1].seconds:.1f} s", sep=" · ", flush=True)
        for failure in judgements[-1].failures:
            print(f"     {failure}", flush=True)
    judgements.sort(key=lambda judgement: (judgement.known.library != "torchvision", judgement.known.name))
    text = report(judgements, len(every), time.perf_counter() - started)
    print(f"\n{text}")
    if options.write:
        marks.write(DOCUMENT, place, text)
    return int(any(judgement.failures for judgement in judgements))


def report(judgements: list[Judgement], count: int, seconds: float) -> str:
    """Return the page: how many maps there are, by library, and the layer to start with of each network.

    count: the number of networks that there are.
    """
    by_library = [
        [library, str(len(rows)), *map(str, (maps, refusals, failures))]
        for library in dict.fromkeys(judgement.known.library for judgement in judgements)
        for rows in [[judgement for judgement in judgements if judgement.known.library == library]]
        for maps, refusals, failures in [
            (sum(each.maps for each in rows), sum(len(each.refusals) for each in rows), sum(map(_failures, rows)))
        ]
    ]
    reasons = Counter(reason for judgement in judgements for reason in judgement.refusals.values())
    return "\n\n".join(
        (
            f"{len(judgements)} of {count} networks, in {seconds / 60:.0f} minutes.",
            table(["library", "networks", "maps", "refusals", "neither"], by_library),
            table(["refused because", "times"], [[_general(reason), str(n)] for reason, n in _merged(reasons).items()]),
            table(["network", "picture", "layer to start with", "maps", "refusals"], map(_row, judgements)),
        )
    )


def _row(judgement: Judgement) -> list[str]:
    known = judgement.known
    side = f"{judgement.side} px" if judgement.side else "-"
    return [f"{known.name} ({known.library})", side, judgement.layer, str(judgement.maps), str(len(judgement.refusals))]


def _failures(judgement: Judgement) -> int:
    return len(judgement.failures)


def _merged(reasons: Counter[str]) -> Counter[str]:
    merged = Counter[str]()
    for reason, count in reasons.most_common():
        merged[_general(reason)] += count
    return merged


def _general(reason: str) -> str:
    """A refusal without what is particular to a network: its first sentence."""
    return reason.partition(". ")[0].rstrip(".") + "."


if __name__ == "__main__":
    sys.exit(main())
