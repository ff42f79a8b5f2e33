"""The campaign of people's files: 80 of torchvision's architectures, 100 of timm's, 20 folders, and 20 strange ones.

    python -m tools.own_files                    all of it, and a table of what became of the files
    python -m tools.own_files --torchvision 5 --timm 5 --seed 1     fewer files, drawn otherwise

Every network has random weights, a number of classes of its own, often other channels, and sometimes another image
size; it is saved in one of ten forms, read, recognised and loaded, and must answer as before. A file is recognised,
among several that its names and shapes fit, guessed (and said to be), not recognised (and said so), or WRONG; then the
exit status is 1. Networks of more than 150 million weights are recognised by their shapes alone.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch

from tools.own_files.foreign import FOREIGN
from tools.own_files.hugging_face import SIDE, folders
from tools.own_files.judging import Outcome, judge, judge_folder, judge_foreign, judge_shapes
from tools.own_files.networks import MAX_WEIGHTS, cases, weights
from tools.own_files.wrapping import WRAPPERS
from tools.tables import table

KINDS = ("recognised", "first of several", "among several", "guessed", "not recognised", "WRONG")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--torchvision", type=int, default=80, help="how many of its architectures")
    parser.add_argument("--timm", type=int, default=100, help="how many of its architectures")
    parser.add_argument("--seed", type=int, default=0, help="from which everything is drawn")
    options = parser.parse_args()
    torch.set_num_threads(1)
    started, outcomes, strange = time.perf_counter(), [], []
    for outcome in _of_libraries(
        {"torchvision": options.torchvision, "timm": options.timm}, random.Random(options.seed)
    ):
        outcomes.append(outcome)
        _print(outcome)
    with tempfile.TemporaryDirectory() as place:
        for folder in folders(Path(place)):
            outcomes.append(judge_folder(*folder[:2], SIDE, *folder[2:]))
            _print(outcomes[-1])
    for foreign in FOREIGN:
        strange.append(judge_foreign(foreign))
        _print(strange[-1])
    print(f"\n{summary(outcomes)}\n\nNames of other releases and authors:\n\n{summary(strange)}")
    print(f"\n{time.perf_counter() - started:.0f} s")
    return int(any(outcome.kind == "WRONG" for outcome in (*outcomes, *strange)))


def _of_libraries(counts: dict[str, int], draws: random.Random) -> Iterator[Outcome]:
    for library, count in counts.items():
        for case in cases(library, count, draws):
            wrapper = draws.choice(WRAPPERS)
            try:
                large = weights(case.network("meta")) > MAX_WEIGHTS
                yield judge_shapes(case) if large else judge(case, wrapper)
            except Exception as error:  # one bug must not end the campaign
                yield Outcome(case.build.name, wrapper.__name__, None, 1, False, None, f"TRACEBACK {error!r}")


def summary(outcomes: list[Outcome]) -> str:
    """Return a table by wrapper and kind, and the largest difference of answers."""
    counts = Counter((outcome.wrapper, outcome.kind) for outcome in outcomes)
    wrappers = dict.fromkeys(outcome.wrapper for outcome in outcomes)
    rows = [[wrapper, *(str(counts[wrapper, kind]) for kind in KINDS)] for wrapper in wrappers]
    rows.append(["all", *(str(sum(outcome.kind == kind for outcome in outcomes)) for kind in KINDS)])
    differences = [outcome.difference for outcome in outcomes if outcome.difference is not None]
    told = sum(outcome.told for outcome in outcomes)
    return (
        f"{table(('file', *KINDS), rows)}\n\nClasses and channels are right in {told} of {len(outcomes)} files. The "
        f"largest difference of {len(differences)} networks' answers is {max(differences, default=0):.1e}."
    )


def _print(outcome: Outcome) -> None:
    difference = "" if outcome.difference is None else f" {outcome.difference:.0e}"
    print(f"{outcome.kind:16} {outcome.file} ({outcome.wrapper}){difference}: {outcome.said}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
