"""The report of a load run: how long maps took, whether they were right, and what the server needed."""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from explainers import EXPLAINERS, Classifier
from tools.benchmark.report import machine
from tools.load.crowd import Crowd, Visit
from tools.load.questions import distance, expected
from tools.load.watching import SAMPLING_INTERVAL, ServerLoad

TOLERANCE = 1e-5  # of a map's largest value; with as many threads, maps agree to the last bit


class Judged(NamedTuple):
    """A visit's map, and its distance from the library's own as a share of that one's largest value."""

    visit: Visit
    error: float

    @property
    def wrong(self) -> bool:
        return not self.error <= TOLERANCE  # NaN isn't, either


def judge(visits: Sequence[Visit], classifier: Classifier) -> list[Judged]:
    """Compare each visit's map with the library's own."""
    by_question = defaultdict(list)
    for visit in visits:
        if visit.map:
            by_question[visit.question].append(visit)
    judged = []
    for question, answered in by_question.items():
        traces = expected(question, classifier)
        judged += [Judged(visit, distance(json.loads(visit.map)["data"], traces)) for visit in answered]
    return judged


def report(
    title: str,
    crowd: Crowd,
    alone: int,
    first_memory: float,
    memory_at_rest: float,
    load: ServerLoad,
    judged: Sequence[Judged],
    collections: Sequence[float] | None = None,
) -> str:
    """Write the report in Markdown.

    alone:          how many of the crowd's visits had the server to themselves; they came first.
    first_memory:   of the server in MiB, after its first visit.
    memory_at_rest: in MiB, before the crowd, when every method had been used once and nobody was there.
    judged:         all maps; each that is wrong is named with its question.
    collections:    the seconds of the server's full garbage collections since its first visit, if they were counted.
    """
    timed_out = sum(not visit.map for visit in crowd.visits) - crowd.stopped - crowd.left
    return "\n".join(
        (
            f"## {title}\n",
            *waiting_times(crowd.visits[:alone], crowd.visits[alone:], crowd.steps),
            f"\n- Maps: {len(judged)}; {sum(each.error == 0 for each in judged)} equal to the library's to the last "
            f"bit, {sum(each.wrong for each in judged)} wrong",
            *(
                f"    - off by {each.error:.2g}, after {each.visit.wait:.1f} s: {each.visit.question}"
                for each in judged
                if each.wrong
            ),
            f"- Given up: {crowd.stopped} by choosing something else, {crowd.left} by leaving, "
            f"{timed_out} when time was up",
            f"- Memory of the server in MiB: after its first visit {first_memory:.0f}",
            f"- Every {SAMPLING_INTERVAL:.0f} s: {', '.join(f'{memory:.0f}' for memory in load.memory)}; "
            f"peak {load.peak_memory:.0f}",
            f"- At rest, nobody there: {memory_at_rest:.0f} when every method of the run had been used once, "
            f"{load.final_memory:.0f} after the crowd ({load.final_memory / memory_at_rest - 1:+.1%})",
            f"- Of {os.cpu_count()} cores, the server took {load.server_cores:.2f} "
            f"and the visitors {load.visitors_cores:.2f}",
            f"- At rest {load.rest} s after all had left",
            *(
                f"- Full garbage collections since the first visit: {len(counted)}, {sum(counted):.3f} s in all"
                for counted in ([] if collections is None else [collections])
            ),
            f"- Troubles: {len(crowd.troubles)}",
            *(f"    - {count} × {trouble}" for trouble, count in Counter(crowd.troubles).most_common(10)),
            f"\n{machine()}",
        )
    )


def waiting_times(alone: Sequence[Visit], together: Sequence[Visit], steps: int) -> Iterator[str]:
    """Yield the lines of a table of how long maps took: alone, in the crowd, and while many steps were under way."""

    def row(name: str, visits: Sequence[Visit]) -> str:
        waits = [visit.wait for visit in visits]
        median, percentile_95, worst = np.percentile(waits, [50, 95, 100]) if waits else [float("nan")] * 3
        return f"| {name} | {len(waits)} | {median:.2f} | {percentile_95:.2f} | {worst:.2f} |"

    long = [visit for visit in together if getattr(visit.question.explainer, "steps", 0) == steps]
    answered = [visit for visit in together if visit.map]
    plain = [visit for visit in answered if visit.plain]
    meanwhile = [visit for visit in plain if any(visit.overlaps(other) for other in long)]
    yield "| | maps | median wait, s | 95% | worst |\n|---|---|---|---|---|"
    yield row("The server's first page", alone[:1])
    yield row("A new plain gradient, nobody else there", alone[1:])
    yield row("A new plain gradient", plain)
    unanswered = [visit for visit in together if visit.plain and not visit.map]
    yield row("The same, still waited for when time was up", unanswered)
    yield row(f"A new plain gradient while somebody waits for {steps} steps", meanwhile)
    yield row(f"Integrated Gradients with {steps} steps", [visit for visit in long if visit.map])
    for kind in EXPLAINERS:
        same = [visit for visit in answered if type(visit.question.explainer) is kind]
        yield row(f"{kind.title}, other", [visit for visit in same if not (visit in long or visit.plain)])
