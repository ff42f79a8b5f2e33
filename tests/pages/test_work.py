"""Slow work is done once for all who ask, stops when nobody waits, and is kept within bounds."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from torch import nn

from explainers import Classifier, ExplanationError, GradCAM, IntegratedGradients, Occlusion, Saliency, Target
from explainers.images.samples import SAMPLES
from explainers.runtime import jobs as desks
from explainers.runtime.jobs import Abandoned, Job, Jobs, Limits
from pages.shared import work
from pages.shared.photo import Photo

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

    def __init__(self, desk: Jobs, slots: threading.local) -> None:
        super().__init__(1)
        self.desk, self.slots, self.slot = desk, slots, Slot()

    def ask(self, key, task, shelf="shelf", on_preview=None):
        """Ask, and give what will be the answer."""
        self.slot = Slot()
        return self.submit(self._ask, self.slot, shelf, key, task, on_preview)

    def _ask(self, slot, shelf, key, task, on_preview):
        self.slots.slot, self.slots.desk = slot, self.desk
        return work._get(shelf, key, task, "Thinking", on_preview)


@pytest.fixture
def slots(monkeypatch):
    """Where each thread's page takes its slot from; nobody is patient."""
    own = threading.local()
    monkeypatch.setattr(work.st, "empty", lambda: own.slot)
    monkeypatch.setattr(work, "_desk", lambda: own.desk)
    monkeypatch.setattr(work, "PATIENCE", 0.01)
    monkeypatch.setattr(work, "BEAT", 0.01)
    monkeypatch.setattr(work, "REDRAWN", 0)
    return own


@pytest.fixture
def desk():
    return Jobs({"shelf": Limits(2), "other": Limits(1, computes=False), "bytes": Limits(9, 100)})


@pytest.fixture
def visitors(desk, slots):
    """Three who ask at the same desk."""
    three = [Visitor(desk, slots) for _ in range(3)]
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


def test_work_gives_its_result(visitors):
    assert visitors[0].ask("question", lambda report: 42).result(SOON) == 42


def test_a_result_is_kept(visitors):
    results = [visitor.ask("question", lambda report: object()).result(SOON) for visitor in visitors]
    assert results[0] is results[1] is results[2]


def test_the_same_question_asked_by_two_is_worked_on_once(visitors):
    task = Task(result := object())
    first, second = visitors[0].ask("question", task), visitors[1].ask("question", task)
    assert visitors[0].slot.waits.wait(SOON)
    assert visitors[1].slot.waits.wait(SOON)
    task.ends.set()
    assert first.result(SOON) is second.result(SOON) is result
    assert task.runs == 1


def test_different_questions_are_worked_on_side_by_side(visitors):
    tasks = [Task(number) for number in range(3)]
    answers = [visitor.ask(task.result, task) for visitor, task in zip(visitors, tasks, strict=True)]
    assert all(task.began.wait(SOON) for task in tasks)
    for task in tasks:
        task.ends.set()
    assert [answer.result(SOON) for answer in answers] == [0, 1, 2]


def test_the_same_key_on_another_shelf_is_another_question(visitors):
    assert visitors[0].ask("question", lambda report: 1).result(SOON) == 1
    assert visitors[0].ask("question", lambda report: 2, shelf="other").result(SOON) == 2


def test_the_last_to_leave_stops_the_work(visitors):
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


def test_a_question_asked_again_while_its_work_is_being_stopped_is_worked_on_anew(visitors):
    stuck, fresh = threading.Event(), Task("fresh")
    stopped = []

    def old(report):
        assert stuck.wait(SOON)  # a long chunk: it doesn't hear that everybody left
        try:
            report(1, None)
        except Abandoned:
            stopped.append(True)
            raise

    first = visitors[0].ask("question", old)
    assert visitors[0].slot.waits.wait(SOON)
    visitors[0].slot.leave.set()
    with pytest.raises(Left):
        first.result(SOON)
    second = visitors[1].ask("question", fresh)
    assert fresh.began.wait(SOON)
    stuck.set()
    fresh.ends.set()
    assert second.result(SOON) == "fresh"
    assert visitors[2].ask("question", lambda report: "newer").result(SOON) == "fresh"
    assert stopped == [True]


def test_what_is_finished_after_everybody_left_is_kept(desk, visitors):
    ends = threading.Event()

    def deaf(report):
        assert ends.wait(SOON)
        return "late"

    first = visitors[0].ask("question", deaf)
    assert visitors[0].slot.waits.wait(SOON)
    visitors[0].slot.leave.set()
    with pytest.raises(Left):
        first.result(SOON)
    ends.set()
    until(lambda: desk._results["shelf"])
    assert visitors[1].ask("question", lambda report: "new").result(SOON) == "late"


def test_an_error_reaches_all_who_wait_and_is_not_kept(visitors):
    task = Task(ExplanationError("No."))
    answers = [visitor.ask("question", task) for visitor in visitors]
    assert all(visitor.slot.waits.wait(SOON) for visitor in visitors)
    task.ends.set()
    for answer in answers:
        with pytest.raises(ExplanationError, match=r"No\."):
            answer.result(SOON)
    assert visitors[0].ask("question", lambda report: "yes").result(SOON) == "yes"
    assert task.runs == 1


def test_the_oldest_result_goes_when_a_shelf_is_full(visitors):
    def ask(key, answer):
        return visitors[0].ask(key, lambda report: answer).result(SOON)

    assert [ask(key, 1) for key in "abab"] == [1] * 4
    assert ask("a", 2) == 1  # b is the oldest now
    assert ask("c", 1) == 1
    assert ask("a", 2) == 1
    assert ask("b", 2) == 2


def test_shelves_have_room_of_their_own(desk, visitors):
    for number in range(5):
        for shelf in ("shelf", "other"):
            visitors[0].ask(number, lambda report: None, shelf).result(SOON)
    assert {shelf: list(kept) for shelf, kept in desk._results.items()} == {"shelf": [3, 4], "other": [4], "bytes": []}


def heavy(size):
    """A result of that many bytes."""
    return np.zeros(size, np.uint8)


def test_a_shelf_is_bounded_in_bytes_too_and_the_oldest_go(desk, visitors):
    for key, size in (("a", 40), ("b", 40), ("c", 10)):
        visitors[0].ask(key, lambda report, size=size: heavy(size), "bytes").result(SOON)
    assert list(desk._results["bytes"]) == ["a", "b", "c"]
    visitors[0].ask("d", lambda report: heavy(30), "bytes").result(SOON)
    assert list(desk._results["bytes"]) == ["b", "c", "d"]
    visitors[0].ask("e", lambda report: heavy(1000), "bytes").result(SOON)
    assert list(desk._results["bytes"]) == ["e"]  # or it would be computed again and again


def test_no_work_stays_under_way(desk, visitors):
    def fails(report):
        raise ExplanationError("No.")

    for key, task in (("good", lambda report: 1), ("bad", fails)):
        visitors[0].ask(key, task).exception(SOON)
    assert desk._jobs == {}


def test_what_is_there_soon_shows_no_progress(monkeypatch, visitors):
    monkeypatch.setattr(work, "PATIENCE", SOON)
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

    monkeypatch.setattr(work, "REDRAWN", SOON)
    monkeypatch.setattr(work.state, "may_end", look)
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


@pytest.fixture
def paced(monkeypatch):
    """(reports of (second, done), total) -> a job that was told so."""

    def make(reports, total):
        job, clock = Job(lambda report: None, waiting=1), iter([second for second, _ in reports])
        monkeypatch.setattr(desks.time, "monotonic", lambda: next(clock))
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


def test_others_are_the_jobs_that_compute(desk, visitors):
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
def test_a_progress_bar_says_with_whom_the_machine_is_shared(paced, others, computes, said):
    job = paced([(0, 0), (4, 10)], 40)
    job.computes = computes
    assert work._status(job, "Computing", others) == f"Computing{said}, about 12 s left"


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

    monkeypatch.setattr(work, "PATIENCE", SOON)
    assert visitors[0].ask("question", task, on_preview=shown.append).result(SOON) == "last"
    assert shown == []


@pytest.mark.parametrize("text", ["0", "-1", "two", "", "1.5"])
def test_a_number_of_models_that_is_none_is_said(monkeypatch, text):
    monkeypatch.setenv("WHYPIXEL_MAX_MODELS", text)
    with pytest.raises(
        ExplanationError, match=f"^WHYPIXEL_MAX_MODELS must be a whole number of 1 or more, not '{text}'"
    ):
        work._most_models()


def test_the_number_of_models_in_memory_is_three_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("WHYPIXEL_MAX_MODELS", raising=False)
    assert work._most_models() == 3
    monkeypatch.setenv("WHYPIXEL_MAX_MODELS", "1")
    assert work._most_models() == 1


@pytest.fixture(autouse=True)
def _no_page(monkeypatch):
    monkeypatch.setattr(work.st, "empty", Slot)


def unseen(preview):
    """Where nobody looks at previews."""


@pytest.fixture
def coffee():
    return Photo("coffee", SAMPLES[0].data)


def test_a_classifier_is_loaded_once_for_each_way_to_see_a_photo(own_desk):
    crop, pad = (work.classifier("bundled", "PocketNet", fit) for fit in ("crop", "pad"))
    assert work.classifier("bundled", "PocketNet", "crop") is crop
    assert crop.identity != pad.identity


def test_predictions_are_the_classifiers_own(own_desk, bundled, coffee):
    likely = work.predictions(bundled, coffee)
    assert likely == bundled.predict(coffee.image, 5)
    assert work.predictions(bundled, Photo("the same by another name", coffee.data)) is likely


@pytest.mark.parametrize("kind", [Saliency, GradCAM, Occlusion])
def test_a_map_is_the_explainers_own(own_desk, bundled, coffee, kind):
    found = work.explanation(kind(), bundled, coffee, Target(3), unseen)
    assert (found.heat == kind()(bundled, coffee.image, Target(3)).heat).all()
    assert work.explanation(kind(), bundled, coffee, Target(3), unseen) is found


def test_another_class_photo_or_setting_is_another_map(own_desk, bundled, coffee):
    chelsea = Photo("chelsea", SAMPLES[1].data)
    questions = [(coffee, Target(3)), (coffee, Target(4)), (coffee, Target(3, 4)), (chelsea, Target(3))]
    maps = [work.explanation(Saliency(), bundled, photo, target, unseen) for photo, target in questions]
    assert len({found.values.tobytes() for found in maps}) == 4
    assert len(own_desk._results["explanations"]) == 4


class Counting(nn.Module):
    """A network that counts its passes, and takes its time over each."""

    def __init__(self):
        super().__init__()
        self.passes = [0]  # a list, which its copies share
        self.head = nn.Linear(3, 3)

    def __deepcopy__(self, memo):
        return self

    def forward(self, x):
        self.passes[0] += 1
        time.sleep(0.005)
        return self.head(x.mean((2, 3)))


def test_after_a_changed_choice_the_old_work_ends_within_one_chunk(own_desk, slots, coffee):
    network = Counting().eval().requires_grad_(False)
    classifier = Classifier(network, "abc", size=(64, 64), mean=(0, 0, 0), std=(1, 1, 1), device="cpu", prepare=False)
    slots.desk = own_desk
    with ThreadPoolExecutor(1) as visitor:
        slot = Slot()

        def ask():
            slots.slot, slots.desk = slot, own_desk
            question = IntegratedGradients(steps=1000, baseline="random", draws=20), classifier, coffee, Target(1)
            return work.explanation(*question, unseen)

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
    assert own_desk._results["explanations"] == {}
