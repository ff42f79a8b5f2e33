"""An explanation becomes files that nothing overwrites, and is restored bit for bit or refused."""

import errno
import json
import zipfile
from io import BytesIO
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

import explainers
from explainers import ExplanationError, IntegratedGradients, Target
from explainers.figures import Tile, Tints
from explainers.report import bundle_schema, load, save, values_file, zipped, zipped_tiles

FILES = {"explanation.json", "map.png", "overlay.png", "values.npz"}


@pytest.fixture(scope="module")
def explanation(conv, noise):
    return IntegratedGradients(steps=3, baseline="random")(conv, noise(conv.size), Target(1))


@pytest.fixture
def saved(explanation, tmp_path):
    return save(explanation, tmp_path / "map")


def change(folder, **entries):
    """Change entries of a saved explanation; a name with dots is one within another."""
    document = json.loads((folder / "explanation.json").read_text("utf-8"))
    for name, value in entries.items():
        *above, last = name.split("__")
        entry = document
        for part in above:
            entry = entry[part]
        entry[last] = value
    (folder / "explanation.json").write_text(json.dumps(document), "utf-8")


def test_the_public_face_saves_and_loads():
    assert (explainers.save, explainers.load) == (save, load)


def test_a_folder_has_pictures_values_and_the_proof(saved, explanation):
    assert {path.name for path in saved.iterdir()} == FILES
    for name in ("map.png", "overlay.png"):
        with Image.open(saved / name) as picture:
            assert picture.size == explanation.picture.shape[:0:-1]
    with np.load(saved / "values.npz") as arrays:
        assert (arrays["values"] == explanation.values).all()
        assert (arrays["heat"] == explanation.heat).all()
        assert (arrays["trace.alphas"] == explanation.trace.alphas).all()
    document = json.loads((saved / "explanation.json").read_text("utf-8"))
    assert document["sentences"][0].startswith("Explained: the logit of")
    assert document["explanation"]["facts"]["settings"]["steps"] == 3


def test_a_zip_has_the_same_files_and_is_the_same_each_time(saved, explanation, tmp_path):
    data = zipped(explanation)
    assert data == zipped(explanation)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == {
            path.name: path.read_bytes() for path in saved.iterdir()
        }
    (tmp_path / "map.zip").write_bytes(data)
    assert load(tmp_path / "map.zip").values.tobytes() == explanation.values.tobytes()


def test_a_zip_of_tiles_has_a_numbered_folder_for_each_map(explanation, tmp_path):
    tiles = [Tile("A", "", explanation), Tile("B", "no map"), Tile("A again", "", explanation.reduced("largest"))]
    with zipfile.ZipFile(BytesIO(zipped_tiles(tiles, Tints(shared=True)))) as archive:
        assert {*archive.namelist()} == {f"{n}-integrated-gradients/{name}" for n in ("01", "03") for name in FILES}
        archive.extractall(tmp_path)
    assert load(tmp_path / "03-integrated-gradients").reduction == "largest"


def test_the_values_alone_are_those_of_the_bundle(saved, explanation):
    assert values_file(explanation) == (saved / "values.npz").read_bytes()


def test_nothing_is_overwritten(saved, explanation, tmp_path):
    (saved / "map.png").write_text("mine")
    (tmp_path / "file").write_text("mine")
    (tmp_path / "empty").mkdir()
    assert save(explanation, saved) == tmp_path / "map-2"
    assert save(explanation, str(saved)) == tmp_path / "map-3"
    assert save(explanation, tmp_path / "file") == tmp_path / "file-2"
    assert save(explanation, tmp_path / "empty") == tmp_path / "empty"
    assert (saved / "map.png").read_text() == (tmp_path / "file").read_text() == "mine"


def test_folders_above_are_made(explanation, tmp_path):
    assert save(explanation, tmp_path / "one" / "two") == tmp_path / "one" / "two"


def test_a_full_disk_leaves_nothing_behind(explanation, tmp_path, monkeypatch):
    written = []

    def write(path, data):
        written.append(path)
        if len(written) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(data)

    monkeypatch.setattr(Path, "write_bytes", write)
    with pytest.raises(ExplanationError, match=r"map could not be written: No space left on device\.$"):
        save(explanation, tmp_path / "map")
    assert not [*tmp_path.iterdir()]


def test_a_folder_below_a_file_is_refused(explanation, tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ExplanationError, match="could not be written"):
        save(explanation, tmp_path / "file" / "map")


def test_a_photo_of_another_size_is_refused(explanation, tmp_path):
    with pytest.raises(ExplanationError, match="The photo has"):
        save(explanation, tmp_path / "map", photo=Image.new("RGB", (5, 5)))
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"format": "another"}, "explanation.json is of another kind"),
        ({"version": 2}, "saved in version 2 of the format; this Whypixel reads 1"),
        ({"explanation__score": "high"}, "explanation.score must be a number"),
        ({"explanation__score": True}, "explanation.score must be a number"),
        ({"explanation__box": [0, 0, 1]}, "explanation.box must be a list of 4"),
        ({"explanation__target__scale": "odds"}, "explanation.target.scale must be one of logit, probability"),
        ({"explanation__target__index": 1.5}, "explanation.target.index must be a value of type integer"),
        ({"explanation__colour": "red"}, "explanation has the unknown entry 'colour'"),
        ({"explanation__values__shape": [1]}, "explanation.values must be an array of shape"),
        ({"explanation__values__array": "secret"}, "explanation.values must be an array of the data"),
        ({"explanation__facts__settings": []}, "explanation.facts.settings must be an object"),
        ({"explanation__facts": None}, "explanation.facts must be an object"),
        ({"sha256": {}}, "values.npz was changed, or belongs to another map"),
    ],
)
def test_a_changed_document_is_refused_with_the_place(saved, entries, sentence):
    change(saved, **entries)
    with pytest.raises(ExplanationError, match=sentence):
        load(saved)
    if "sha256" not in entries and not any("values" in name for name in entries):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(json.loads((saved / "explanation.json").read_text("utf-8")), bundle_schema())


def test_an_entry_that_is_missing_is_named(saved):
    document = json.loads((saved / "explanation.json").read_text("utf-8"))
    del document["explanation"]["residual"]
    (saved / "explanation.json").write_text(json.dumps(document))
    with pytest.raises(ExplanationError, match="explanation lacks the entry 'residual'"):
        load(saved)


def test_changed_values_are_refused(saved):
    with np.load(saved / "values.npz") as stored:
        arrays = dict(stored)
    arrays["values"] = arrays["values"] + 1
    np.savez(saved / "values.npz", **arrays)
    with pytest.raises(ExplanationError, match=r"values\.npz was changed"):
        load(saved)


@pytest.mark.parametrize("data", [b"", b"PK", b"[" * 100_000, b"null", b"\xff\xfe{", b'{"format": 1}'])
def test_other_files_are_refused(saved, tmp_path, data):
    (saved / "explanation.json").write_bytes(data)
    with pytest.raises(ExplanationError, match="holds no saved explanation"):
        load(saved)
    (tmp_path / "file.zip").write_bytes(data)
    with pytest.raises(ExplanationError, match="holds no saved explanation"):
        load(tmp_path / "file.zip")


def test_pickled_arrays_are_not_read(saved):
    np.savez(saved / "values.npz", values=np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ExplanationError, match="holds no saved explanation"):
        load(saved)


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(ExplanationError, match="nowhere holds no saved explanation"):
        load(tmp_path / "nowhere")
