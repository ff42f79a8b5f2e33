"""Put the dashboard under load: many visitors at once, and every map they get compared with the library's own.

    python -m tools.load --visitors 30 --seconds 180
    python -m tools.load --write                        puts the report into docs/measurements.md, too

Starts a server of its own on this machine alone (Linux). The visitors ask the same questions in every run: some want
plain gradients, each a new one; some look around; some want Integrated Gradients with 1000 steps, and some of those
leave or choose something else half way. Prints a report in Markdown; if anything was wrong, it ends with 1 and writes
nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from explainers import load_classifier
from explainers.classifiers import BUNDLED
from pages.shared.visits import EMPTY, GRACE
from tools import marks
from tools.load.crowd import Crowd
from tools.load.report import judge, report
from tools.load.server import serve
from tools.load.watching import watch

REST = GRACE + EMPTY + 20.0  # seconds, after which the server keeps nothing that it can compute again
DOCUMENT, NAME = "measurements.md", "tools.load"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long they visit")
    parser.add_argument("--steps", type=int, default=1000, help="of the Integrated Gradients that take long")
    parser.add_argument("--classifier", default=BUNDLED, help="the one that visitors meet first, and explain")
    parser.add_argument("--settle", type=float, default=REST, help="seconds of rest before the looks at memory")
    parser.add_argument("--seed", type=int, default=0, help="another one asks other questions")
    parser.add_argument(
        "--count-collections", action="store_true", help="count full garbage collections, which slows the server down"
    )
    parser.add_argument("--write", action="store_true", help=f"put the report into docs/{DOCUMENT}")
    options = parser.parse_args()
    classifier = load_classifier(options.classifier)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder), counting=options.count_collections, classifier=options.classifier) as server,
    ):
        crowd = Crowd(server.port, classifier.labels, options.seed, options.steps)
        asyncio.run(crowd.visit_alone(1))
        first_memory, first_collections = server.memory, len(server.collections)
        early = replace(crowd, visits=[], troubles=crowd.troubles)
        asyncio.run(early.use_every_method())
        time.sleep(options.settle)
        memory_at_rest = server.memory
        asyncio.run(crowd.visit_alone(options.visitors // 6))
        alone = len(crowd.visits)
        load = asyncio.run(watch(server, crowd, options.visitors, options.seconds, options.settle))
        collections = server.collections[first_collections:] if options.count_collections else None
        if server.process.poll() is not None or "Traceback" in server.log:
            crowd.troubles.append(f"the server: {server.log}")
    judged = judge([*early.visits, *crowd.visits], classifier)
    title = f"{options.visitors} visitors for {options.seconds:.0f} s on {classifier.name}"
    text = report(title, crowd, alone, first_memory, memory_at_rest, load, judged, collections)
    failed = bool(crowd.troubles or any(each.wrong for each in judged))
    print(text)
    if options.write and not failed:
        marks.write(DOCUMENT, NAME, text)
    sys.exit(failed)


if __name__ == "__main__":
    main()
