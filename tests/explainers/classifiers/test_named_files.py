"""`models.toml` in the owner's folder."""

import os
import re

import pytest
import torch
from safetensors.torch import save
from torchvision import models

from explainers import load_classifier
from explainers.classifiers.catalogue import find, sources
from explainers.errors import ExplanationError

GOOD = """
[birds]
architecture = "squeezenet1_1"
weights = "nets/birds.safetensors"
labels = "birds.txt"
title = "Birds of our garden"
text = "Knows *two* birds."
licence = "ours"
accuracy = 93.25
size = 64
mean = [0.5, 0.5, 0.5]
std = [0.25, 0.25, 0.25]
interpolation = "bicubic"
fit = "pad"
output = "sigmoid"
"""


@pytest.fixture(scope="module")
def weights():
    """A file with the weights of a network of two classes."""
    torch.manual_seed(0)
    return save(models.squeezenet1_1(num_classes=2).state_dict())


@pytest.fixture
def folder(tmp_path, monkeypatch, weights):
    """The owner's folder with a network of two birds; (text) -> the folder with that `models.toml`."""
    path = tmp_path / "own"
    (path / "nets").mkdir(parents=True)
    (path / "nets" / "birds.safetensors").write_bytes(weights)
    (path / "birds.txt").write_text("robin\nwren\n\n", encoding="utf-8")
    (tmp_path / "outside.txt").write_text("robin\nwren")
    (path / "link.txt").symlink_to(tmp_path / "outside.txt")
    monkeypatch.setenv("WHYPIXEL_WEIGHTS", str(path))

    def write(text):
        (path / "models.toml").write_text(text, encoding="utf-8")
        os.utime(path / "models.toml", ns=(hash(text) % 10**15,) * 2)
        return path

    return write


def test_a_table_is_a_classifier_of_the_menu(folder):
    folder(GOOD)
    source = sources()[0]
    assert (source.name, source.title, source.origin) == ("birds", "Birds of our garden", "local")
    assert (source.accuracy, source.licence, source.about) == (93.25, "ours", "Knows *two* birds.")
    assert (source.size, source.fit, round(source.megabytes, 1)) == (64, "pad", 2.8)
    classifier = load_classifier("birds", device="cpu")
    assert (classifier.labels, classifier.name) == (("robin", "wren"), "Birds of our garden")
    assert (classifier.size, classifier.mean, classifier.std) == ((64, 64), (0.5,) * 3, (0.25,) * 3)
    assert (classifier.view.resize, classifier.view.interpolation, classifier.view.fit) == (64, "bicubic", "pad")
    assert classifier.output == "sigmoid"
    assert load_classifier("birds", fit="crop", device="cpu").view.fit == "crop"


def test_what_is_left_out_is_the_architectures_usual(folder):
    folder('[birds]\narchitecture = "squeezenet1_1"\nweights = "nets/birds.safetensors"\nlabels = ["robin", "wren"]')
    classifier = load_classifier("birds", device="cpu")
    usual = models.get_model_weights("squeezenet1_1").DEFAULT.transforms()
    assert (classifier.size, classifier.view.resize) == ((224, 224), usual.resize_size[0])
    assert (list(classifier.mean), list(classifier.std)) == (usual.mean, usual.std)
    assert (classifier.output, classifier.view.fit, classifier.name) == ("softmax", "crop", "birds")


def test_its_digest_follows_the_files_and_the_table(folder):
    digests = set()
    path = folder(GOOD)
    digests.add(find("birds").digest)
    os.utime(path / "birds.txt", (1, 1))
    digests.add(find("birds").digest)
    os.utime(path / "nets" / "birds.safetensors", (1, 1))
    digests.add(find("birds").digest)
    folder(GOOD.replace("sigmoid", "softmax"))
    digests.add(find("birds").digest)
    assert len(digests) == 4


def test_its_files_may_come_after_the_table_and_go_again(folder):
    path = folder(GOOD)
    files = [path / "nets" / "birds.safetensors", path / "birds.txt"]
    contents = [file.read_bytes() for file in files]
    for file in files:
        file.unlink()
    digest = find("birds").digest
    assert (find("birds").title, find("birds").megabytes) == ("Birds of our garden", None)
    with pytest.raises(ExplanationError, match=r"\[birds\] in models\.toml: there is no file 'birds\.txt'"):
        load_classifier("birds", device="cpu")
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    assert find("birds").digest != digest
    assert find("birds").megabytes == len(contents[0]) / 2**20
    assert load_classifier("birds", device="cpu").labels == ("robin", "wren")
    files[0].unlink()
    assert find("birds").megabytes is None
    with pytest.raises(ExplanationError, match=r"there is no file 'nets/birds\.safetensors' in that folder"):
        load_classifier("birds", device="cpu")


@pytest.mark.parametrize(
    ("content", "labels"), [('["robin", "wren"]', ("robin", "wren")), ("\ufeffrobin\r\nwren", ("robin", "wren"))]
)
def test_labels_may_be_a_json_list_or_lines(folder, content, labels):
    (folder(GOOD) / "birds.txt").write_text(content, encoding="utf-8")
    assert load_classifier("birds", device="cpu").labels == labels


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('architecture = "squeezenet1_1"', "", r"lacks architecture, which must be a text\."),
        ('weights = "nets/birds.safetensors"', "", "lacks weights, which must be the name of a file in the folder"),
        ('architecture = "squeezenet1_1"', "architecture = 5", "architecture must be a text, not 5"),
        ("squeezenet1_1", "squeezenet", "there is no architecture called 'squeezenet'. Name one of torchvision's"),
        (
            "nets/birds.safetensors",
            "nets/bards.safetensors",
            "there is no file 'nets/bards.safetensors' in that folder",
        ),
        ('labels = "birds.txt"', 'labels = "../outside.txt"', r"there is no file '\.\./outside.txt' in that folder"),
        ('labels = "birds.txt"', 'labels = "link.txt"', "there is no file 'link.txt' in that folder"),
        ('labels = "birds.txt"', 'labels = "nets"', "there is no file 'nets' in that folder"),
        ('labels = "birds.txt"', 'labels = "a\\u0000b"', "there is no file 'a.x00b' in that folder"),
        ('labels = "birds.txt"', 'labels = ["robin", 5]', "labels must be a list of texts or the name of a file, not"),
        ("size = 64", "size = 0", "size must be a whole number of pixels from 1 to 4096, not 0"),
        ("size = 64", "size = true", "size must be a whole number"),
        ("accuracy = 93.25", "accuracy = 932", "accuracy must be a number of per cent from 0 to 100, not 932"),
        ("[0.25, 0.25, 0.25]", "[0.25, 0, 0.25]", "std must be a list of a number above 0 for each channel"),
        ("[0.5, 0.5, 0.5]", "[0.5, nan, 0.5]", "mean must be a list of a number for each channel"),
        ('"bicubic"', '"lanczos"', 'interpolation must be one of "nearest", "bilinear", "bicubic", not .lanczos'),
        ('"sigmoid"', '"both"', 'output must be one of "softmax", "sigmoid", not .both'),
        ("licence", "license", 'has the unknown key "license". It may have architecture, weights, labels, title'),
        ("[birds]", "[birds.more]", 'has the unknown key "more"'),
        ("[birds]", "[resnet50]", "has the name of a classifier that Whypixel knows. Choose another name"),
    ],
)
def test_a_mistake_is_a_sentence_with_the_tables_name(folder, old, new, sentence):
    text = GOOD.replace(old, new)
    assert text != GOOD
    folder(text + '\n[other]\narchitecture = "squeezenet1_1"\nweights = "nets/birds.safetensors"\nlabels = ["a", "b"]')
    first, second = sources()[:2]
    with pytest.raises(ExplanationError, match=rf"\[{first.name}\] in models\.toml:? .*{sentence}"):
        first.load()
    assert (second.name, second.size) == ("other", 224)  # which suffers no harm


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[birds", r"models\.toml in the folder of weights can't be read: Expected ']'"),
        ("birds = 5", r'models\.toml has "birds" outside of a table. Begin with .*\[birds\]'),
        ("# " + "x" * 10**6, r"models\.toml is larger than 1 MB"),
    ],
)
def test_a_file_that_is_none_is_told_too(folder, text, sentence):
    folder(text)
    with pytest.raises(ExplanationError, match=sentence):
        sources()[0].load()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda path: (path / "birds.txt").write_text("robin"), "There is one label, and|does not fit"),
        (lambda path: (path / "birds.txt").write_text("[robin]"), "begins like JSON, and is no list of texts"),
        (lambda path: (path / "birds.txt").write_bytes(b"\xff\xfe"), "can't be read as text in UTF-8"),
        (lambda path: (path / "birds.txt").write_text("robin\nrobin"), "labels of a classifier must be unique"),
        (lambda path: (path / "nets" / "birds.safetensors").write_bytes(b"no"), "could not be read as weights"),
        (lambda path: (path / "birds.txt").unlink(), "there is no file"),
    ],
)
def test_what_is_wrong_with_its_files_is_told_when_it_is_loaded(folder, change, sentence):
    change(folder(GOOD))
    source = sources()[0]
    with pytest.raises(ExplanationError) as caught:
        source.load(device="cpu")
    assert str(caught.value).count("[birds] in models.toml") == 1
    assert re.search(sentence, str(caught.value))
