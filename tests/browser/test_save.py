"""The menu on each page gives files with what it promises, and a settings file brings the page back."""

import csv
import io
import json
import zipfile
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import pytest
from PIL import Image

CHECKS = {  # by the end of a file's name: whether it holds what it promises
    "-captioned.png": lambda data: Image.open(io.BytesIO(data)).width > 1400,
    "-captioned.svg": lambda data: data.startswith(b"<svg ") and data.count(b"<image ") >= 3,
    "-overlay.png": lambda data: Image.open(io.BytesIO(data)).size == (600, 400),
    "-map.png": lambda data: Image.open(io.BytesIO(data)).mode == "RGBA",
    ".zip": lambda data: any(name.endswith("values.npz") for name in zipfile.ZipFile(io.BytesIO(data)).namelist()),
    "-values.npz": lambda data: "heat.npy" in zipfile.ZipFile(io.BytesIO(data)).namelist(),
    "-measures.csv": lambda data: all(row["score"] for row in csv.DictReader(io.StringIO(data.decode()))),
    "-curves.csv": lambda data: data.startswith(b"alpha,logit,"),
    "-settings.json": lambda data: json.loads(data)["format"] == "whypixel settings",
    ".html": lambda data: data[:15].lower() == b"<!doctype html>",
    ".py": lambda data: compile(data, "code", "exec") is not None,
}
OF_A_MAP = {*CHECKS} - {"-curves.csv", ".py"}
OFFERED = {  # by page: the ends of the names of its files
    "": OF_A_MAP,
    "trust": OF_A_MAP,
    "path": OF_A_MAP | {"-curves.csv"},
    "compare": {"-captioned.png", "-captioned.svg", ".zip", "-measures.csv", "-settings.json", ".py", ".html"},
}


def downloaded(app):
    """Click every download of the menu; return the files by their names."""
    files = {}
    for button in app.page.get_by_test_id("stDownloadButton").get_by_role("button").all():
        with app.page.expect_download() as download:
            button.click()
        files[download.value.suggested_filename] = Path(download.value.path()).read_bytes()
    return files


def menu(app):
    """The page with its menu open."""
    app.at("save").get_by_role("button", name="Save").click()
    app.until(lambda: app.page.get_by_text("Open a settings file").is_visible())
    return app


@pytest.mark.parametrize("page", OFFERED)
def test_every_file_of_the_menu_holds_what_it_promises(app, cheap, brief, page):
    few = cheap() if page == "trust" else brief if page == "path" else {}
    app.come(page, **few, method="vanilla-gradient", compare_method="grad-cam~occlusion")
    app.until(lambda: app.at("save").count())
    files = downloaded(menu(app))
    (stem,) = {name.removesuffix(end) for name in files for end in OFFERED[page] if name.endswith(end)} & {
        "coffee-vanilla-gradient",
        "coffee-integrated-gradients",
        "coffee-comparison",
    }
    assert {name.removeprefix(stem) for name in files} == OFFERED[page]
    for name, data in files.items():
        assert CHECKS[name.removeprefix(stem)](data), name


def test_the_link_and_the_settings_file_bring_the_page_back(app):
    app.open(method="vanilla-gradient", scale="probability")
    heat, address = app.heat, app.address
    menu(app)
    link = app.page.get_by_test_id("stCode").first.inner_text()
    assert dict(parse_qsl(urlsplit(link).query)) == address
    assert urlsplit(link)[:3] == urlsplit(app.page.url)[:3]
    with app.page.expect_download() as download:
        app.at("save-settings").get_by_role("button").click()
    data = Path(download.value.path()).read_bytes()
    app.come("compare").until(lambda: app.at("save").count())
    menu(app).upload("settings.json", data, "application/json").until(lambda: app.heat == heat)
    assert app.address == address
