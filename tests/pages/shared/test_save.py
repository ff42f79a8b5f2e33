"""The menu gives the shown result as files and as code, on each page, and names files by plain letters only."""

import csv
import io
import zipfile
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

import explainers
from explainers.images.photo import Photo
from pages.shared import save


@pytest.fixture
def made(monkeypatch):
    """What the menu offers: the name of each file, and what makes it, by its key."""
    offered = {}

    def offer(label, key, name, make):
        offered[key] = name, make

    monkeypatch.setattr(save, "_offer", offer)
    return offered


@pytest.fixture
def bytes_of(made):
    """(key) -> the bytes of that file."""
    return lambda key: made[key][1]()


@pytest.fixture
def rows(bytes_of):
    """(key) -> the rows of that table."""
    return lambda key: list(csv.DictReader(io.StringIO(bytes_of(key).decode(), newline="")))


def opened(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_the_page_offers_files_of_the_map_that_it_shows(visit, made, bytes_of, rows, tmp_path):
    page = visit()
    assert not page.exception
    assert [name.removeprefix("coffee-grad-cam") for name, _ in made.values()] == [
        *("-captioned.png", "-captioned.svg", "-overlay.png", "-map.png"),
        *(".zip", "-values.npz", "-measures.csv", ".html"),
    ]
    (tmp_path / "all.zip").write_bytes(bytes_of("zip"))
    explanation = explainers.load(tmp_path / "all.zip")
    assert explanation.facts.method == "Grad-CAM"
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        for key in ("overlay", "map"):
            is_same = archive.read(f"{key}.png") == bytes_of(f"{key}-png")  # by itself: to show where takes minutes
            assert is_same, key
        is_same = archive.read("values.npz") == bytes_of("values-npz")
        assert is_same
    overlay = opened(bytes_of("overlay-png"))
    assert overlay.size == explanation.photo_size
    assert np.asarray(overlay).std() > 10
    assert opened(bytes_of("captioned-png")).width > 1400
    assert ElementTree.fromstring(bytes_of("captioned-svg")).tag.endswith("svg")
    assert "<h1>Why does PocketNet say" in bytes_of("report").decode()
    (row,) = rows("measures-csv")
    assert float(row["score"]) == explanation.score
    link, ours, captum = (block.value for block in page.code)
    assert "?" not in link
    assert "sample('coffee').data" in ours
    assert "GradCAM(" in ours
    assert "LayerGradCam(" in captum


def test_the_path_page_offers_its_curves(visit, made, bytes_of, rows):
    assert not visit(page="pages/path.py").exception
    curves = rows("curves-csv")
    assert (curves[0]["alpha"], curves[-1]["alpha"]) == ("0.0", "1.0")
    assert bytes_of("captioned-svg").count(b"<polyline") == 3
    assert {name for name, _ in made.values()} >= {"coffee-integrated-gradients.html"}


def test_the_compare_page_offers_all_its_maps(visit, made, bytes_of, rows, tmp_path):
    methods = "vanilla-gradient~input-times-gradient"
    page = visit({"compare-method": methods, "compare-view": "Agreement"}, "pages/compare.py")
    assert not page.exception
    assert {name for name, _ in made.values() if "comparison" in name} == {
        f"coffee-comparison{ending}"
        for ending in ("-captioned.png", "-captioned.svg", ".zip", "-measures.csv", ".py", ".html")
    }
    (tmp_path / "all.zip").write_bytes(bytes_of("zip"))
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        archive.extractall(tmp_path)
    maps = [explainers.load(tmp_path / name) for name in ("01-vanilla-gradient", "02-input-times-gradient")]
    table = rows("measures-csv")
    assert [float(row["score"]) for row in table] == [each.score for each in maps]
    correlation = table[0]["Rank correlation (Spearman) with 2"]
    assert float(correlation) == explainers.experiments.rank_correlation(*(each.heat for each in maps))
    assert bytes_of("captioned-svg").count(b"<image") == 4
    assert opened(bytes_of("captioned-png")).width > 1400
    assert bytes_of("py").decode().count("heat = explanation.reduced(") == 2
    assert "coffee" in bytes_of("py").decode()


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
    assert save.plain_name(Photo.of(Image.new("RGB", (1, 1)), name)) == plain
