"""The menu gives the shown result as files and as code, and names files by plain letters only."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import explainers
from pages.shared import save
from tests.pages.conftest import DASHBOARD


@pytest.fixture
def made(monkeypatch):
    """What the menu offers: the bytes of each file, by its key."""
    offered = {}

    def offer(label, key, name, make):
        offered[key] = name, make()

    monkeypatch.setattr(save, "_offer", offer)
    return offered


def test_the_page_offers_files_of_the_map_that_it_shows(made, tmp_path):
    page = AppTest.from_file(DASHBOARD, default_timeout=60).run()
    assert not page.exception
    assert [name for name, _ in made.values()] == [
        "coffee-grad-cam.zip",
        "coffee-grad-cam.html",
        "coffee-grad-cam-overlay.png",
        "coffee-grad-cam-map.png",
    ]
    (tmp_path / "all.zip").write_bytes(made["all"][1])
    explanation = explainers.load(tmp_path / "all.zip")
    assert explanation.facts.method == "Grad-CAM"
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        for key in ("overlay", "map"):
            assert archive.read(f"{key}.png") == made[key][1]
    with Image.open(io.BytesIO(made["overlay"][1])) as overlay:
        assert overlay.size == explanation.photo_size
        assert np.asarray(overlay).std() > 10
    assert "<h1>Why does PocketNet say" in made["report"][1].decode()
    (code,) = (block.value for block in page.code)
    assert "sample('coffee').data" in code
    assert "GradCAM(" in code


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("photo.jpg", "photo"),
        ("../../etc/pass wd.png", "pass-wd"),
        ('a"; filename="b.exe\r\n.png', "a-filename-b-exe"),
        ("фото.png", "picture"),
        ("x" * 300, "x" * 60),
        ("", "picture"),
    ],
)
def test_a_files_name_is_a_strangers_text(name, plain):
    assert save._plain(name) == plain
