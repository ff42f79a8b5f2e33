"""The figures of the lesson "A shortcut", a row for each network: python -m tools.shortcut [SEED ...]"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

from explainers.lessons.mean_map import METHODS, MeanMap
from explainers.lessons.training import Rates, Training
from explainers.numbers import percent
from tools import tables

SEEDS = (0, 1, 2)
HEAD = (
    *("Seed", "Accuracy", "Squares with, without the mark", "Other shapes with the mark called squares"),
    *(f"{name[0].upper()}{name[1:]}" for name in METHODS),
)


def row(training: Training) -> tuple[str, ...]:
    """Train a network, and return its cells."""
    trained = training.run()
    name = f"{training.seed}" if training.planted else f"{training.seed}, control"
    return name, *_rates(trained.rates), *map(_times, trained.maps.values())


def rows(seeds: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of all networks that bear the mark, and then those of the controls."""
    for planted in (True, False):
        for seed in seeds:
            yield row(Training(planted, seed))


def _rates(rates: Rates) -> tuple[str, str, str]:
    squares = f"{percent(rates.with_mark)}, {percent(rates.without_mark)}"
    return percent(rates.accuracy), squares, percent(rates.others_with_mark)


def _times(found: MeanMap) -> str:
    """Say how many times its share of the area the mark's box gets, and whether the strongest pixel lies there."""
    return f"{found.times:.1f} ×{', peak' if found.peaks_in_box else ''}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.shortcut", description=__doc__)
    parser.add_argument("seed", nargs="*", type=int, default=SEEDS, help=f"by default {SEEDS[0]} to {SEEDS[-1]}")
    print(tables.table(HEAD, rows(parser.parse_args().seed)))


if __name__ == "__main__":
    main()
