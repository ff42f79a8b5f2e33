"""The glossary."""

import pytest

from explainers.glossary import TERMS, with_terms


def test_a_text_brings_the_terms_in_it_along():
    text = with_terms("Which baseline the path starts from.")
    assert text.startswith("Which baseline the path starts from.\n\n")
    assert "**Baseline**: " in text
    assert "**Path**: " in text
    assert "**Logit**" not in text


def test_a_tooltip_also_explains_what_it_stands_beside():
    text = with_terms("How it works.", "Each feature map goes through a ReLU.")
    assert text.startswith("How it works.\n\n**Feature map**: ")
    assert "**ReLU**: " in text
    assert "goes through" not in text


def test_plurals_and_capitals_are_the_same_term():
    assert "**Superpixel**" in with_terms("Superpixels are patches.")
    assert "**Pass**" in with_terms("It takes many passes.")


def test_parts_of_other_words_are_no_terms():
    assert with_terms("A pathological gradation, passed on.") == "A pathological gradation, passed on."


@pytest.mark.parametrize("meaning", TERMS.values())
def test_meanings_are_short_and_end_as_sentences_do(meaning):
    assert len(meaning) < 160
    assert meaning.endswith(".")
    assert meaning[0] != " "
