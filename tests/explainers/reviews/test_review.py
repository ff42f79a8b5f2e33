"""An opinion has a verdict and a name; what strangers write is bounded."""

import pytest

from explainers import ExplanationError
from explainers.reviews.review import MAX_NAME, MAX_NOTE, Opinion, is_id


@pytest.mark.parametrize(
    ("verdict", "name", "note", "sentence"),
    [
        ("", "Anna", "", "Choose a verdict: Sensible, Right for the wrong reason, Wrong, Unclear."),
        ("nice", "Anna", "", "Choose a verdict: "),
        ("wrong", " \n\x00 ", "", "Write your name"),
        ("wrong", "\u200b \u2060", "", "Write your name"),
        ("wrong", "A" * (MAX_NAME + 1), "", "The name has 61 characters, and there is room for 60."),
        ("wrong", "Anna", "A" * (MAX_NOTE + 1), "The note has 2,001 characters, and there is room for 2,000."),
    ],
)
def test_an_opinion_that_can_not_be_kept_says_why(verdict, name, note, sentence):
    with pytest.raises(ExplanationError, match=sentence):
        Opinion(verdict, name, note)


def test_texts_keep_their_lines_and_lose_what_nobody_sees():
    opinion = Opinion("wrong", "  Anna\tB\n", "\n one \r\n\r\n \u202etwo\x00\x1b \x85three\ud800\n")
    assert (opinion.name, opinion.note) == ("Anna B", "one\n\n two\nthree")
    assert Opinion("wrong", opinion.name, opinion.note) == opinion


@pytest.mark.parametrize(("text", "is_one"), [("a" * 32, True), ("A" * 32, False), ("a" * 33, False), ("../x", False)])
def test_only_what_names_a_review_is_taken_for_a_name(text, is_one):
    assert is_id(text) is is_one
