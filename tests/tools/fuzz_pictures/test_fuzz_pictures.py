"""Damaged pictures are the same in every run, and what comes out of them is counted."""

from itertools import islice

import pytest

from tools.fuzz_pictures import __main__ as tool
from tools.fuzz_pictures.files import mutations, valid_files
from tools.fuzz_pictures.worst import WORST, tiff


def test_mutations_are_the_same_for_the_same_seed():
    data = valid_files()["PNG"]
    first, again, other = (list(islice(mutations(data, seed), 20)) for seed in ("a", "a", "b"))
    assert first == again != other
    assert len({data, *first}) > 18


def test_all_valid_files_are_read():
    assert {tool.outcome(data)[1] for data in valid_files().values()} == {"read"}


def test_mutations_are_shared_out_among_the_files_and_counted(capsys):
    assert tool.mutate(30, seed=1) == 0
    words = capsys.readouterr().out
    assert words.startswith(f"30 mutations of {len(valid_files())} files in ")
    assert words.endswith(" refused with a sentence, 0 foreign errors\n")


def test_a_foreign_error_is_counted_and_shown(monkeypatch, capsys):
    def fail(name, data):
        raise ZeroDivisionError(name)

    monkeypatch.setattr(tool.Photo, "read", fail)
    assert tool.mutate(3, seed=0) == 3
    assert capsys.readouterr().out.count("ZeroDivisionError('picture') of b'") == 3


@pytest.mark.parametrize("compression", [1, 8])
def test_strips_are_what_they_should_be(compression):
    photo, words = tool.outcome(tiff(20, compression))
    assert words == "read"
    assert photo.image.size == (8, 20)


def test_the_smallest_of_the_worst_is_as_small_as_it_says():
    assert len(WORST["WebP, 90 bytes"]()) == 90
