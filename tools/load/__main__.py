"""Put the dashboard under load: many visitors at once, and every map they get compared with the library's own.

    python -m tools.load --visitors 30 --seconds 180

Starts a server of its own on this machine alone (Linux). The visitors ask the same questions in every run: some want
plain gradients, each a new one; some look around; some want Integrated Gradients with 1000 steps, and some of those
leave or choose something else half way. Prints a report in Markdown; ends with 1 if anything was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle, product
from pathlib import Path
from random import Random

import numpy as np
from websockets.exceptions import WebSocketException

from explainers import EXPLAINERS, Classifier, Explainer, load_classifier
from explainers.explanation import SCALES
from explainers.images.samples import SAMPLES
from explainers.methods.gradients import Saliency
from explainers.methods.integrated_gradients import IntegratedGradients
from tools.load.questions import LIKELIEST, MIX, NO_OTHER, Question, distance, expected
from tools.load.server import Server, serve
from tools.load.visitor import Visitor, visitor

THINKING = 2.0  # seconds at most between a visitor's questions
GIVING_UP = (0.5, 4.0)  # seconds after which a visitor who gives up has had enough
PATIENCE = 600.0  # seconds; a longer wait is a trouble
SAMPLING = 15.0  # seconds between looks at the server's memory
BUSY = 0.2  # of a core: more than a server takes that has nothing to do
REST = 30  # seconds until it should have nothing to do when all have left
TOLERANCE = 1e-5  # of a map's largest value; with as many threads, maps agree to the last bit
TEXTS = {("method", kind.slug()): kind.title for kind in EXPLAINERS} | {("sample", s.name): s.title for s in SAMPLES}


@dataclass
class Visit:
    """A question that was asked, and the map that came, if it did before the visitor left."""

    question: Question
    asked: float = field(default_factory=time.perf_counter)
    ended: float = float("inf")
    map: str = ""

    @property
    def wait(self) -> float:
        return self.ended - self.asked

    @property
    def plain(self) -> bool:
        """Whether it is a plain gradient that is new; the likeliest class is asked for again and again."""
        return type(self.question.explainer) is Saliency and self.question.label != LIKELIEST


@dataclass
class Crowd:
    """The visitors of a server, and what happens to them.

    steps:         of the Integrated Gradients that take long.
    stopped, left: runs that ended early because their visitor chose something else, or went.
    """

    port: int
    labels: Sequence[str]
    seed: int
    steps: int
    visits: list[Visit] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    stopped: int = 0
    left: int = 0

    def __post_init__(self) -> None:
        every = [Question(Saliency(), s.name, label, scale=c) for s, label, c in product(SAMPLES, self.labels, SCALES)]
        Random(self.seed).shuffle(every)
        self.plain = cycle(every)  # when one comes again, the server has long forgotten it

    async def begin(self, visits: int) -> None:
        """Somebody has the server alone and wants plain gradients."""
        for number in range(visits):
            await self.look_around(Random(number), self.plain, 0)

    async def come(self, count: int, seconds: float) -> None:
        """Many visit for some time. At its end the patient ones stay for the map they wait for; the others leave."""
        patient, quitters, plain = max(1, count // 15), max(1, count // 10), max(1, count * 3 // 10)
        end, visits = time.perf_counter() + seconds, []
        for number in range(count):
            rng = Random(f"{self.seed} {number}")
            if number < patient:
                visits.append(partial(self.look_around, rng, self.long(rng), 0, most=1))
            elif number < patient + quitters:
                visits.append(partial(self.give_up, rng, self.long(rng)))
            else:
                questions = self.plain if number < patient + quitters + plain else self.mixed(rng)
                visits.append(partial(self.look_around, rng, questions, THINKING))
        async with asyncio.TaskGroup() as staying:
            for visit in visits[:patient]:
                staying.create_task(self._again(visit, end))
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds), asyncio.TaskGroup() as leaving:
                    for visit in visits[patient:]:
                        leaving.create_task(self._again(visit, end))

    async def _again(self, visit: Callable[[], Awaitable[None]], end: float) -> None:
        while time.perf_counter() < end:
            try:
                await visit()
            except (OSError, RuntimeError, TimeoutError, WebSocketException) as error:
                self.troubles.append(repr(error))
                await asyncio.sleep(1)

    def long(self, rng: Random) -> Iterator[Question]:
        """Integrated Gradients that take long and that nobody has asked for before."""
        while True:
            explainer = IntegratedGradients(steps=self.steps, baseline="random", seed=rng.randrange(10000), draws=1)
            yield Question(explainer, rng.choice(SAMPLES).name, rng.choice(self.labels))

    def mixed(self, rng: Random) -> Iterator[Question]:
        """All methods with several settings, mostly for the likeliest class."""
        while True:
            explainer = rng.choice(MIX)
            label, versus = (LIKELIEST, NO_OTHER) if rng.random() < 0.7 else rng.sample([*self.labels], 2)
            yield Question(explainer, rng.choice(SAMPLES).name, label, versus, rng.choice(explainer.scales))

    async def look_around(self, rng: Random, questions: Iterator[Question], thinking: float, most: int = 5) -> None:
        """Come with a question in the page's address, ask more by its widgets, `most` in all, and go."""
        kept: dict[type[Explainer], Explainer] = {}
        async with visitor(self.port) as who:
            await self.ask(who, question := next(questions))
            for _ in range(rng.randrange(most)):
                await asyncio.sleep(rng.uniform(0, thinking))
                kept[type(question.explainer)] = question.explainer
                before, question = question, next(questions).after(question, kept)
                await self.ask(who, question, before)
        await asyncio.sleep(rng.uniform(0, thinking))

    async def give_up(self, rng: Random, questions: Iterator[Question]) -> None:
        """Ask for what takes long; half way, ask for a plain gradient or go."""
        async with visitor(self.port) as who:
            question, goes = next(questions), rng.random() < 0.5
            there = await self.ask(who, question, patience=rng.uniform(*GIVING_UP))
            if not goes:
                await self.ask(who, replace(question, explainer=Saliency()), question)
            self.stopped, self.left = self.stopped + who.stopped, self.left + (goes and not there)

    async def ask(
        self, who: Visitor, question: Question, before: Question | None = None, patience: float | None = None
    ) -> bool:
        """Ask by the address, or by the widgets that the question before left otherwise; whether there is a map.

        patience: seconds after which the visitor has had enough; without one, it is a trouble to wait for long.
        """
        told, choices = before.choices if before else {}, question.choices
        self.visits.append(visit := Visit(question))
        if before is None:
            await who.open(choices)
        else:
            new = {key: value for key, value in choices.items() if key in who.page.widgets and told.get(key) != value}
            await who.choose({key: TEXTS.get((key, value), value) for key, value in new.items()})
        try:
            async with asyncio.timeout(PATIENCE):
                await who.until(lambda page: "method" in page.widgets)
                async with asyncio.timeout(patience):
                    page = await who.until(lambda page: page.over)
        except TimeoutError:
            if patience is None:
                raise
            return False
        finally:
            visit.ended = time.perf_counter()
        self.troubles += [f"{trouble} ({question})" for trouble in page.troubles]
        if page.maps:
            visit.map, visit.ended = page.maps[-1]
        else:
            self.troubles.append(f"no map for {question}")
        return bool(page.maps)


def judged(visits: Sequence[Visit], classifier: Classifier) -> Iterator[float]:
    """How far each map is from the library's own, in shares of its largest value."""
    asked = defaultdict(list)
    for visit in visits:
        asked[visit.question].append(visit)
    for question, same in asked.items():
        wanted = expected(question, classifier)
        yield from (distance(json.loads(visit.map)["data"], wanted) for visit in same)


def table(alone: Sequence[Visit], crowd: Sequence[Visit], steps: int) -> Iterator[str]:
    """How long maps took: for one visitor, for many, and for many while somebody's many steps were under way."""

    def row(name: str, visits: Sequence[Visit]) -> str:
        waits = [visit.wait for visit in visits]
        middle, most, worst = np.percentile(waits, [50, 95, 100]) if waits else [float("nan")] * 3
        return f"| {name} | {len(waits)} | {middle:.2f} | {most:.2f} | {worst:.2f} |"

    long = [visit for visit in crowd if getattr(visit.question.explainer, "steps", 0) == steps]
    there = [visit for visit in crowd if visit.map]
    plain = [visit for visit in there if visit.plain]
    meanwhile = [v for v in plain if any(other.asked < v.ended and v.asked < other.ended for other in long)]
    yield "| | maps | median wait, s | 95 % | worst |\n|---|---|---|---|---|"
    yield row("The server's first page", alone[:1])
    yield row("A new plain gradient, nobody else there", alone[1:])
    yield row("A new plain gradient", plain)
    yield row("The same, still waited for when time was up", [v for v in crowd if v.plain and not v.map])
    yield row(f"A new plain gradient while somebody waits for {steps} steps", meanwhile)
    yield row(f"Integrated Gradients with {steps} steps", [visit for visit in long if visit.map])
    for kind in EXPLAINERS:
        same = [visit for visit in there if type(visit.question.explainer) is kind]
        yield row(f"{kind.title}, other", [visit for visit in same if not (visit in long or visit.plain)])


async def visited(server: Server, crowd: Crowd, options: argparse.Namespace) -> list[str]:
    """Let the visitors come and go; what the server needed, and whether it rests when all have left."""
    memory = []

    async def watch() -> None:
        while True:
            memory.append(f"{server.memory:.0f}")
            await asyncio.sleep(SAMPLING)

    began, worked, own = time.perf_counter(), server.worked, time.process_time()
    watching = asyncio.create_task(watch())
    await crowd.come(options.visitors, options.seconds)
    watching.cancel()
    lasted = time.perf_counter() - began
    share, ours = (server.worked - worked) / lasted, (time.process_time() - own) / lasted
    rest = await rested(server)
    if rest > REST:
        crowd.troubles.append(f"the server still works {rest} s after all have left")
    await asyncio.sleep(options.settle)
    return [
        f"- Every {SAMPLING:.0f} s: {', '.join(memory)}; peak {server.peak:.0f}, at the end {server.memory:.0f}",
        f"- Of {os.cpu_count()} cores, the server took {share:.2f} and the visitors {ours:.2f}",
        f"- At rest {rest} s after all had left",
    ]


async def rested(server: Server) -> int:
    """Seconds until the server has nothing to do, or a little more than REST."""
    for seconds in range(REST + 1):
        worked = server.worked
        await asyncio.sleep(1)
        if server.worked - worked < BUSY:
            return seconds
    return REST + 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=30)
    parser.add_argument("--seconds", type=float, default=180.0, help="how long they visit")
    parser.add_argument("--steps", type=int, default=1000, help="of the Integrated Gradients that take long")
    parser.add_argument("--settle", type=float, default=10.0, help="seconds of rest before the last look at memory")
    parser.add_argument("--seed", type=int, default=0, help="another one asks other questions")
    options = parser.parse_args()
    classifier = load_classifier("bundled")
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as server:
        crowd = Crowd(server.port, classifier.labels, options.seed, options.steps)
        asyncio.run(crowd.begin(1))
        first = server.memory
        asyncio.run(crowd.begin(options.visitors // 6))
        alone = len(crowd.visits)
        said = asyncio.run(visited(server, crowd, options))
        if server.process.poll() is not None or "Traceback" in server.log:
            crowd.troubles.append(f"the server: {server.log}")
    there = [visit for visit in crowd.visits if visit.map]
    far = list(judged(there, classifier))
    wrong = sum(not share <= TOLERANCE for share in far)
    left = len(crowd.visits) - len(there) - crowd.stopped - crowd.left
    lines = (
        f"## {options.visitors} visitors for {options.seconds:.0f} s\n",
        *table(crowd.visits[:alone], crowd.visits[alone:], options.steps),
        f"\n- Maps: {len(there)}; {far.count(0.0)} equal to the library's to the last bit, {wrong} wrong",
        f"- Given up: {crowd.stopped} by choosing something else, {crowd.left} by leaving, {left} when time was up",
        f"- Memory of the server in MiB: after its first visit {first:.0f}",
        *said,
        f"- Troubles: {len(crowd.troubles)}",
        *(f"    - {count} × {trouble}" for trouble, count in Counter(crowd.troubles).most_common(10)),
    )
    print(*lines, sep="\n")
    sys.exit(bool(crowd.troubles or wrong))


if __name__ == "__main__":
    main()
