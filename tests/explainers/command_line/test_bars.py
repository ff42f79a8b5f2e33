"""Bars say how far something has come, from where it went on, and one stage after the other."""

import io
import re
import sys

import pytest

from explainers.command_line.bars import progress, stages


@pytest.fixture
def terminal(monkeypatch):
    """() -> what stands for the terminal from now on."""

    def make():
        terminal = io.StringIO()
        monkeypatch.setattr(terminal, "isatty", lambda: True)
        monkeypatch.setattr(sys, "stderr", terminal)
        return terminal

    return make


def test_progress_begins_where_the_run_goes_on(terminal):
    terminal = terminal()
    with progress("Maps", before=50) as show:
        for done in (50, 75, 100):
            show(done, 100)
    assert re.findall(r"\d+%", terminal.getvalue()) == ["0%", "50%", "100%"]


def test_each_stage_has_a_bar_of_its_own(terminal):
    terminal = terminal()
    with stages() as show:
        for stage, total in (("Clusters", 2), ("Pictures of espresso\x1b[31m, one by one", 1)):
            for done in range(total + 1):
                show(stage, done, total)
    lines = [line for line in terminal.getvalue().splitlines() if "%" in line]
    assert ["Clusters" in line for line in lines] == [True] * 3 + [False] * 2
    assert "\x1b[31m" not in terminal.getvalue()
