"""A fuzz of networks: random small modules, and each method's map of them against plain float64 autograd.

    python -m tools.fuzz_networks --count 500 --seed 0       a table of what became of every map
    python -m tools.fuzz_networks --only 17 --seed 0         one network: its modules and what became of its maps

Every map is right, refused with a sentence, said to be uncertain (networks that answer differently each time), WRONG,
or ended in a TRACEBACK; with any of the last two, the exit status is 1.

A map is wrong if its relative L1 distance from the float64 map exceeds 1e-3 and also three times what rounding alone
does, because at the kink of a ReLU rounding may take the other side: what the unfolded network does in float32, by
plain torch, or in float64 with pixels that are off by a millionth, whichever is more.
"""

from __future__ import annotations

import argparse
import sys
import time
import warnings
from collections import Counter

import torch

from tools.fuzz_networks.judging import FAILURES, KINDS, Judgement, judge
from tools.fuzz_networks.networks import Case
from tools.tables import table


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500, help="how many networks")
    parser.add_argument("--seed", type=int, default=0, help="from which they are drawn")
    parser.add_argument("--only", type=int, help="the number of a single network")
    options = parser.parse_args()
    torch.set_num_threads(1)  # small networks gain nothing from more
    warnings.simplefilter("ignore")  # those of the networks
    numbers = range(options.count) if options.only is None else [options.only]
    started, judgements = time.perf_counter(), []
    for number in numbers:
        case = Case(options.seed, number)
        judgements.append(judge(case))
        for outcome in judgements[-1].outcomes:
            if outcome.kind in FAILURES or options.only is not None:
                print(f"{number:4} {outcome.kind:9} {outcome.method}: {outcome.detail}\n     {case}", flush=True)
    if options.only is not None:
        print(Case(options.seed, options.only).build())
    print(f"\n{summary(judgements)}\n{time.perf_counter() - started:.0f} s")
    return int(any(outcome.kind in FAILURES for judgement in judgements for outcome in judgement.outcomes))


def summary(judgements: list[Judgement]) -> str:
    """Return a table of outcomes by method and kind, and how many networks were folded."""
    counts = Counter((outcome.method, outcome.kind) for judgement in judgements for outcome in judgement.outcomes)
    methods = dict.fromkeys(method for method, _ in counts)
    rows = [[method, *(str(counts[method, kind]) for kind in KINDS)] for method in methods]
    folded = sum(judgement.folded for judgement in judgements)
    return f"{table(['method', *KINDS], rows)}\n\n{folded} of {len(judgements)} networks were folded."


if __name__ == "__main__":
    sys.exit(main())
