"""The crowd of a load run: visitors who come, ask, wait, leave or change their minds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle, product
from random import Random

from websockets.exceptions import WebSocketException

from explainers import EXPLAINERS, Explainer
from explainers.explanation import SCALES
from explainers.images.samples import SAMPLES
from explainers.methods.families import FAMILIES
from explainers.methods.gradients import Saliency
from explainers.methods.integrated_gradients import IntegratedGradients
from tools.load.questions import LIKELIEST_CLASS, METHOD_MIX, NO_OTHER_CLASS, Question
from tools.load.visitor import Visitor, visitor

MAX_THINKING = 2.0  # seconds between a visitor's questions
GIVING_UP_AFTER = (0.5, 4.0)  # seconds, least and most, that a visitor waits who gives up
MAX_WAIT = 600.0  # seconds; a longer wait counts as a trouble
TITLES = {  # of the options whose text on the page isn't their value
    **{("method", kind.slug()): kind.title for kind in EXPLAINERS},
    **{("sample", sample.name): sample.title for sample in SAMPLES},
}


@dataclass
class Visit:
    """A question that was asked, and the map that came, if it came before the visitor left."""

    question: Question
    asked: float = field(default_factory=time.perf_counter)
    ended: float = float("inf")
    map: str = ""

    @property
    def wait(self) -> float:
        return self.ended - self.asked

    @property
    def plain(self) -> bool:
        """Whether it is a plain gradient that is new; one of the likeliest class is asked for again and again."""
        return type(self.question.explainer) is Saliency and self.question.label != LIKELIEST_CLASS

    def overlaps(self, other: Visit) -> bool:
        """Whether both were waited for at the same time."""
        return other.asked < self.ended and self.asked < other.ended


@dataclass
class Crowd:
    """The visitors of a server, and what happens to them.

    labels:        the classes that they ask about.
    steps:         of the Integrated Gradients that take long.
    visits:        all questions so far.
    troubles:      what went wrong, in sentences.
    stopped, left: runs that ended early because their visitor chose something else, or went away.
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
        questions = [
            Question(Saliency(), sample.name, label, scale=scale)
            for sample, label, scale in product(SAMPLES, self.labels, SCALES)
        ]
        Random(self.seed).shuffle(questions)
        self.plain = cycle(questions)  # when one comes again, the server has long forgotten it

    async def visit_alone(self, visits: int) -> None:
        """Ask for plain gradients, one visitor after the other, each with the server to themselves."""
        for number in range(visits):
            await self.look_around(Random(number), self.plain, 0)

    async def use_every_method(self) -> None:
        """Ask for one map of every method of the mix with each of its settings, one visitor after the other."""
        for explainer in METHOD_MIX:
            await self.look_around(Random(self.seed), iter([Question(explainer)]), 0, most=1)

    async def visit_together(self, count: int, seconds: float) -> None:
        """Let `count` visitors come for some time; then the patient ones wait for their map, and the others leave."""
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
                visits.append(partial(self.look_around, rng, questions, MAX_THINKING))
        async with asyncio.TaskGroup() as staying:
            for visit in visits[:patient]:
                staying.create_task(self._repeat(visit, end))
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds), asyncio.TaskGroup() as leaving:
                    for visit in visits[patient:]:
                        leaving.create_task(self._repeat(visit, end))

    async def _repeat(self, visit: Callable[[], Awaitable[None]], end: float) -> None:
        """Visit again and again until the end, and note what goes wrong."""
        while time.perf_counter() < end:
            try:
                await visit()
            except (OSError, RuntimeError, TimeoutError, WebSocketException) as error:
                self.troubles.append(repr(error))
                await asyncio.sleep(1)

    def long(self, rng: Random) -> Iterator[Question]:
        """Yield questions for Integrated Gradients that take long and that nobody has asked for before."""
        while True:
            explainer = IntegratedGradients(steps=self.steps, baseline="random", seed=rng.randrange(10000), draws=1)
            yield Question(explainer, rng.choice(SAMPLES).name, rng.choice(self.labels))

    def mixed(self, rng: Random) -> Iterator[Question]:
        """Yield questions for several methods with several settings, mostly for the likeliest class."""
        while True:
            explainer = rng.choice(METHOD_MIX)
            label, versus = (LIKELIEST_CLASS, NO_OTHER_CLASS) if rng.random() < 0.7 else rng.sample([*self.labels], 2)
            yield Question(explainer, rng.choice(SAMPLES).name, label, versus, rng.choice(explainer.scales))

    async def look_around(self, rng: Random, questions: Iterator[Question], thinking: float, most: int = 5) -> None:
        """Ask one question in the page's address and more by its widgets, `most` in all, and leave.

        thinking: seconds at most between two questions.
        """
        kept: dict[type[Explainer], Explainer] = {}
        async with visitor(self.port) as tab:
            await self.ask(tab, question := next(questions))
            for _ in range(rng.randrange(most)):
                await asyncio.sleep(rng.uniform(0, thinking))
                kept[type(question.explainer)] = question.explainer
                before, question = question, next(questions).after(question, kept)
                await self.ask(tab, question, before)
        await asyncio.sleep(rng.uniform(0, thinking))

    async def give_up(self, rng: Random, questions: Iterator[Question]) -> None:
        """Ask for a map that takes long; before it comes, ask for a plain gradient or leave."""
        async with visitor(self.port) as tab:
            question, leaves = next(questions), rng.random() < 0.5
            answered = await self.ask(tab, question, patience=rng.uniform(*GIVING_UP_AFTER))
            if not leaves:
                await self.ask(tab, replace(question, explainer=Saliency()), question)
            self.stopped, self.left = self.stopped + tab.stopped, self.left + (leaves and not answered)

    async def _offer(self, tab: Visitor, question: Question, title: str) -> None:
        """Choose the family of the question's method, unless the page offers the method already."""
        if not tab.page.option("method", title):
            await tab.choose({"family": FAMILIES[question.explainer.family].title})
            async with asyncio.timeout(MAX_WAIT):
                await tab.until(lambda page: page.option("method", title))

    async def ask(
        self, tab: Visitor, question: Question, before: Question | None = None, patience: float | None = None
    ) -> bool:
        """Ask a question and wait for its map; return whether it came.

        The page is opened at an address with the question, or, if there was a question before, its widgets are set.

        patience: seconds after which the visitor gives up; None: a visitor who waits for too long is a trouble.
        """
        choices_before, choices = before.choices if before else {}, question.choices
        self.visits.append(visit := Visit(question))
        if before is None:
            await tab.open(choices)
        else:
            changed = {
                key: TITLES.get((key, value), value)
                for key, value in choices.items()
                if key in tab.page.widgets and choices_before.get(key) != value
            }
            if "method" in changed:
                await self._offer(tab, question, changed["method"])
            await tab.choose({key: tab.page.option(key, value) or value for key, value in changed.items()})
        try:
            async with asyncio.timeout(MAX_WAIT):
                await tab.until(lambda page: "method" in page.widgets)
                async with asyncio.timeout(patience):
                    page = await tab.until(lambda page: page.over)
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
