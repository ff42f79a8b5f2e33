"""The board as a table and as a report: all that was said, and nothing that a program would run."""

import csv
import io
import re

import pytest

from explainers.reviews.export import COLUMNS, as_csv, as_report
from explainers.reviews.review import Opinion, Wanted


@pytest.fixture
def reviews(sqlite, open_board, keep):
    board = open_board(sqlite)
    evil = "<script>alert(1)</script>"
    keep(board, 1, Opinion("wrong", "=cmd()", '+1\nsecond line, with "quotes"'), label="=HYPERLINK(1)", versus="-x")
    keep(board, 2, Opinion("unclear", f"@{evil}", f"-{evil}"), label=evil, picture_name=evil, method=f"{evil}")
    board.say(f"{1:032x}", Opinion("sensible", "Anna", "Now I see."))
    return board.find(Wanted()).reviews


def test_a_row_for_everything_that_was_said_and_no_formula(reviews):
    rows = list(csv.DictReader(io.StringIO(as_csv(reviews))))
    assert [(row["class"], row["entry"], row["counts"]) for row in rows] == [
        ("<script>alert(1)</script>", "1", "yes"),
        ("'=HYPERLINK(1)", "1", "no"),
        ("'=HYPERLINK(1)", "2", "yes"),
    ]
    first = rows[1]
    assert tuple(first) == COLUMNS
    assert (first["name"], first["rather than"], first["verdict"]) == ("'=cmd()", "'-x", "Wrong")
    assert first["note"] == '\'+1\nsecond line, with "quotes"'
    assert float(first["score"]) == -1.25
    assert first["settings"] == "method=grad-cam&box=1~2~3~4"
    assert not [cell for row in rows for name, cell in row.items() if cell[:1] in "=+-@" and cell and name != "score"]


def test_a_report_has_every_picture_and_word_and_needs_nothing_from_outside(reviews):
    page = as_report(reviews, 5, "of Grad-CAM")
    assert "<script" not in page
    assert "default-src 'none'" in page
    assert page.count('<img src="data:image/webp;base64,') == 2
    assert "5 reviews from Whypixel&#39;s review board: of Grad-CAM" in page.replace("Whypixel's", "Whypixel&#39;s")
    assert "This report shows the newest 2; 3 are left out." in page
    for text in (
        "Now I see.",
        "second line, with",
        "=HYPERLINK(1) rather than -x: Sensible",
        "The <strong>logit</strong>.",
    ):
        assert text in page
    assert re.search(r"<th>Sensible</th><td>1</td>", page)
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
