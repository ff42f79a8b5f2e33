"""Slow work is awaited behind a progress bar and a preview, and a run that ends leaves it."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from torch import nn

from explainers import Classifier, ExplanationError, IntegratedGradients, Target
from explainers.question import Question
from explainers.runtime.jobs import Abandoned, Jobs, Limits
from pages.shared import jobs, work

SOON = 20  # seconds: nothing here takes a tenth of it


def until(condition) -> None:
    """Wait for it."""
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


class Left(BaseException):
    """What Streamlit raises in a run that it stops, as it sees it: nothing a page would catch."""


class Slot:
    """A place on a page; `leave` makes the next touch of its progress bar stop the run."""

    def __init__(self) -> None:
        self.bars, self.leave, self.waits = [], threading.Event(), threading.Event()

    def progress(self, share, text) -> None:
        self.bars.append((share, text))
        self.waits.set()
        if self.leave.is_set():
            raise Left

    def empty(self) -> None:
        self.bars.append(None)


class Visitor(ThreadPoolExecutor):
    """Somebody who asks one thing at a time in a session of their own."""

    def __init__(self, jobs: Jobs, slots: threading.local) -> None:
        super().__init__(1)
        self.jobs, self.slots, self.slot = jobs, slots, Slot()

    def ask(self, key, task, kind="few", on_preview=None):
        """Ask, and give what will be the answer."""
        self.slot = Slot()
        return self.submit(self._ask, self.slot, kind, key, task, on_preview)

    def _ask(self, slot, kind, key, task, on_preview):
        self.slots.slot, self.slots.jobs = slot, self.jobs
        return jobs.result(kind, key, task, "Thinking", on_preview)


@pytest.fixture
def slots(monkeypatch):
    """Where each thread's page takes its slot from; nobody is patient."""
    own = threading.local()
    monkeypatch.setattr(jobs.st, "empty", lambda: own.slot)
    monkeypatch.setattr(jobs, "shared", lambda: own.jobs)
    monkeypatch.setattr(jobs, "PROGRESS_DELAY", 0.01)
    monkeypatch.setattr(jobs, "POLL_INTERVAL", 0.01)
    monkeypatch.setattr(jobs, "PROGRESS_INTERVAL", 0)
    return own


@pytest.fixture
def few_jobs():
    return Jobs({"few": Limits(2), "other": Limits(1, computes=False)})


@pytest.fixture
def visitors(few_jobs, slots):
    """Three who ask at the same jobs."""
    three = [Visitor(few_jobs, slots) for _ in range(3)]
    yield three
    for visitor in three:
        visitor.slot.leave.set()
        visitor.shutdown()


class Task:
    """Work that goes on until told to end, and tells what became of it."""

    def __init__(self, result="done", total=None) -> None:
        self.result, self.total = result, total
        self.runs, self.steps, self.ends = 0, 0, threading.Event()
        self.began, self.stopped = threading.Event(), threading.Event()

    def __call__(self, report):
        self.runs += 1
        self.began.set()
        try:
            while not self.ends.wait(0.005):
                self.steps += 1
                report(self.steps, self.total)
        except Abandoned:
            self.stopped.set()
            raise
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


def test_work_gives_its_result_to_all_who_ask_for_it(visitors):
    task = Task(result := object())
    first, second = visitors[0].ask("question", task), visitors[1].ask("question", task)
    assert visitors[0].slot.waits.wait(SOON)
    assert visitors[1].slot.waits.wait(SOON)
    task.ends.set()
    assert first.result(SOON) is second.result(SOON) is result
    assert visitors[2].ask("question", lambda report: "another").result(SOON) is result
    assert task.runs == 1


def test_an_error_is_raised_where_its_work_was_asked_for(visitors):
    task = Task(ExplanationError("No."))
    answers = [visitor.ask("question", task) for visitor in visitors]
    assert all(visitor.slot.waits.wait(SOON) for visitor in visitors)
    task.ends.set()
    for answer in answers:
        with pytest.raises(ExplanationError, match=r"No\."):
            answer.result(SOON)


def test_runs_that_streamlit_stops_leave_their_work_and_the_last_one_ends_it(visitors):
    task = Task()
    first, second = visitors[0].ask("question", task), visitors[1].ask("question", task)
    assert visitors[0].slot.waits.wait(SOON)
    assert visitors[1].slot.waits.wait(SOON)
    visitors[0].slot.leave.set()
    with pytest.raises(Left):
        first.result(SOON)
    steps = task.steps
    until(lambda: task.steps > steps + 3)  # it goes on
    assert not task.stopped.is_set()
    visitors[1].slot.leave.set()
    with pytest.raises(Left):
        second.result(SOON)
    assert task.stopped.wait(SOON)


def test_what_is_there_soon_shows_no_progress(monkeypatch, visitors):
    monkeypatch.setattr(jobs, "PROGRESS_DELAY", SOON)
    visitors[0].ask("question", lambda report: 1).result(SOON)
    assert visitors[0].slot.bars == []


def test_progress_is_shown_and_goes_away(visitors):
    task = Task(total=10**9)
    answer = visitors[0].ask("question", task)
    until(lambda: any("left" in text for _, text in visitors[0].slot.bars))
    task.ends.set()
    answer.result(SOON)
    *bars, last = visitors[0].slot.bars
    assert last is None
    assert all(0 <= share < 1e-3 and text.startswith("Thinking") for share, text in bars)


def test_between_changes_of_its_bar_a_run_can_end_too(monkeypatch, visitors):
    looks = []

    def look():
        looks.append(True)
        if len(looks) == 3:
            raise Left

    monkeypatch.setattr(jobs, "PROGRESS_INTERVAL", SOON)
    monkeypatch.setattr(jobs.state, "yield_to_streamlit", look)
    task = Task()
    with pytest.raises(Left):
        visitors[0].ask("question", task).result(SOON)
    assert len(visitors[0].slot.bars) == 1
    assert task.stopped.wait(SOON)


def test_more_progress_than_was_announced_is_a_full_bar(visitors):
    task = Task(total=1)
    answer = visitors[0].ask("question", task)
    until(lambda: task.steps > 2)
    until(lambda: visitors[0].slot.bars and visitors[0].slot.bars[-1][0] == 1)
    task.ends.set()
    answer.result(SOON)


def test_a_bar_says_who_else_computes_at_the_moment(visitors):
    tasks = [Task(), Task(), Task()]
    answers = [
        visitors[0].ask("a", tasks[0]),
        visitors[1].ask("b", tasks[1]),
        visitors[2].ask("c", tasks[2], "other"),  # a download takes no turns
    ]
    assert all(task.began.wait(SOON) for task in tasks)
    until(lambda: any("sharing the machine with 1 other," in text + "," for _, text in visitors[0].slot.bars[-1:]))
    assert not any("sharing" in text for _, text in visitors[2].slot.bars)
    tasks[1].ends.set()
    answers[1].result(SOON)
    until(lambda: "sharing" not in visitors[0].slot.bars[-1][1])
    for task, answer in zip(tasks, answers, strict=True):
        task.ends.set()
        answer.result(SOON)


@pytest.mark.parametrize(
    ("others", "computes", "said"),
    [
        (0, True, ""),
        (1, True, ", sharing the machine with 1 other"),
        (2, True, ", sharing the machine with 2 others"),
        (2, False, ""),
    ],
)
def test_a_progress_bar_says_with_whom_the_machine_is_shared(others, computes, said):
    job = SimpleNamespace(computes=computes, left=12.0)
    assert jobs._status(job, "Computing", others) == f"Computing{said}, about 12 s left"


@pytest.mark.parametrize(("left", "said"), [(0.4, "0 s"), (3.4, "3 s"), (42.0, "42 s"), (440.0, "7 min")])
def test_a_long_time_left_is_told_in_minutes(left, said):
    assert jobs._status(SimpleNamespace(computes=True, left=left), "Computing", 0) == f"Computing, about {said} left"


def test_a_preview_is_shown_once_while_the_work_goes_on(visitors):
    shown, ends = [], threading.Event()

    def task(report):
        count = 0
        while not ends.wait(0.005):
            count += 1
            report(count, None, "first" if count == 3 else None)
        return "last"

    answer = visitors[0].ask("question", task, on_preview=shown.append)
    until(lambda: shown)
    bars = len(visitors[0].slot.bars)
    until(lambda: len(visitors[0].slot.bars) > bars + 5)
    ends.set()
    assert answer.result(SOON) == "last"
    assert shown == ["first"]


def test_a_preview_of_what_is_there_soon_after_is_not_shown(monkeypatch, visitors):
    shown = []

    def task(report):
        report(1, None, "first")
        time.sleep(0.1)
        return "last"

    monkeypatch.setattr(jobs, "PROGRESS_DELAY", SOON)
    assert visitors[0].ask("question", task, on_preview=shown.append).result(SOON) == "last"
    assert shown == []


@pytest.mark.parametrize("text", ["0", "-1", "two", "", "1.5"])
def test_a_number_of_models_that_is_none_is_said(monkeypatch, text):
    monkeypatch.setenv("WHYPIXEL_MAX_MODELS", text)
    with pytest.raises(
        ExplanationError, match=f"^WHYPIXEL_MAX_MODELS must be a whole number of 1 or more, not '{text}'"
    ):
        jobs.max_models()


def test_the_number_of_models_in_memory_is_three_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("WHYPIXEL_MAX_MODELS", raising=False)
    assert jobs.max_models() == 3
    monkeypatch.setenv("WHYPIXEL_MAX_MODELS", "1")
    assert jobs.max_models() == 1


class Counting(nn.Module):
    """A network that counts its passes, and takes its time over each."""

    passes = [0]  # noqa: RUF012  of the class, which its copies share

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(3, 3)

    def forward(self, x):
        self.passes[0] += 1
        time.sleep(0.005)
        return self.head(x.mean((2, 3)))


def test_after_a_changed_choice_the_old_work_ends_within_one_chunk(own_jobs, slots, coffee):
    network = Counting().eval().requires_grad_(False)
    classifier = Classifier(network, "abc", size=(64, 64), mean=(0, 0, 0), std=(1, 1, 1), device="cpu", prepare=False)
    assert not classifier.traits.alone  # which takes passes of its own
    slots.jobs = own_jobs
    with ThreadPoolExecutor(1) as visitor:
        slot = Slot()

        def ask():
            slots.slot, slots.jobs = slot, own_jobs
            explainer = IntegratedGradients(steps=1000, baseline="random", draws=20)
            return work.explanation(explainer, Question(coffee, classifier, Target(1)))

        answer = visitor.submit(ask)
        assert slot.waits.wait(SOON)
        slot.leave.set()
        with pytest.raises(Left):
            answer.result(SOON)
        left = network.passes[0]
    workers = [thread for thread in threading.enumerate() if thread.name.startswith("whypixel")]
    for worker in workers:
        worker.join(SOON)
    assert network.passes[0] <= left + 1
    assert left < 20 * 1002 / 64  # which is all of it
    assert own_jobs._results["explanations"] == {}


def test_what_can_be_computed_again_is_forgotten_and_classifiers_stay(small, classify, noise):
    classifier, photo = classify(small(), (29, 24)), noise((29, 24))
    jobs_here = Jobs({"classifiers": Limits(3, computes=False), "explanations": Limits(3)})
    for kind, result in (("classifiers", classifier), ("explanations", "a map")):
        with jobs_here.job(kind, "key", lambda report, result=result: result) as job:
            assert job.ended.wait(SOON)
    method = IntegratedGradients(steps=3)
    assert [method(classifier, photo, Target(0)).facts.checks > 0 for _ in range(2)] == [True, False]
    copies = classifier.preparation().copies
    copies.give_back(kept := copies.take())
    jobs.forget_computed(jobs_here)
    assert [key for key, _ in jobs_here.kept("classifiers")] == ["key"]
    assert jobs_here.kept("explanations") == []
    assert copies.take() is not kept
    assert method(classifier, photo, Target(0)).facts.checks > 0
