"""Send damaged pictures and the worst ones known to the decoder, and see what they cost.

    python -m tools.fuzz_pictures                     5,000 mutations, the worst pictures, 30 visitors
    python -m tools.fuzz_pictures --mutations 0

A mutation must give a photo or a sentence; any other error is printed, and the tool ends with 1. For each of the worst
pictures, the processor's time and the memory above rest are shown, of this process and its decoder together (Linux).
Then all visitors read one of them at the same time, and keep what comes out: once they share the worst ones among
themselves, and once all of them send the one that took most memory.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time
from collections import Counter
from collections.abc import Sequence
from itertools import islice

from explainers import ExplanationError
from explainers.images.photo import Photo
from tools.fuzz_pictures.files import mutations, valid_files
from tools.fuzz_pictures.watching import Peak, cpu_seconds
from tools.fuzz_pictures.worst import WORST
from tools.tables import table


def outcome(data: bytes) -> tuple[Photo | None, str]:
    """The photo that a file gives, if it does, and what came out in words; a foreign error is raised."""
    try:
        photo = Photo.read("picture", data)
    except ExplanationError as error:
        return None, str(error)
    return photo, "read"


def mutate(count: int, seed: int) -> int:
    """Read so many mutations, print what came out, and return the number of foreign errors."""
    files, results, started = valid_files(), Counter[str](), time.perf_counter()
    for number, (name, data) in enumerate(files.items()):
        share = count // len(files) + (number < count % len(files))
        for damaged in islice(mutations(data, f"{name} {seed}"), share):
            try:
                results["read" if outcome(damaged)[0] else "refused"] += 1
            except Exception as error:
                results["foreign"] += 1
                print(f"{name}: {error!r} of {damaged!r}")
    print(
        f"{count:,} mutations of {len(files)} files in {time.perf_counter() - started:.0f} s: "
        f"{results['read']:,} read, {results['refused']:,} refused with a sentence, {results['foreign']} foreign errors"
    )
    return results["foreign"]


def costs() -> str:
    """Read each of the worst pictures alone, print what it costs, and return the one that took most memory."""
    rows, peaks = [], {}
    for name, make in WORST.items():
        data, peak = make(), Peak()
        outcome(next(iter(valid_files().values())))  # so that there is a decoder, whose start isn't counted
        before = cpu_seconds()
        with peak.watched():
            words = outcome(data)[1]
        peaks[name] = peak.megabytes
        rows.append((name, f"{len(data) / 1e6:.2f}", f"{cpu_seconds() - before:.2f}", f"{peak.megabytes:.0f}", words))
    print(table(("Picture", "MB", "CPU s", "Memory above rest, MB", "What came out"), rows))
    return max(peaks, key=peaks.__getitem__)


def crowd(files: Sequence[bytes]) -> float:
    """Let one visitor for each file read it at the same time, and keep it; return the most memory above rest in MB."""
    peak, kept = Peak(), list[Photo | None]()
    visitors = [threading.Thread(target=lambda data=data: kept.append(outcome(data)[0])) for data in files]
    with peak.watched():
        for visitor in visitors:
            visitor.start()
        for visitor in visitors:
            visitor.join()
    return peak.megabytes


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=5000)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0, help="another one makes other mutations")
    options = parser.parse_args()
    foreign = mutate(options.mutations, options.seed)
    greediest = costs()
    names = list(WORST)
    for title, chosen in (
        ("one of the worst pictures each", [names[number % len(names)] for number in range(options.visitors)]),
        (f"'{greediest}'", [greediest] * options.visitors),
    ):
        made = {name: WORST[name]() for name in {*chosen}}
        print(f"{options.visitors} visitors with {title}: {crowd([made[name] for name in chosen]):.0f} MB above rest")
    sys.exit(bool(foreign))


if __name__ == "__main__":
    main()
