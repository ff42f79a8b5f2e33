"""What people say of the findings of audits: kept in order, never overwritten, bounded, and each audit's own."""

import pytest

from explainers import ExplanationError
from explainers.reviews import audit_notes as module
from explainers.reviews.audit_notes import MAX_TAG, MAX_TAGS, AuditNote, AuditNotes
from explainers.reviews.location import Location
from explainers.reviews.review import Wanted

RUN, OTHER = "a" * 64, "b" * 64
FIRST, SECOND = AuditNote(("shortcut",), "Anna", "It is the *mark*."), AuditNote((), "Bert", "I think so, too.")


@pytest.fixture
def notes(location):
    notes = AuditNotes(location)
    yield notes
    notes.close()


def said(notes, subject, run=RUN):
    return [written.note for written in notes.of_run(run).get(subject, ())]


def test_before_anybody_has_written_there_is_nothing_and_nothing_is_made(notes, location):
    assert notes.of_run(RUN) == {}
    assert location.file is None or not location.file.exists()


def test_notes_are_kept_in_their_order_under_their_run_and_finding(notes):
    notes.say(RUN, "cluster-1", FIRST)
    notes.say(RUN, "cluster-1", SECOND)
    notes.say(RUN, "border-1", SECOND)
    notes.say(OTHER, "cluster-1", SECOND)
    assert said(notes, "cluster-1") == [FIRST, SECOND]
    assert said(notes, "border-1") == [SECOND]
    assert said(notes, "cluster-1", OTHER) == [SECOND]
    assert notes.of_run("c" * 64) == {}
    assert notes.of_run(RUN)["cluster-1"][0].written_at.tzinfo is not None


def test_the_same_twice_in_a_row_is_said_once(notes):
    for note in (FIRST, FIRST, SECOND, FIRST):
        notes.say(RUN, "cluster-1", note)
    assert said(notes, "cluster-1") == [FIRST, SECOND, FIRST]


def test_the_notes_on_one_finding_are_removed_for_good(notes):
    for subject in ("cluster-1", "border-1"):
        notes.say(RUN, subject, FIRST)
    notes.remove(RUN, "cluster-1")
    notes.remove(RUN, "never there")
    assert [*notes.of_run(RUN)] == ["border-1"]


def test_a_strangers_text_is_kept_as_it_was_meant(notes):
    note = AuditNote(
        ("a\tb\n c", "a b c", " "), " =1+1 \u202eevil ", "1'; DROP TABLE whypixel_audit_notes; --\x00\ud800"
    )
    assert note == AuditNote(("a b c",), "=1+1 evil", "1'; DROP TABLE whypixel_audit_notes; --")
    notes.say(RUN, "'; --", note)
    assert said(notes, "'; --") == [note]


@pytest.mark.parametrize(
    ("tags", "name", "note", "sentence"),
    [
        ((), "Anna", " ", "Write a note, or choose a tag"),
        (("shortcut",), " \u200b", "", "Write your name, so that others know whose note it is"),
        (("x" * (MAX_TAG + 1),), "Anna", "", "A tag has room for 30 characters, and one has 31"),
        ([str(number) for number in range(MAX_TAGS + 1)], "Anna", "", "room for 6 tags"),
        ((), "Anna", "x" * 2001, "The note has 2,001 characters"),
        ((), "x" * 61, "Yes", "The name has 61 characters"),
    ],
)
def test_what_cant_be_kept_gets_a_sentence(tags, name, note, sentence):
    with pytest.raises(ExplanationError, match=sentence):
        AuditNote(tuple(tags), name, note)


def test_there_is_an_end_to_what_can_be_said(notes, monkeypatch):
    monkeypatch.setattr(module, "MAX_NOTES", 2)
    notes.say(RUN, "cluster-1", FIRST)
    notes.say(RUN, "cluster-1", SECOND)
    with pytest.raises(ExplanationError, match="There are 2 notes"):
        notes.say(RUN, "cluster-1", FIRST)
    notes.say(RUN, "border-1", FIRST)


def test_notes_and_reviews_share_the_boards_room(location, keep, open_board):
    board = open_board(location)
    keep(board)
    full = AuditNotes(Location(location.url, location.file, 40))
    with pytest.raises(ExplanationError, match="The review board is full"):
        full.say(RUN, "cluster-1", FIRST)
    full.close()
    assert board.find(Wanted()).count == 1
