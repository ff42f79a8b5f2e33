"""Worksheets: the same lesson on paper, with room for answers or with the answers."""

import pytest

from explainers import load_classifier
from explainers.lessons import BY_SLUG, LESSONS, Guess, Lab, OpenQuestion
from explainers.lessons.worksheet import worksheet


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.slug)
def test_a_worksheet_has_every_part_and_no_answer(lesson):
    page = worksheet(lesson)
    for part in lesson.parts:
        assert part.title in page.replace("&#39;", "'")
    assert 'class="answer"' not in page
    assert "☒" not in page
    assert page.count("☐") == sum(len(part.options) for part in lesson.parts if isinstance(part, Guess))
    assert page.count('class="line"') > 5 * sum(isinstance(part, OpenQuestion) for part in lesson.parts)
    assert "<script" not in page


def test_what_can_be_moved_stands_on_it():
    page = worksheet(BY_SLUG["shortcut"])
    for line in ("Shape: square; circle; triangle", "The mark: on or off", "Seed: 0 to 9"):
        assert f"<li>{line}</li>" in page


def test_its_last_lines_explain_the_terms_on_it():
    before, words = worksheet(BY_SLUG["contrast"]).split('<div class="words">')
    assert "logit" in before
    assert "<strong>Logit</strong>: the score" in words
    assert "Baseline" not in words


def test_the_teachers_has_the_answers():
    page = worksheet(LESSONS[0], Lab(load_classifier("bundled")))
    assert page.count("☒") == sum(isinstance(part, Guess) for part in LESSONS[0].parts)
    assert "At x₁ = 1 and x₂ = 1, y is 5." in page
    assert 'class="line"' not in page
