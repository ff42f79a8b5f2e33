"""Turns: quick questions first, else in the order of asking; one at a time on each device, never lost."""

import threading
from types import SimpleNamespace

import pytest
import torch

import explainers.runtime.turns
from explainers.runtime.turns import Turns, turns


def test_turns_of_the_same_size_come_in_the_order_of_asking(asked, job):
    ours, order = Turns(), []

    def work(name):
        with ours:
            order.append(name)

    ours.take()
    names = [f"visitor {number}" for number in range(9)]
    for name in names:
        job(lambda name=name: work(name), name)
        asked.until(name)
    assert order == []
    ours.give()
    job(ours.take).get()
    assert order == names


def test_two_of_three_turns_go_to_who_asks_for_least_and_one_to_who_waits_longest(asked, job):
    ours, order = Turns(), []

    def work(pictures, name):
        ours.take(pictures)
        order.append(name)
        ours.give()

    ours.take()
    jobs = []
    for pictures, name in [(900, "a"), (50, "b"), (16, "c"), (1, "d"), (1, "e"), (16, "f"), (2, "g")]:
        jobs.append(job(lambda pictures=pictures, name=name: work(pictures, name), name))
        asked.until(name)
    ours.give()
    for each in jobs:
        each.get()
    assert order == ["d", "e", "a", "g", "c", "b", "f"]


def test_who_gives_and_takes_again_goes_to_the_end_of_the_queue(asked, job):
    ours, order = Turns(), []

    def work(name):
        with ours:
            order.append(name)

    ours.take()
    for name in ("first", "second"):
        job(lambda name=name: work(name), name)
        asked.until(name)
    ours.give()
    ours.take()
    assert order == ["first", "second"]


def test_one_has_the_turn_at_a_time(job):
    ours, start, inside, most = Turns(), threading.Barrier(8), [], []

    def work():
        start.wait()
        for _ in range(50):
            with ours:
                inside.append(None)
                most.append(len(inside))
                threading.Event().wait(1e-5)  # somebody else may run
                inside.pop()

    for each in [job(work) for _ in range(8)]:
        each.get()
    assert len(most) == 8 * 50
    assert set(most) == {1}


def test_nobody_waits_for_a_turn_that_is_free(asked):
    ours = Turns()
    for _ in range(3):
        ours.take()
        ours.give()
    assert asked.names == []


def test_the_turn_goes_on_when_the_work_fails(asked, job):
    ours = Turns()

    def work():
        with ours:
            asked.until("next")
            raise KeyError("broken")

    with ours:
        broken = job(work, "broken")
        asked.until("broken")
        following = job(ours.take, "next")
        asked.until("next")
    with pytest.raises(KeyError, match="broken"):
        broken.get()
    following.get()


class Interrupted(BaseException):
    """As Ctrl+C would be."""


@pytest.fixture
def interrupt(monkeypatch, asked):
    """(before) -> whoever waits next for a turn is interrupted, after `before()`; who follows waits as one should."""
    usual = explainers.runtime.turns.threading

    def arrange(before=lambda: None):
        class Event(threading.Event):
            def wait(self, timeout):
                monkeypatch.setattr(explainers.runtime.turns, "threading", usual)
                before()
                raise Interrupted

        monkeypatch.setattr(explainers.runtime.turns, "threading", SimpleNamespace(Lock=threading.Lock, Event=Event))

    return arrange


def test_who_is_interrupted_while_waiting_leaves_the_queue(interrupt, job):
    ours = Turns()
    ours.take()
    interrupt()
    with pytest.raises(Interrupted):
        ours.take()
    ours.give()  # to nobody: whoever asks next has it at once
    job(ours.take).get()


def test_who_is_interrupted_while_waiting_does_not_end_the_turn_of_another(interrupt):
    ours = Turns()
    ours.take()
    interrupt()
    with pytest.raises(Interrupted):
        ours.take()
    interrupt()
    with pytest.raises(Interrupted):  # it still has to wait
        ours.take()


@pytest.mark.parametrize("others", [0, 1, 2])
def test_who_is_interrupted_when_the_turn_has_just_come_hands_it_on(interrupt, asked, job, others):
    ours, order, jobs = Turns(), [], []

    def work(number):
        with ours:
            order.append(number)

    def before():
        for number in range(others):
            jobs.append(job(lambda number=number: work(number), f"other {number}"))
            asked.until(f"other {number}")
        ours.give()

    ours.take()
    interrupt(before)
    with pytest.raises(Interrupted):
        ours.take()
    for each in jobs:
        each.get()
    assert order == list(range(others))
    job(ours.take).get()


# Devices


@pytest.fixture
def fresh(monkeypatch):
    """No device has turns yet."""
    monkeypatch.setattr("explainers.runtime.turns._TURNS", {})


@pytest.mark.usefixtures("fresh")
def test_a_device_has_one_queue_for_everybody(job):
    assert turns(torch.device("cpu")) is turns(torch.device("cpu"))
    assert turns(torch.device("cuda:1")) is turns(torch.device("cuda", 1))
    assert job(lambda: turns(torch.device("cpu"))).get() is turns(torch.device("cpu"))


@pytest.mark.usefixtures("fresh")
def test_devices_do_not_wait_for_each_other(job):
    devices = [torch.device(name) for name in ("cpu", "cuda:0", "cuda:1", "mps")]
    assert len({id(turns(device)) for device in devices}) == len(devices)
    for device in devices:
        job(turns(device).take).get()  # although all of those before are taken
