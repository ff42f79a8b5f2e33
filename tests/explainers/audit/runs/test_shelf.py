"""The runs that a server shows: those of its folder, nothing that a stranger may name, and how far they have come."""

import os

import pytest

from explainers import ExplanationError
from explainers.audit.runs.identity import run_identity
from explainers.audit.runs.progress import progress
from explainers.audit.runs.run import MANIFEST, Run
from explainers.audit.runs.shelf import VARIABLE, shelf
from tools.made_run import made_run


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """A folder of runs that the server shows."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "runs"))
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def test_without_a_folder_nothing_is_shown(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert shelf() == {}
    monkeypatch.setenv(VARIABLE, "  ")
    assert shelf() == {}


def test_a_folder_that_cant_be_read_is_said_to_be_without_its_path(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "nowhere"))
    with pytest.raises(ExplanationError, match=VARIABLE) as caught:
        shelf()
    assert str(tmp_path) not in str(caught.value)


def test_runs_are_shown_the_newest_first_and_nothing_else(runs, tmp_path):
    for number, name in enumerate(("old", "new =1+1 *x*")):
        run = made_run(runs / name, tmp_path / "pictures", 10)
        os.utime(run.folder / MANIFEST, (number, number))
    made_run(runs / ".hidden", tmp_path / "pictures", 10)
    made_run(tmp_path / "beside", tmp_path / "pictures", 10)
    (runs / "empty").mkdir()
    (runs / "file").touch()
    shelved = shelf()
    assert [*shelved] == ["new =1+1 *x*", "old"]
    assert shelved["old"].run == Run.open(runs / "old")


def test_a_run_that_cant_be_opened_is_listed_with_the_reason_and_without_its_path(runs):
    (runs / "broken").mkdir()
    (runs / "broken" / MANIFEST).write_text('{"format": "whypixel audit", "version": 99}')
    entry = shelf()["broken"]
    assert entry.run is None
    assert entry.problem.startswith("broken was written in version 99")
    assert str(runs) not in entry.problem


def test_how_far_a_run_has_come_and_how_long_it_takes(runs, tmp_path):
    run = made_run(runs / "going", tmp_path / "pictures", 40, parts=4, part=8)
    for part in range(4):
        os.utime(run.part_file(part), (1000 + 10 * part, 1000 + 10 * part))
    now = progress(run, now=1035.0)
    assert (now.pictures, now.total, now.parts, now.left, now.waiting) == (32, 40, 4, 10.0, 5.0)
    assert not now.is_complete
    assert not now.stalled
    assert now.sentence == "32 of 40 pictures, about 10 s left."
    later = progress(run, now=1030.0 + 3600)
    assert later.stalled
    assert (
        later.sentence == "32 of 40 pictures. Nothing new for 60 min. If it has stopped, the same command continues it."
    )


def test_a_run_that_has_begun_or_ended_has_no_time_left(runs, tmp_path):
    begun = progress(made_run(runs / "begun", tmp_path / "pictures", 40, parts=0, part=8))
    assert (begun.left, begun.waiting, begun.sentence) == (None, None, "0 of 40 pictures so far.")
    ended = progress(made_run(runs / "ended", tmp_path / "pictures", 40, part=8), now=1e12)
    assert ended.is_complete
    assert not ended.stalled
    assert ended.sentence == "All 40 pictures are done."


def test_the_hash_of_a_run_is_that_of_its_numbers_and_not_of_its_place(tmp_path):
    one = made_run(tmp_path / "one", tmp_path / "pictures", 10)
    elsewhere = made_run(tmp_path / "two", tmp_path / "moved", 10)
    other = made_run(tmp_path / "three", tmp_path / "other", 10, seed=2)
    assert run_identity(one.plan) == run_identity(elsewhere.plan)
    assert run_identity(one.plan) != run_identity(other.plan)
