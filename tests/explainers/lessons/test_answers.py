"""The file of a student's answers."""

import csv
import io

from explainers.lessons import LESSONS, Guess
from explainers.lessons.answers import Given, answers_file, score

LESSON = LESSONS[0]
GUESS, OTHER = [part for part in LESSON.parts if isinstance(part, Guess)][:2]


def rows(answers):
    return list(csv.DictReader(io.StringIO(answers_file(LESSONS, answers).decode("utf-8-sig"))))


def test_every_answer_is_a_line_with_what_was_right():
    answers = {
        (LESSON.slug, GUESS.name): Given("1", "2", "PocketNet"),
        (LESSON.slug, OTHER.name): Given("x₁", "x₁", "PocketNet"),
    }
    assert [(row["Question"], row["Answer"], row["Right"]) for row in rows(answers)] == [
        (GUESS.title, "1", "no"),
        (OTHER.title, "x₁", "yes"),
    ]
    assert score(LESSON, answers) == (1, 2)
    assert rows({}) == []


def test_no_answer_becomes_a_formula():
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", '=HYPERLINK("http://x")'):
        (row,) = rows({(LESSON.slug, GUESS.name): Given(text)})
        assert row["Answer"] == f"'{text}"
        assert row["Right"] == ""
