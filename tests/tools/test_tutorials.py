"""The pictures of the tutorials' steps: one for each row of the table, all together small."""

import io
import re

import pytest
from PIL import Image

from explainers.lessons import BY_SLUG
from explainers.methods import BY_SLUG as METHODS
from pages.shared.heading import PAGES
from tools import tutorials
from tools.marks import DOCS
from tools.tutorials import PLACES

STEPS = [place.step for place in PLACES]
MAX_BYTES = 2_500_000  # of all of them


def test_every_row_of_the_table_links_the_picture_of_its_step():
    rows = re.findall(r"^\| ([ABCD]\d+) \|.*$", text := (DOCS / "lessons.md").read_text("utf-8"), re.MULTILINE)
    assert rows == STEPS
    assert len(STEPS) == 24
    for place in PLACES:
        assert f"](tutorials/{place.file.name})" in next(row for row in text.split("\n") if f"| {place.step} |" in row)


def test_the_pictures_are_there_and_small():
    files = sorted(tutorials.FOLDER.iterdir())
    assert files == sorted(place.file for place in PLACES)
    assert sum(file.stat().st_size for file in files) < MAX_BYTES
    assert {file.read_bytes()[8:12] for file in files} == {b"WEBP"}


@pytest.mark.parametrize("place", PLACES, ids=STEPS)
def test_a_place_names_what_there_is(place):
    assert place.page in PAGES
    assert place.settings.get("method", "grad-cam") in METHODS
    if place.page == "learn":
        assert 1 <= int(place.settings["step"]) <= len(BY_SLUG[place.settings["lesson"]].parts)


def test_the_tutorials_classifier_is_taken_only_where_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("WHYPIXEL_WEIGHTS", raising=False)
    place = next(place for place in PLACES if place.wanted)
    assert "classifier" not in place.query
    assert place.query == place.settings


def test_a_picture_is_made_small():
    stream = io.BytesIO()
    Image.effect_noise((1280, 800), 60).save(stream, "png")
    found = Image.open(io.BytesIO(tutorials.small(stream.getvalue())))
    assert (found.size, found.format) == ((tutorials.WIDTH, 500), "WEBP")
