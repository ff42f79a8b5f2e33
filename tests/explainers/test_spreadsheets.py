"""No text becomes a formula."""

import pytest

from explainers.spreadsheets import harmless


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", " =1", "\r\n=1", "|cmd", "%1"])
def test_what_would_be_computed_gets_an_apostrophe(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "cat", "a=b", "'=1", "1-1"])
def test_other_texts_stay(text):
    assert harmless(text) == text
