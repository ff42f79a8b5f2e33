"""A settings file comes back as it was written, and anything else is refused with a sentence."""

import json

import pytest

from explainers import ExplanationError
from explainers.report.settings_file import MAX_BYTES, MAX_SETTINGS, NO_SETTINGS, SettingsFile

GIVEN = SettingsFile("path", {"method": "occlusion", "class": "café\n"}, "my photo.jpg", "120x90-0123456789abcdef")
PAGES = "explain", "path"


def changed(**parts):
    return json.dumps(json.loads(GIVEN.write()) | parts).encode()


def test_it_comes_back():
    opened = SettingsFile.read(GIVEN.write(), PAGES)
    assert (opened.page, opened.settings) == (GIVEN.page, GIVEN.settings)
    assert json.loads(GIVEN.write())["fingerprint"] == GIVEN.fingerprint


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x89PNG",
        b"[]",
        b"[" * 50_000,
        b"\xff\xfe{",
        b"1" * 5000,
        b'{"format": "whypixel explanation", "version": 1}',
        changed(version=2),
        changed(page="../models"),
        changed(page=["path"]),
        changed(settings=None),
        changed(settings=["method"]),
        changed(settings={"steps": 5}),
        changed(settings={"class": "\ud800"}),
        changed(settings={"class": "x" * 20_001}),
        changed(settings={"class": "\u4e2d" * 10_000}),  # nine letters each in an address
        changed(settings={f"s{number}": "" for number in range(MAX_SETTINGS + 1)}),
        changed(more=" " * MAX_BYTES),
    ],
)
def test_anything_else_is_refused(data):
    with pytest.raises(ExplanationError, match=NO_SETTINGS):
        SettingsFile.read(data, PAGES)
