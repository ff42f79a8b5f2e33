"""A photo is decoded once, upright, and known by its file's bytes or its pixels."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import ExifTags, Image

from explainers import ExplanationError, read_image
from explainers.images import photo as module
from explainers.images.photo import Photo, is_fingerprint, size_in_words
from explainers.images.reading import Reading, read


def png(picture, **options) -> bytes:
    file = BytesIO()
    picture.save(file, "PNG", **options)
    return file.getvalue()


def test_a_photo_is_upright():
    halves = Image.new("RGB", (40, 20), "red")
    halves.paste("blue", (20, 0, 40, 20))
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was held upright: what it calls left is the top
    photo = Photo.read("photo", png(halves, exif=exif))
    assert photo.image.size == (20, 40)
    assert (photo.image.getpixel((10, 5)), photo.image.getpixel((10, 35))) == ((255, 0, 0), (0, 0, 255))
    red, _, blue = Image.open(BytesIO(photo.thumbnail)).getpixel((100, 20))
    assert red > 200 > 50 > blue


def test_photos_differ_by_their_bytes_whole(monkeypatch):
    data = png(Image.new("RGB", (40, 30), "red"))
    assert Photo.read("a", data).digest == Photo.read("b", data).digest
    reading = Reading(Image.new("RGB", (8, 8)), (8, 8), "", False)
    monkeypatch.setattr(module, "read", lambda data, **more: reading)  # no decoder takes these bytes
    every = {Photo.read("a", bytes([first, *data[1:], last])).digest for first in (1, 2) for last in (1, 2)}
    assert len(every) == 4


@pytest.mark.parametrize(
    "other",
    [
        torch.ones(3, 4, 5, dtype=torch.float64),
        torch.ones(3, 5, 4),
        torch.ones(3, 4, 5).index_fill(2, torch.tensor([4]), 0.5),
        Image.new("RGB", (5, 4), "white"),
    ],
    ids=["precision", "shape", "pixel", "kind"],
)
def test_pictures_in_memory_differ_by_all_that_a_classifier_may_see(other):
    assert Photo.of(torch.ones(3, 4, 5)).digest == Photo.of(torch.ones(3, 4, 5), "another name").digest
    assert Photo.of(other).digest != Photo.of(torch.ones(3, 4, 5)).digest
    assert Photo.of(other).thumbnail.startswith(b"\xff\xd8")  # as a JPEG


@pytest.mark.parametrize("size", [(40, 20), (20, 40), (400, 300)], ids=str)
def test_a_thumbnail_is_a_square_of_the_middle(size):
    photo = Photo.of(Image.new("RGB", size, "red"))
    assert Image.open(BytesIO(photo.thumbnail)).size == (200, 200)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Image.new("RGB", (6, 4), "red"), True),
        (Image.new("RGB", (4, 6), "red"), False),
        (Image.new("RGBA", (6, 4), "red"), False),
        (Image.new("RGB", (6, 4), "#fe0000"), False),
    ],
    ids=["same", "size", "mode", "pixels"],
)
def test_pictures_without_a_file_are_known_by_mode_size_and_pixels(other, same):
    assert (Photo.of(other).digest == Photo.of(Image.new("RGB", (6, 4), "red")).digest) is same


def test_a_file_is_decoded_exactly_once(monkeypatch):
    calls = []
    monkeypatch.setattr(module, "read", lambda data, **more: calls.append(data) or read(data, **more))
    photo = Photo.read("photo", png(Image.new("RGB", (40, 30), "red")))
    assert photo.image is photo.image
    assert photo.thumbnail is photo.thumbnail
    assert len(calls) == 1


@pytest.mark.parametrize("data", [b"", b"no picture", png(Image.new("RGB", (4, 4)))], ids=["empty", "text", "small"])
def test_what_cannot_be_read_is_refused_in_the_same_words(data):
    with pytest.raises(ExplanationError) as expected:
        read_image(data)
    with pytest.raises(ExplanationError) as refusal:
        Photo.read("photo", data)
    assert str(refusal.value) == str(expected.value)


@pytest.fixture
def deep():
    """A file of 12 bits in 16."""
    return png(Image.fromarray(np.tile(np.arange(0, 4096, 64, dtype=np.uint16), (8, 1))))


def test_the_levels_are_part_of_what_a_photo_is(deep):
    photo = Photo.read("photo", deep)
    assert (photo.levels, photo.note) == (
        "automatic",
        "Its 16-bit integers from 0 to 4,095 are shown from black to white.",
    )
    whole = photo.with_levels("type")
    assert (whole.name, whole.levels, whole.note) == (
        "photo",
        "type",
        "Its 16-bit integers from 0 to 65,535 are shown from black to white.",
    )
    assert [p.image.getpixel((63, 0)) for p in (photo, whole)] == [(251, 251, 251), (16, 16, 16)]  # 4032 of 4095
    assert len({photo.digest, whole.digest, photo.with_levels("extremes").digest}) == 3
    assert whole.with_levels("automatic").digest == photo.digest


def test_a_photo_of_8_bits_keeps_no_file():
    photo = Photo.read("photo", png(Image.new("RGB", (40, 30), "red")))
    assert (photo.levels, photo.note, photo.file) == (None, "", b"")


def test_of_a_large_photo_only_so_much_is_kept_as_a_classifier_can_use():
    photo = Photo.read("photo", png(Image.new("RGB", (2001, 1000), "red"), compress_level=1))
    assert photo.image.size == (1001, 500)
    assert photo.note == "It was scaled down from 2,001 × 1,000 to 1,001 × 500 pixels when it was read."


def test_a_fingerprint_tells_size_and_file_but_never_the_name_or_the_levels():
    lying = png(Image.new("RGB", (2001, 1000), "red"), exif=turned(6))
    photo = Photo.read("secret name", lying)
    assert photo.fingerprint.startswith("1000x2001-")  # upright, and as large as in its file
    assert Photo.read("another", lying).fingerprint == photo.fingerprint
    assert Photo.read("another", lying + b"\0").fingerprint != photo.fingerprint
    assert size_in_words(photo.fingerprint) == "1,000 × 2,001 pixels"
    deep = png(Image.fromarray(np.tile(np.arange(0, 4096, 64, dtype=np.uint16), (8, 1))))
    automatic, whole = (Photo.read("deep", deep, levels) for levels in ("automatic", "type"))
    assert automatic.digest != whole.digest
    assert automatic.fingerprint == whole.fingerprint == automatic.with_levels("type").fingerprint
    assert Photo.of(Image.new("RGB", (6, 4))).fingerprint.startswith("6x4-")


def turned(orientation):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif


@pytest.mark.parametrize(
    ("text", "could_be"),
    [
        ("600x400-0123456789abcdef", True),
        ("600x400-0123456789abcde", False),
        ("0x400-0123456789abcdef", False),
        ("600x400-0123456789ABCDEF", False),
        ("600x400-0123456789abcdef\n", False),
        ("12345678x1-0123456789abcdef", False),
        ("٣x٣-0123456789abcdef", False),
        ("", False),
    ],
)
def test_what_could_not_be_a_fingerprint_is_told(text, could_be):
    assert is_fingerprint(text) is could_be
