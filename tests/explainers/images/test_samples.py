"""The sample pictures are there, and are what the bundled classifier is sure of."""

import subprocess
import sys

import pytest

from explainers.classifiers import load_classifier
from explainers.images import samples
from explainers.images.reading import read_image
from explainers.images.samples import SAMPLES

RIGHT = {"coffee": "espresso", "chelsea": "tabby", "grace_hopper": "military uniform"}

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])


@pytest.fixture(scope="module")
def bundled():
    return load_classifier("bundled", device="cpu")


def test_all_known_samples_are_installed():
    assert [sample.name for sample in SAMPLES] == list(RIGHT)


def test_names_and_titles_are_unique():
    assert len({sample.name for sample in SAMPLES}) == len({sample.title for sample in SAMPLES}) == len(SAMPLES)


@every_sample
def test_a_sample_is_a_picture_that_says_what_it_shows_and_who_made_it(sample):
    assert min(read_image(sample.data).size) >= 200
    assert sample.title
    assert sample.credit


@every_sample
def test_the_bundled_classifier_gets_a_sample_right(bundled, sample):
    assert bundled.predict(read_image(sample.data))[0].label == RIGHT[sample.name]


def test_the_surest_sample_comes_first(bundled):
    certainty = [bundled.predict(read_image(sample.data))[0].probability for sample in SAMPLES]
    assert certainty == sorted(certainty, reverse=True)


def test_a_package_that_is_not_installed_leaves_its_samples_out(monkeypatch):
    find = samples.find_spec
    monkeypatch.setattr(samples, "find_spec", lambda name: None if name == "skimage" else find(name))
    assert [sample.name for sample in samples.installed_samples()] == ["grace_hopper"]


def test_a_file_that_is_no_longer_there_leaves_its_sample_out(monkeypatch):
    monkeypatch.setattr(
        samples, "KNOWN_SAMPLES", (("skimage", "data/no_such_file.png", "Nothing", "Nobody"), *samples.KNOWN_SAMPLES)
    )
    assert samples.installed_samples() == SAMPLES


def test_the_packages_are_not_imported():
    code = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*{'skimage', 'matplotlib'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code, samples.__file__], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
