"""A tray keeps a visitor's pictures in order, each file once, and within its bounds."""

import pytest
from PIL import Image

from explainers import ExplanationError
from explainers.images import tray
from explainers.images.photo import Photo
from explainers.images.tray import Tray

RED, BLUE, GREEN = (Photo.of(Image.new("RGB", (10, 10), colour), colour) for colour in ("red", "blue", "green"))


def test_a_photo_is_found_beside_another_and_nothing_beyond_the_ends():
    three = Tray((RED, BLUE, GREEN))
    assert three.find(BLUE.fingerprint) is BLUE
    assert [three.beside(BLUE.fingerprint, step) for step in (-1, 0, 1, 2)] == [RED, BLUE, GREEN, None]
    assert three.beside(RED.fingerprint, -1) is None
    assert [*three.without(BLUE.fingerprint)] == [RED, GREEN]
    assert three.without(BLUE.fingerprint).beside(BLUE.fingerprint, 1) is None


def test_a_file_counts_once_and_keeps_its_place():
    again = Photo.of(RED.image, "again")
    assert [*Tray((RED, BLUE)).with_photo(again)] == [again, BLUE]
    assert [*Tray((RED,)).with_photo(BLUE)] == [RED, BLUE]


def test_number_and_bytes_are_bounded(monkeypatch):
    monkeypatch.setattr(tray, "MAX_PHOTOS", 2)
    with pytest.raises(ExplanationError, match="room for 2 pictures"):
        Tray((RED, BLUE)).with_photo(GREEN)
    assert len(Tray((RED, BLUE)).with_photo(RED)) == 2
    monkeypatch.setattr(tray, "MAX_BYTES", RED.nbytes + BLUE.nbytes - 1)
    with pytest.raises(ExplanationError, match="MB of memory"):
        Tray((RED,)).with_photo(BLUE)
