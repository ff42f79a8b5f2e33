"""Work is done once for all who ask, stops when nobody waits, and is kept within bounds."""

import threading
import time
from contextlib import ExitStack
from types import SimpleNamespace

import numpy as np
import pytest

from explainers import ExplanationError
from explainers.runtime import jobs as module
from explainers.runtime.jobs import Abandoned, Job, Jobs, Limits
from explainers.runtime.turns import Turns

SOON = 20  # seconds: nothing here takes a tenth of it


def until(condition) -> None:
    """Wait for it."""
    end = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


class Visitor:
    """Somebody who waits for a job until they leave."""

    def __init__(self, jobs: Jobs, kind: str, key, work) -> None:
        self._stay = ExitStack()
        self.job = self._stay.enter_context(jobs.job(kind, key, work))

    def leave(self) -> None:
        self._stay.close()

    def answer(self):
        """What the job gave, once it has ended; what it raised is raised."""
        assert self.job.ended.wait(SOON)
        self.leave()
        if self.job.error:
            raise self.job.error
        return self.job.result


@pytest.fixture
def jobs():
    return Jobs({"few": Limits(2), "other": Limits(1, computes=False), "bytes": Limits(9, 100)})


@pytest.fixture
def ask(jobs):
    """(key, work, kind="few") -> a visitor who waits for it, and leaves with the test."""
    visitors = []

    def come(key, work, kind="few"):
        visitors.append(Visitor(jobs, kind, key, work))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.leave()
    assert all(visitor.job.ended.wait(SOON) for visitor in visitors)


class Task:
    """Work that goes on until told to end, and tells what became of it."""

    def __init__(self, result="done") -> None:
        self.result = result
        self.runs, self.steps, self.ends = 0, 0, threading.Event()
        self.began, self.stopped = threading.Event(), threading.Event()

    def __call__(self, report):
        self.runs += 1
        self.began.set()
        try:
            while not self.ends.wait(0.005):
                self.steps += 1
                report(self.steps, None)
        except Abandoned:
            self.stopped.set()
            raise
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


def test_work_gives_its_result(ask):
    assert ask("question", lambda report: 42).answer() == 42


def test_a_result_is_kept(ask):
    results = [ask("question", lambda report: object()).answer() for _ in range(3)]
    assert results[0] is results[1] is results[2]


def test_looking_for_a_result_starts_nothing(jobs, ask):
    assert jobs.peek("few", "a") is None
    ask("a", lambda report: 7).answer()
    assert jobs.peek("few", "a") == 7


def test_what_is_kept_is_listed_in_the_order_of_its_last_use(jobs, ask):
    assert jobs.kept("few") == []
    for key in ("a", "b", "a"):
        ask(key, lambda report: 7).answer()
    assert jobs.kept("few") == [("b", 7), ("a", 7)]


def test_the_same_question_asked_by_two_is_worked_on_once(ask):
    task = Task(result := object())
    first, second = ask("question", task), ask("question", task)
    assert task.began.wait(SOON)
    assert not first.job.ended.is_set()
    assert not second.job.ended.is_set()
    task.ends.set()
    assert first.answer() is second.answer() is result
    assert task.runs == 1


def test_different_questions_are_worked_on_side_by_side(ask):
    tasks = [Task(number) for number in range(3)]
    visitors = [ask(task.result, task) for task in tasks]
    assert all(task.began.wait(SOON) for task in tasks)
    for task in tasks:
        task.ends.set()
    assert [visitor.answer() for visitor in visitors] == [0, 1, 2]


def test_the_same_key_of_another_kind_is_another_question(ask):
    assert ask("question", lambda report: 1).answer() == 1
    assert ask("question", lambda report: 2, kind="other").answer() == 2


def test_the_last_to_leave_stops_the_work(ask):
    task = Task()
    first, second = ask("question", task), ask("question", task)
    assert task.began.wait(SOON)
    first.leave()
    steps = task.steps
    until(lambda: task.steps > steps + 3)  # it goes on
    assert not task.stopped.is_set()
    second.leave()
    assert task.stopped.wait(SOON)


def test_a_question_asked_again_while_its_work_is_being_stopped_is_worked_on_anew(ask):
    stuck, fresh = threading.Event(), Task("fresh")
    began, stopped = threading.Event(), []

    def old(report):
        began.set()
        assert stuck.wait(SOON)  # a long chunk: it doesn't hear that everybody left
        try:
            report(1, None)
        except Abandoned:
            stopped.append(True)
            raise

    first = ask("question", old)
    assert began.wait(SOON)
    first.leave()
    second = ask("question", fresh)
    assert fresh.began.wait(SOON)
    stuck.set()
    fresh.ends.set()
    assert second.answer() == "fresh"
    assert ask("question", lambda report: "newer").answer() == "fresh"
    assert first.job.ended.wait(SOON)
    assert stopped == [True]


def test_what_is_finished_after_everybody_left_is_kept(jobs, ask):
    ends = threading.Event()

    def deaf(report):
        assert ends.wait(SOON)
        return "late"

    ask("question", deaf).leave()
    ends.set()
    until(lambda: jobs._results["few"])
    assert ask("question", lambda report: "new").answer() == "late"


def test_an_error_reaches_all_who_wait_and_is_not_kept(ask):
    task = Task(ExplanationError("No."))
    visitors = [ask("question", task) for _ in range(3)]
    assert task.began.wait(SOON)
    task.ends.set()
    for visitor in visitors:
        with pytest.raises(ExplanationError, match=r"No\."):
            visitor.answer()
    assert ask("question", lambda report: "yes").answer() == "yes"
    assert task.runs == 1


def test_the_oldest_result_goes_when_there_are_too_many_of_a_kind(ask):
    def answer(key, new):
        return ask(key, lambda report: new).answer()

    assert [answer(key, 1) for key in "abab"] == [1] * 4
    assert answer("a", 2) == 1  # b is the oldest now
    assert answer("c", 1) == 1
    assert answer("a", 2) == 1
    assert answer("b", 2) == 2


def test_kinds_have_room_of_their_own(jobs, ask):
    for number in range(5):
        for kind in ("few", "other"):
            ask(number, lambda report: None, kind).answer()
    assert {kind: list(kept) for kind, kept in jobs._results.items()} == {"few": [3, 4], "other": [4], "bytes": []}


def heavy(size):
    """A result of that many bytes."""
    return np.zeros(size, np.uint8)


def test_a_kind_is_bounded_in_bytes_too_and_the_oldest_go(jobs, ask):
    for key, size in (("a", 40), ("b", 40), ("c", 10)):
        ask(key, lambda report, size=size: heavy(size), "bytes").answer()
    assert list(jobs._results["bytes"]) == ["a", "b", "c"]
    ask("d", lambda report: heavy(30), "bytes").answer()
    assert list(jobs._results["bytes"]) == ["b", "c", "d"]
    ask("e", lambda report: heavy(1000), "bytes").answer()
    assert list(jobs._results["bytes"]) == ["e"]  # or it would be computed again and again


def test_no_work_stays_under_way(jobs, ask):
    def fails(report):
        raise ExplanationError("No.")

    assert ask("good", lambda report: 1).answer() == 1
    with pytest.raises(ExplanationError):
        ask("bad", fails).answer()
    assert jobs._jobs == {}


def test_others_are_the_jobs_that_compute(jobs, ask):
    tasks = [Task(), Task(), Task()]
    first, second, _ = (
        ask("a", tasks[0]),
        ask("b", tasks[1]),
        ask("c", tasks[2], "other"),  # a download takes no turns
    )
    assert jobs.others(first.job) == 1
    tasks[1].ends.set()
    second.answer()
    assert jobs.others(first.job) == 0


@pytest.fixture
def paced(monkeypatch):
    """(reports of (second, done), total) -> a job that was told so."""

    def make(reports, total):
        job, clock = Job(lambda report: None, waiting=1), iter([second for second, _ in reports])
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: next(clock)))
        for _, done in reports:
            job.report(done, total)
        return job

    return make


@pytest.mark.parametrize(
    ("reports", "total"), [([], None), ([(0, 0)], 100), ([(0, 0), (5, 0)], 100), ([(0, 0), (5, 9)], None)]
)
def test_nobody_can_tell_the_time_left_without_progress_and_total(paced, reports, total):
    assert paced(reports, total).left is None


def test_the_time_left_follows_the_pace(paced):
    assert paced([(1000, 0), (1010, 25)], 100).left == pytest.approx(30)


def test_the_time_left_follows_the_pace_of_late(paced):
    alone, sharing = [(second, 10 * second) for second in range(50)], [(50 + 2 * i, 500 + i) for i in range(20)]
    assert paced(alone + sharing, 619).left == pytest.approx(200)


@pytest.fixture
def about(jobs):
    """(key, *subjects, work=None) -> what comes of work about photos and classifiers."""

    def make(key, *subjects, work=lambda report: "done"):
        with jobs.job("few", key, work, subjects) as job:
            assert job.ended.wait(SOON)
        return job.result

    return make


@pytest.mark.parametrize("subject", ["cat", "tiny"])
def test_what_is_about_a_photo_or_a_classifier_can_be_forgotten(jobs, about, subject):
    about("cat's map", "cat", "tiny")
    about("dog's map", "dog", "large")
    jobs.forget(subject)
    jobs.forget("a bird that nobody has seen")
    assert list(jobs._results["few"]) == ["dog's map"]
    again = []
    about("cat's map", "cat", "tiny", work=again.append)
    assert len(again) == 1


def test_what_can_be_computed_again_can_be_forgotten_at_once(jobs, about):
    about("cat's map", "cat", "tiny")
    about("classifier")
    with jobs.job("other", "weights", lambda report: "tensors") as job:
        assert job.ended.wait(SOON)
    jobs.forget_computed()
    assert {kind: list(results) for kind, results in jobs._results.items() if results} == {"other": ["weights"]}


def test_results_about_no_photo_are_not_forgotten(jobs, about):
    about("classifier")
    jobs.forget("cat")
    assert list(jobs._results["few"]) == ["classifier"]


@pytest.mark.parametrize("left", [False, True])
def test_what_is_forgotten_while_it_is_computed_is_not_kept(jobs, left):
    ends, began = threading.Event(), threading.Event()

    def work(report):
        began.set()
        assert ends.wait(SOON)

    with jobs.job("few", "cat's map", work, ["cat"]) as job:
        assert began.wait(SOON)
        if not left:
            jobs.forget("cat")
            ends.set()
            assert job.ended.wait(SOON)
    if left:
        jobs.forget("cat")
        ends.set()
        assert job.ended.wait(SOON)
    assert job.error is None
    assert jobs._results["few"] == {}
    assert jobs._running == set()


def test_work_that_waits_for_its_turn_ends_when_nobody_waits_for_it(jobs, monkeypatch):
    monkeypatch.setattr("explainers.runtime.turns.LOOK_INTERVAL", 0.01)
    turns, asked = Turns(), threading.Event()

    def work(report):
        asked.set()
        with turns:
            pass

    with turns:
        with jobs.job("few", "queued", work) as job:
            assert asked.wait(SOON)
        assert job.ended.wait(SOON)
        assert isinstance(job.error, Abandoned)
        assert turns._queue == []
