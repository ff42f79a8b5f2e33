"""The code that is shown computes the map that is shown."""

import hashlib
import importlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import explainers
from explainers import EXPLAINERS, GradCAM, Occlusion, Saliency, Target, load_classifier
from explainers.figures import Tile
from explainers.images.photo import MAX_KEPT_PIXELS, Photo
from explainers.images.samples import sample
from explainers.question import Question
from explainers.report import captum_snippet, snippet, snippets

IN_CAPTUM = [kind for kind in EXPLAINERS if "in_captum" in vars(kind)]
OTHERS = GradCAM(layer="stages.1", relu=False), Occlusion(patch=24, colour="#ff0000")
DECLARED = [*(kind(**kind.examples.few) for kind in IN_CAPTUM), *OTHERS]
TEAM = """
from explainers import Classifier
from tests.conftest import MEAN, STD, Attentive, Small, _built

def classifiers():
    kinds = {"small": Small, "attentive": Attentive}
    more = {"size": (29, 24), "mean": MEAN, "std": STD, "device": "cpu"}
    return {
        name: Classifier(_built(lambda: kind(3, 3), (24, 24)), ["a", "b", "c"], name=name, source=name, **more)
        for name, kind in kinds.items()
    }
"""
RUN_ALL = """
import hashlib, json
made = []
for code in json.load(open(path)):
    exec(code, names := {})
    arrays = [names["values"].numpy()] if "values" in names else [names["explanation"].values, names["heat"]]
    made.append([hashlib.sha256(array.tobytes()).hexdigest() for array in arrays])
print(json.dumps(made))
"""
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with a small picture, a large one and one of 16 bits."""
    folder = tmp_path_factory.mktemp("files")
    pixels = np.random.default_rng(0).integers(0, 256, (70, 90, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "o'clock.png")
    side = int(MAX_KEPT_PIXELS**0.5) + 100
    Image.fromarray(pixels).resize((side, side)).save(folder / "large.png")
    Image.fromarray(pixels[..., 0].astype(np.uint16) * 40 + 300).save(folder / "deep.png")
    return folder


@pytest.fixture(scope="module")
def bundled():
    return load_classifier("bundled", fit="pad")


def photo_of(path, **options):
    return Photo.read(path.name, path.read_bytes(), **options)


def executed(code, folder):
    """Run code in this process, in a folder; return the names it sets."""
    before, names = Path.cwd(), {}
    os.chdir(folder)
    try:
        exec(compile(code, "snippet", "exec"), names)
    finally:
        os.chdir(before)
    return names


def run(code, folder):
    """Run code in this process, in a folder; return the map it makes."""
    names = executed(code, folder)
    return names["explanation"], names["heat"]


def alone(code, folder, *imported_from):
    """Run code in a process of its own, in a folder; return what it writes."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, *imported_from)))}
    return subprocess.run([sys.executable, "-c", code], cwd=folder, env=environment, stdout=-1, check=True).stdout


@pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.__name__)
def test_every_method_is_computed_again_bit_for_bit(files, conv, suited, monkeypatch, kind):
    photo, classifier, method = photo_of(files / "o'clock.png"), suited(kind, conv), kind(**kind.examples.few)
    explanation = method(classifier, photo.image, Target(1, versus=2)).reduced("largest")
    named = replace(explanation, facts=replace(explanation.facts, source="small"))
    monkeypatch.setattr(explainers, "load_classifier", lambda name, fit: {("small", "crop"): classifier}[name, fit])
    again, heat = run(snippet(named, photo), files)
    assert again.values.tobytes() == explanation.values.tobytes()
    assert heat.tobytes() == explanation.heat.tobytes()
    assert again.facts.settings == explanation.facts.settings
    assert max(map(len, snippet(named, photo).splitlines())) <= 110


@pytest.mark.parametrize(
    ("name", "levels"), [("large.png", "automatic"), ("deep.png", "automatic"), ("deep.png", "type")]
)
def test_the_photo_is_read_as_it_was(files, bundled, name, levels):
    photo = photo_of(files / name, levels=levels)
    explanation = Saliency()(bundled, photo.image, Target(3, scale="probability"))
    assert run(snippet(explanation, photo), files)[0].values.tobytes() == explanation.values.tobytes()


def test_a_sample_is_read_where_it_is_installed(bundled, tmp_path):
    given = sample("coffee")
    photo = replace(Photo.read(given.title, given.data), sample=given.name)
    explanation = Saliency()(bundled, photo.image, Target(3))
    assert run(snippet(explanation, photo), tmp_path)[0].values.tobytes() == explanation.values.tobytes()


def test_a_network_that_was_handed_over_is_left_to_fill_in(conv, noise):
    explanation = Saliency()(conv, noise(conv.size), Target(1))
    code = snippet(explanation, Photo.of(noise(conv.size)))
    assert "network, labels = ..." in code
    assert "Classifier(" in code
    assert f"size={conv.size}" in code.replace("\n    ", "")
    compile(code, "snippet", "exec")


def test_a_label_of_a_strangers_cannot_leave_its_comment(conv, noise):
    explanation = Saliency()(conv, noise(conv.size), Target(1))
    facts = replace(explanation.facts, label="cat\nimport os\r\x0b\u2028os.system('false')")
    code = snippet(replace(explanation, facts=facts), Photo.of(noise(conv.size), "a'b\n.png"))
    assert "\nimport os" not in code
    compile(code, "snippet", "exec")


def test_the_code_of_captum_alone_and_then_of_every_method_runs_in_a_process_of_its_own(
    files, bundled, tmp_path, monkeypatch
):
    """They share one process, for its start takes seconds. Methods that read attention are asked of a transformer."""
    (tmp_path / "team.py").write_text(TEAM)
    monkeypatch.syspath_prepend(tmp_path)
    classifiers, photo = importlib.import_module("team").classifiers(), photo_of(files / "o'clock.png")
    question = Question(photo, bundled, Target(3))
    codes = [captum_snippet(GradCAM(), question, explanation := GradCAM().explain(question))[0]]
    made = [[hashlib.sha256(explanation.values.tobytes()).hexdigest()]]
    for kind in EXPLAINERS:
        classifier = classifiers["attentive" if kind.needs_attention else "small"]
        explanation = kind(**kind.examples.few)(classifier, photo.image, Target(1, versus=2)).reduced("largest")
        codes.append(snippet(explanation, photo))
        made.append([hashlib.sha256(array.tobytes()).hexdigest() for array in (explanation.values, explanation.heat)])
    monkeypatch.setenv("WHYPIXEL_CLASSIFIERS", "team:classifiers")
    (tmp_path / "codes.json").write_text(json.dumps(codes))
    assert json.loads(alone(f"path = {str(tmp_path / 'codes.json')!r}\n{RUN_ALL}", files, tmp_path)) == made


@pytest.mark.parametrize("method", DECLARED, ids=repr)
@pytest.mark.parametrize("target", [Target(3, versus=5), Target(3, scale="probability")], ids=repr)
def test_captum_alone_gives_the_same(files, bundled, method, target):
    question = Question(photo_of(files / "o'clock.png"), bundled, target)
    explanation = method.explain(question)
    code, is_exact = captum_snippet(method, question, explanation)
    values = executed(code, files)["values"].numpy()
    if is_exact:
        assert np.array_equal(values, explanation.values)
    else:
        assert np.abs(values - explanation.values).max() <= 1e-5 * np.abs(explanation.values).max()


def test_what_captum_would_compute_otherwise_has_no_code(files, bundled):
    question = Question(photo_of(files / "o'clock.png"), bundled, Target(3))
    explanation = Saliency().explain(question)
    undeclared = [kind for kind in EXPLAINERS if kind not in IN_CAPTUM]
    assert not any(captum_snippet(kind(), question, explanation) for kind in undeclared)
    handed_over = replace(explanation, facts=replace(explanation.facts, source=None))
    assert captum_snippet(Saliency(), question, handed_over) is None


def test_the_code_of_a_comparison_is_that_of_its_tiles(files, bundled):
    question = Question(photo_of(files / "o'clock.png"), bundled, Target(3))
    explanation = Saliency().explain(question)
    tiles = [Tile("A\nimport os", "", explanation, Saliency(), question), Tile("B", "no map")]
    code = snippets(tiles)
    assert code == f"# 1: A import os\n\n{snippet(explanation, question.photo)}"
    assert run(code, files)[0].values.tobytes() == explanation.values.tobytes()
