"""Plants something in made data sets, trains a classifier on each, audits it, and says whether the audit finds it.

    python -m tools.planted watermark --seeds 0 1 2 3 4        a mark in the lower left corner of half of the squares
    python -m tools.planted border --seeds 0 1                 a dark frame around half of them
    python -m tools.planted cast --seeds 0 1                   a warm light on half of them
    python -m tools.planted nothing --seeds 0 1                the control
    python -m tools.planted watermark --seeds 0 --methods integrated-gradients grad-cam gradient
    python -m tools.planted watermark --seeds 0 --out FOLDER   keeps pictures, weights and runs there

Nothing is downloaded. A seed's network depends on the number of torch's threads, so one is used.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from explainers.explainer import Explainer
from explainers.methods.grad_cam import GradCAM
from explainers.methods.gradients import Saliency
from explainers.methods.integrated_gradients import IntegratedGradients
from tools.planted.auditing import audited
from tools.planted.drawing import PLANTS, Plant
from tools.planted.judging import FIRST, LEAST, Judgement
from tools.tables import table

METHODS: dict[str, Explainer] = {
    "integrated-gradients": IntegratedGradients(steps=12, rule="trapezoid", baseline="grey"),
    "grad-cam": GradCAM(),
    "gradient": Saliency(),
}
EACH = 400  # pictures of each class
HEAD = ("Plant", "Seed", "Method", "Place", "By", "Recall", "Precision", "Surest causal", "False alarms", "Seconds")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("plant", choices=PLANTS)
    parser.add_argument("--seeds", type=int, nargs="+", required=True)
    parser.add_argument("--methods", choices=METHODS, nargs="+", default=[*METHODS][:1])
    parser.add_argument("--pictures", type=int, default=EACH, help="of each class")
    parser.add_argument("--out", type=Path, help="keep everything in this folder")
    options = parser.parse_args()
    torch.set_num_threads(1)
    judgements: list[Judgement] = []
    print(table(HEAD, []), flush=True)
    with TemporaryDirectory() as folder:
        for seed in options.seeds:
            for method in options.methods:
                start = time.perf_counter()
                place = (options.out or Path(folder)) / f"{options.plant}-{seed}"
                judgement = audited(place, options.plant, seed, options.pictures, method, METHODS[method])
                judgements.append(judgement)
                print(_row(options.plant, seed, method, judgement, time.perf_counter() - start), flush=True)
    print(f"\n{_summary(options.plant, judgements)}")
    return 0


def _row(plant: Plant, seed: int, method: str, judgement: Judgement, seconds: float) -> str:
    cells = (
        *(plant, str(seed), method, str(judgement.place or "none"), judgement.kind or "none"),
        *(f"{share:.2f}" for share in (judgement.recall, judgement.precision, judgement.sure)),
        *(", ".join(judgement.alarms) or "none", f"{seconds:.0f}"),
    )
    return f"| {' | '.join(cells)} |"


def _summary(plant: Plant, judgements: Iterable[Judgement]) -> str:
    results = [*judgements]
    silent = sum(not each.alarms for each in results)
    if plant == "nothing":
        return f"Nothing was reported in {silent} of {len(results)} audits without a plant."
    count = sum(each.is_found for each in results)
    return (
        f"The plant is among the first {FIRST} findings, with a recall and a precision of {LEAST} or more, in {count} "
        f"of {len(results)} audits. {silent} of them raised no false alarm."
    )


if __name__ == "__main__":
    sys.exit(main())
