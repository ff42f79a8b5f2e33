"""Work is done ahead in its order and within its limit, and ends with the block that asked for it."""

import threading

import pytest

from explainers.runtime.ahead import done_ahead
from explainers.runtime.turns import stop_waiting

NAME = "whypixel test"


def running():
    return any(thread.name == NAME for thread in threading.enumerate())


def test_results_come_in_order_and_only_so_many_before_they_are_asked_for():
    taken, second = [], threading.Event()

    def numbers():
        for number in range(4):
            taken.append(number)
            yield number

    def work(item):
        if item == 1:
            second.set()
        return item * 10

    with done_ahead(numbers(), work, 1, name=NAME) as results:
        assert next(results) == 0
        assert second.wait(20)
        assert taken == [0, 1]
        assert list(results) == [10, 20, 30]
    assert not running()


def test_an_error_comes_in_its_place():
    with done_ahead([1, 0, 2], lambda item: 1 / item, 3, name=NAME) as results:
        assert next(results) == 1
        with pytest.raises(ZeroDivisionError):
            next(results)
    assert not running()


def test_one_may_work_ahead_on_what_another_does():
    with (
        done_ahead("abc", str.upper, 1, name=NAME) as letters,
        done_ahead(letters, lambda letter: letter * 2, 1, name=NAME) as doubled,
    ):
        assert list(doubled) == ["AA", "BB", "CC"]
    assert not running()


def test_long_work_is_told_that_the_block_has_ended():
    begun = threading.Event()

    def work(_):
        begun.set()
        while True:
            stop_waiting.get()()

    with done_ahead([0], work, 1, name=NAME):
        assert begun.wait(20)
    assert not running()
