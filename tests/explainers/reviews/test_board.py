"""The board keeps what it is given, finds it, overwrites nothing that was said, and is whole after a crash."""

import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from explainers import ExplanationError
from explainers.reviews import board as module
from explainers.reviews.review import BUNDLE, VERDICTS, Opinion, Wanted
from tests.explainers.reviews.conftest import FILES

ROOT = Path(__file__).parents[3]
WRITERS, EACH = 8, 63
WRITE_AND_WAIT = """
import sys, types
explainers = sys.modules["explainers"] = types.ModuleType("explainers")  # without torch, which takes seconds
explainers.__path__ = [sys.argv[1]]

from pathlib import Path
from sqlalchemy import text
from explainers.reviews.database import Database
from explainers.reviews.location import Location

with Database(Location(sys.argv[2], Path(sys.argv[3]) if sys.argv[3] else None, 1)).writing() as session:
    session.execute(text("DELETE FROM whypixel_entries"))
    session.execute(text("UPDATE whypixel_files SET data = :data"), {"data": bytes(5 * 10**6)})
    print("written", flush=True)
    sys.stdin.read()
"""


def found(board, *range, **wanted):
    return [int(review.id, 16) for review in board.find(Wanted(**wanted), *range).reviews]


def test_nothing_is_made_before_somebody_keeps_something(sqlite, open_board):
    board = open_board(sqlite)
    assert board.find(Wanted()).count == board.offered().count == 0
    for ask in (board.review, lambda id: board.file(id, BUNDLE)):
        with pytest.raises(ExplanationError, match="isn't on the board"):
            ask("0" * 32)
    assert not sqlite.file.parent.exists()


def test_what_is_kept_is_found_again_as_it_was(board, keep, subject):
    first, second = Opinion("wrong-reason", "Anna", "The *spoon*.\nNot the cup."), Opinion("unclear", "Bert")
    id = keep(board, 3, first, versus="teapot")
    board.say(id, second)
    review = board.review(id)
    assert board.find(Wanted()).reviews == (review,)
    assert board.find(Wanted(), thumbnails=False).reviews == (replace(review, thumbnail=b""),)
    assert review.subject == subject(versus="teapot")
    assert [entry.opinion for entry in review.entries] == [first, second]
    assert review.latest.written_at >= review.entries[0].written_at >= review.kept_at
    assert {name: board.file(id, name) for name in FILES} == FILES


def test_what_is_kept_twice_under_one_id_is_kept_once(board, keep):
    keep(board, 1, Opinion("wrong", "Anna"))
    keep(board, 1, Opinion("sensible", "Bert"))
    assert [entry.opinion for entry in board.review(f"{1:032x}").entries] == [Opinion("wrong", "Anna")]


def test_reviews_are_found_by_what_they_are_about_and_by_what_was_said(board, keep):
    keep(board, 1, Opinion("sensible", "Anna", "Das Ötztal"), label="Espresso")
    keep(board, 2, Opinion("wrong", "Bert", "100% sure"), method="Saliency", picture_name="cup_1.jpg")
    keep(board, 3, Opinion("wrong", "Anna"), classifier="ResNet", picture_name="cup-1.jpg", versus="ÄPFEL")
    board.say(f"{3:032x}", Opinion("unclear", "Bert", 'O\'Brien \\ "x"'))
    assert found(board) == [3, 2, 1]
    assert (found(board, 1, 1), found(board, 2, 5), found(board, 3, 5)) == ([2], [1], [])
    assert found(board, verdict="wrong") == [2]  # the last verdict counts
    assert found(board, verdict="unclear") == [3]
    assert found(board, name="Anna") == [3, 1]
    assert found(board, name="Bert", method="Grad-CAM") == [3]
    assert found(board, classifier="ResNet") == [3]
    assert found(board, text="öTZ espresso") == [1]
    assert found(board, text="äpfel") == found(board, text='brien \\ "X"') == [3]
    assert found(board, text="cup_1") == found(board, text="%") == [2]  # no wildcards
    assert found(board, text="'; DROP TABLE whypixel_reviews; --") == []
    offered = board.offered()
    assert (offered.methods, offered.classifiers) == (("Grad-CAM", "Saliency"), ("PocketNet", "ResNet"))
    assert (offered.names, offered.verdicts) == (("Anna", "Bert"), {"sensible": 1, "wrong": 1, "unclear": 1})


def test_the_same_said_twice_in_a_row_is_said_once_and_nothing_is_overwritten(board, keep):
    id, other = keep(board), Opinion("wrong", "Bert", "No.")
    for opinion in (other, other, Opinion("sensible", "Anna"), other):
        board.say(id, opinion)
    assert [entry.opinion.name for entry in board.review(id).entries] == ["Anna", "Bert", "Anna", "Bert"]


def test_what_is_removed_is_gone_with_its_files_and_all_that_was_said(board, keep):
    id, other = keep(board, 1), keep(board, 2)
    board.remove(id)
    board.remove(id)
    for ask in (lambda: board.review(id), lambda: board.file(id, BUNDLE), lambda: board.say(id, Opinion("wrong", "B"))):
        with pytest.raises(ExplanationError, match="somebody has removed it"):
            ask()
    assert found(board) == [2]
    assert board.file(other, BUNDLE) == FILES[BUNDLE]
    assert board.offered().count == 1


def test_who_reads_a_review_while_it_is_removed_reads_all_of_it(location, open_board, keep, monkeypatch):
    board, real = open_board(location), module._reviews
    id = keep(board)
    review = board.review(id)

    def meanwhile(*arguments, **more):
        open_board(location).remove(id)
        return real(*arguments, **more)

    monkeypatch.setattr(module, "_reviews", meanwhile)
    assert board.review(id) == review


def test_eight_writers_lose_nothing(location, open_board, keep, job):
    shared = keep(open_board(location), 10**6)
    verdicts = list(VERDICTS)

    def write(writer):
        board = open_board(location)
        for number in range(EACH):
            keep(board, writer * EACH + number, Opinion(verdicts[number % 4], f"Writer {writer}", f"Note {number}"))
            if number % 10 == 0:
                board.say(shared, Opinion("unclear", f"Writer {writer}", f"Note {number}"))
                assert all(len(review.entries) >= 1 for review in board.find(Wanted(), 0, 24).reviews)

    for writer in [job(lambda writer=writer: write(writer)) for writer in range(WRITERS)]:
        writer.get()
    board = open_board(location)
    assert sorted(found(board)) == [*range(WRITERS * EACH), 10**6]
    for name in (f"Writer {writer}" for writer in range(WRITERS)):
        assert board.find(Wanted(name=name)).count == EACH + 1  # one of them is shared
    said = [(entry.opinion.name, entry.opinion.note) for entry in board.review(shared).entries[1:]]
    expected = {(f"Writer {writer}", f"Note {number}") for writer in range(WRITERS) for number in range(0, EACH, 10)}
    assert len(said) == len(expected)
    assert {*said} == expected


def test_a_server_that_is_killed_while_it_writes_leaves_the_database_whole(location, open_board, keep):
    board = open_board(location)
    id = keep(board, 1)
    arguments = str(ROOT / "explainers"), location.url, str(location.file or "")
    command = [sys.executable, "-c", WRITE_AND_WAIT, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout.readline() == "written\n"
        assert len(board.review(id).entries) == 1  # who reads sees nothing of it yet
        server.send_signal(signal.SIGKILL)
    assert {name: board.file(id, name) for name in FILES} == FILES
    assert len(board.review(id).entries) == 1
    keep(board, 2)
    assert found(board) == [2, 1]
    if location.file:
        with board._database.reading() as session:
            assert session.connection().exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


def test_a_full_board_says_so_and_goes_on_once_something_is_removed(sqlite, open_board, keep):
    size = sum(map(len, FILES.values()))
    board = open_board(replace(sqlite, max_bytes=2 * size + 50))
    first, second = keep(board, 1), keep(board, 2)
    with pytest.raises(ExplanationError, match="The review board is full"):
        keep(board, 3)
    board.say(second, Opinion("wrong", "Bert", "A" * 10))
    with pytest.raises(ExplanationError, match="The review board is full"):
        board.say(second, Opinion("wrong", "Bert", "B" * 60))
    board.remove(first)
    keep(board, 3)
    assert found(board) == [3, 2]


def test_what_is_too_large_is_refused(sqlite, open_board, keep, subject, monkeypatch):
    board = open_board(sqlite)
    with pytest.raises(ExplanationError, match="takes 26 MB, and a review has room for 25 MB"):
        board.keep("0" * 32, subject(), {BUNDLE: bytes(26 * 10**6)}, Opinion("wrong", "Anna"))
    with pytest.raises(ExplanationError, match="settings of this page are too long"):
        keep(board, settings={"x": "y" * 30_000})
    monkeypatch.setattr(module, "MAX_ENTRIES", 2)
    id = keep(board)
    board.say(id, Opinion("wrong", "Bert"))
    with pytest.raises(ExplanationError, match="This review has 2 verdicts"):
        board.say(id, Opinion("unclear", "Bert"))


def test_strangers_texts_are_bounded_and_lose_what_no_database_takes(board, keep):
    id = keep(board, 1, label="a\x00b\n" + "c" * 500, picture_name="half \ud800 of it", versus="\x1b[31m")
    subject = board.review(id).subject
    assert subject.label == "ab " + "c" * 197
    assert (subject.picture_name, subject.versus) == ("half of it", "[31m")
    board.say(id, Opinion("wrong", "x\x00y", "one\x00\ntwo\x07"))
    assert board.review(id).latest.opinion == Opinion("wrong", "xy", "one\ntwo")
