"""Small runs of real pictures, computed in a loop."""

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from explainers import ExplanationError, Target
from explainers.audit.cases.listing import list_cases, read
from explainers.audit.runs.beginning import planned
from explainers.audit.runs.run import Run
from explainers.images.photo import Photo
from explainers.methods import BY_SLUG


def _png(seed, side=24):
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(stream := io.BytesIO(), "PNG")
    return stream.getvalue()


@pytest.fixture(scope="session")
def png():
    """(seed, side=24) -> the bytes of a picture of noise."""
    return _png


@pytest.fixture
def write(tmp_path):
    """({name: bytes or text}, below="pictures") -> a folder with these files."""

    def make(files, below="pictures"):
        for name, content in files.items():
            path = tmp_path / below / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return tmp_path / below

    return make


@pytest.fixture
def packed(tmp_path):
    """({name: bytes or text}, name="pictures.zip") -> a zip archive with these files."""

    def make(files, name="pictures.zip"):
        with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for path, content in files.items():
                archive.writestr(path, content)
        return tmp_path / name

    return make


@pytest.fixture
def pictures(write):
    """A folder of six pictures in two classes, one of them broken."""
    files = {f"{label}/{number}.png": _png(number) for number, label in enumerate(["espresso", "goldfish"] * 3)}
    return write(files | {"goldfish/3.png": b"no picture", "notes.txt": "nothing to see"})


@pytest.fixture(scope="session")
def pocket():
    """The bundled classifier."""
    from explainers import load_classifier

    return load_classifier("bundled")


@pytest.fixture
def begun(pocket, tmp_path):
    """(source, part=2, name="run") -> a new run of its pictures, in parts of two."""

    def make(source, part=2, name="run", **more):
        listing = list_cases(source)
        plan = planned(listing, pocket, BY_SLUG["vanilla-gradient"](), name="bundled", part=part, **more)
        return Run.create(tmp_path / name, plan, listing.cases)

    return make


@pytest.fixture
def computed(pocket):
    """(run, parts=None) -> it, with these parts computed, one picture after the other."""

    def compute(run, parts=None):
        for part in run.missing() if parts is None else parts:
            run.write_part(part, [_row(run, number, pocket) for number in run.plan.numbers(part)])
        return run

    return compute


def _row(run, number, classifier):
    """A row with what tells whether the right picture was explained."""
    case = run.cases[number]
    row = {"number": number, "path": case.path, "error": None}
    try:
        data = read(run.plan.source, case)
        row["sha256"] = hashlib.sha256(data).hexdigest()
        image = Photo.read(case.path, data).image
        top = classifier.predict(image, 1)[0]
        map_ = BY_SLUG[run.plan.method]()(classifier, image, Target(top.index))
    except ExplanationError as error:
        return row | {"error": str(error)}
    known = case.label in classifier.labels
    return row | {
        "prediction": top.label,
        "prediction_index": top.index,
        "correct": top.label == case.label if known else None,
        "score": map_.score,
    }


@pytest.fixture
def content():
    """(folder) -> the bytes of all its files, by their names."""
    return lambda folder: {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*.parquet")}
