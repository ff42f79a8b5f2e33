"""What a student answered, and the file that a teacher gets of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from explainers.lessons.parts import Guess, Lesson
from explainers.spreadsheets import harmless

MAX_ANSWER = 1000  # characters
HEADER = ("Lesson", "Question", "Answer", "Right answer", "Right", "Classifier")


@dataclass(frozen=True)
class Given:
    """An answer that was given.

    text:       the chosen option, or the student's own words.
    right:      the option that is right; empty for questions without options, and until it is shown.
    classifier: the name of the classifier that the lesson was held with.
    """

    text: str
    right: str = ""
    classifier: str = ""


Answers = Mapping[tuple[str, str], Given]  # by the lesson's slug and the part's name


def answers_file(lessons: Iterable[Lesson], answers: Answers) -> bytes:
    """Return all answers as CSV, one a line, in the order of the lessons, for any spreadsheet."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(HEADER)
    for lesson in lessons:
        for part in lesson.asked:
            if given := answers.get((lesson.slug, part.name)):
                is_right = ("yes" if given.text == given.right else "no") if given.right else ""
                row = (lesson.title, part.title, given.text, given.right, is_right, given.classifier)
                writer.writerow(map(harmless, row))
    return stream.getvalue().encode("utf-8-sig")  # by which spreadsheets know UTF-8


def score(lesson: Lesson, answers: Answers) -> tuple[int, int]:
    """Return how many guesses of a lesson were right, and how many were made."""
    made = [given for part in lesson.parts if isinstance(part, Guess) if (given := _given(lesson, part, answers))]
    return sum(given.text == given.right for given in made), len(made)


def _given(lesson: Lesson, part: Guess, answers: Answers) -> Given | None:
    return answers.get((lesson.slug, part.name))
