"""Pictures are read ahead in their order, within limits, and a broken one is said to be."""

import hashlib
import io
import threading

import pytest
from PIL import Image

from explainers import ExplanationError
from explainers.audit.cases.listing import Case, LostSourceError, list_cases
from explainers.audit.engine import reading
from explainers.audit.engine.reading import open_picture, read_ahead


def running():
    return [thread for thread in threading.enumerate() if thread.name == "whypixel pictures"]


def test_all_are_handed_out_in_their_order(conv, pictures):
    cases = list_cases(pictures).cases
    with read_ahead(pictures, cases, range(1, 6), conv, 2) as read_pictures:
        found = list(read_pictures)
    assert [each.number for each in found] == [1, 2, 3, 4, 5]
    assert [each.case for each in found] == list(cases[1:])
    broken = [each for each in found if each.seen is None]
    assert [each.case.path for each in broken] == ["goldfish/3.png"]
    assert "picture" in broken[0].error
    assert broken[0].sha256 == hashlib.sha256(b"no picture").hexdigest()
    assert not running()


def test_no_more_are_read_than_there_is_room_for(conv, pictures, monkeypatch):
    opened, three = [], threading.Event()

    def watched(source, case, number, classifier):
        opened.append(number)
        if len(opened) == 3:
            three.set()
        return open_picture(source, case, number, classifier)

    monkeypatch.setattr(reading, "open_picture", watched)
    cases = list_cases(pictures).cases
    with read_ahead(pictures, cases, range(6), conv, 2) as read_pictures:
        next(read_pictures)
        assert three.wait(20)  # the one handed out, and two that wait
        assert len(opened) == 3
    assert len(opened) == 3
    assert not running()


def test_a_lost_source_is_no_fault_of_a_picture(conv, pictures, tmp_path):
    cases = list_cases(pictures).cases
    with read_ahead(tmp_path / "gone", cases, range(6), conv, 2) as read_pictures, pytest.raises(LostSourceError):
        next(read_pictures)
    assert not running()


def test_a_file_that_changed_is_said_to(conv, write, png):
    folder = write({"a.png": png(0)})
    picture = open_picture(folder, Case("a.png", nbytes=1), 0, conv)
    assert picture.seen is None
    assert "changed" in picture.error


def test_sizes_views_and_boxes_are_of_the_upright_photo(conv, write):
    """A photo of more pixels than are kept is halved when it is read, and turned."""
    image, stream = Image.new("RGB", (2400, 1200), "red"), io.BytesIO()
    exif = image.getexif()
    exif[0x0112] = 6  # to be turned by a quarter
    image.save(stream, "JPEG", exif=exif)
    folder = write({"a.jpg": stream.getvalue()})
    case = Case("a.jpg", box=(0.0, 600.0, 1200.0, 1800.0), nbytes=len(stream.getvalue()))
    picture = open_picture(folder, case, 0, conv)
    assert picture.size == (1200, 2400)
    assert picture.scale == (2.0, 2.0)
    left, top, right, bottom = picture.view
    assert (left, right) == (pytest.approx(0, abs=60), pytest.approx(1200, abs=60))
    assert (bottom - top) / (right - left) == pytest.approx(29 / 24, rel=0.02)
    assert picture.box == (0.0, 300.0, 600.0, 900.0)


def test_whatever_ends_the_block_ends_the_reading(conv, pictures):
    cases = list_cases(pictures).cases
    with pytest.raises(ExplanationError, match="enough"), read_ahead(pictures, cases, range(6), conv, 1):
        raise ExplanationError("enough")
    assert not running()
