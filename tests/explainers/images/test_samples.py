"""The sample pictures are there, and each is what it was chosen for."""

import subprocess
import sys

import pytest

from explainers.classifiers import load_classifier
from explainers.images import samples
from explainers.images.reading import read_image
from explainers.images.samples import SAMPLES

RIGHT = {"coffee": "espresso", "chelsea": "tabby", "grace_hopper": "military uniform"}  # PocketNet's answers
SAID = {  # what EfficientNet-Lite0 answers
    "coffee": ("espresso", 0.95),
    "chelsea": ("tiger cat", 0.39),  # before Egyptian cat, 0.36
    "grace_hopper": ("academic gown", 0.24),  # before mortarboard, 0.21, and military uniform, 0.18
    "camera": ("tripod", 0.94),
    "motorcycle_left": ("moped", 0.54),  # before motor scooter, 0.12
    "rocket": ("missile", 0.27),  # before projectile, 0.19
    "astronaut": ("football helmet", 0.16),
    "clock_motion": ("bubble", 0.57),
    "horse": ("Mexican hairless", 0.24),
    "retina": ("lampshade", 0.25),
    "moon": ("nematode", 0.47),
}

every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=[sample.name for sample in SAMPLES])


@pytest.fixture(scope="module")
def classifiers():
    return {name: load_classifier(name, device="cpu") for name in ("bundled", "efficientnet_lite0")}


def test_all_known_samples_are_installed():
    assert [sample.name for sample in SAMPLES] == list(SAID)


def test_names_and_titles_are_unique():
    assert len({sample.name for sample in SAMPLES}) == len({sample.title for sample in SAMPLES}) == len(SAMPLES)


@every_sample
def test_a_sample_is_a_picture_that_says_what_it_shows_and_who_made_it(sample):
    assert min(read_image(sample.data).size) >= 200
    assert sample.title
    assert sample.caption.endswith((".", "?"))
    assert sample.credit


@every_sample
def test_a_sample_is_called_what_it_was_chosen_for(classifiers, sample):
    photo = read_image(sample.data)
    likeliest = classifiers["efficientnet_lite0"].predict(photo)[0]
    assert (likeliest.label, likeliest.probability) == (
        SAID[sample.name][0],
        pytest.approx(SAID[sample.name][1], abs=0.01),
    )
    if sample.name in RIGHT:
        assert classifiers["bundled"].predict(photo)[0].label == RIGHT[sample.name]


def test_a_package_that_is_not_installed_leaves_its_samples_out(monkeypatch):
    find = samples.find_spec
    monkeypatch.setattr(samples, "find_spec", lambda name: None if name == "skimage" else find(name))
    assert [sample.name for sample in samples.installed_samples()] == ["grace_hopper"]


def test_a_file_that_is_no_longer_there_leaves_its_sample_out(monkeypatch):
    monkeypatch.setattr(
        samples,
        "KNOWN_SAMPLES",
        (("skimage/data", "no_such_file.png", "Nothing", "No.", "Nobody"), *samples.KNOWN_SAMPLES),
    )
    assert samples.installed_samples() == SAMPLES


def test_the_packages_are_not_imported():
    code = "import runpy, sys; runpy.run_path(sys.argv[1]); print(*{'skimage', 'matplotlib'} & set(sys.modules))"
    run = subprocess.run([sys.executable, "-c", code, samples.__file__], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
