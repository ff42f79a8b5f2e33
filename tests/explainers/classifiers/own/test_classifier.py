"""A file, its architecture and the answers as a source of the catalogue."""

from dataclasses import replace

import pytest
import timm
import torch
from PIL import Image

from explainers import ExplanationError
from explainers.classifiers.brought import bring, brought, is_own
from explainers.classifiers.catalogue import find, sources
from explainers.classifiers.own.answers import suggest
from explainers.classifiers.own.classifier import OwnClassifier
from explainers.classifiers.own.recognition import recognise
from explainers.classifiers.own.storage import Storage

PHOTO = Image.linear_gradient("L").convert("RGB")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return timm.create_model("test_resnet", num_classes=3).eval()


@pytest.fixture(scope="module")
def make(network, tmp_path_factory):
    """(title="Pets", **answers) -> the source of the network's file with these answers."""
    folder = tmp_path_factory.mktemp("own")
    storage = Storage(folder)
    torch.save(network.state_dict(), folder / "pets.pth")
    file = storage.keep(folder / "pets.pth", "secret name.pth", "session")
    (candidate, *_) = recognise(file.shapes).candidates
    suggested = suggest(file, candidate).answers

    def source(title="Pets", **answers):
        return OwnClassifier.of(file, candidate, replace(suggested, **answers), title)

    yield source
    storage.close()


def test_it_answers_as_the_network_of_the_file(make, network):
    classifier = make(labels=("cat", "dog", "hen"), size=64, resize=None).load()
    with torch.no_grad():
        expected = network(classifier.normalise(classifier.see(PHOTO)[0][None]))[0]
    rows = sorted(classifier.predict(PHOTO), key=lambda row: row.index)
    assert [row.label for row in rows] == ["cat", "dog", "hen"]
    assert [row.logit for row in rows] == pytest.approx(expected.tolist(), abs=1e-5)


def test_its_name_is_that_of_file_and_answers_and_of_nothing_else(make):
    one = make()
    assert is_own(one.name)
    assert "secret" not in one.name
    assert make("Animals").name == make(fit="pad").name == one.name
    others = [{"labels": ("a", "b", "c")}, {"size": 64}, {"mean": (0.0,) * 3}, {"output": "sigmoid"}, {"resize": 200}]
    assert len({one.name, *(make(**other).name for other in others)}) == 6


def test_what_was_computed_under_another_title_is_not_shared(make):
    assert make("Animals").digest != make().digest == make().digest


def test_classifiers_of_one_file_share_its_weights(make):
    first, second = make(size=64).load(), make(size=96, labels=("a", "b", "c")).load(fit="pad")
    weights = [next(classifier.network.parameters()).data_ptr() for classifier in (first, second)]
    assert weights[0] == weights[1]
    assert (second.size, second.labels, second.view.fit) == ((96, 96), ("a", "b", "c"), "pad")
    assert first.identity != second.identity


def test_answers_that_make_no_classifier_are_refused(make):
    with pytest.raises(ExplanationError, match="both called"):
        make(labels=("cat", "cat", "hen")).load()


def test_the_menu_says_what_it_is(make):
    source = make()
    assert source.description.startswith("Pets · ")
    assert "3 classes" in source.description
    assert source.description.endswith("yours")


def test_only_the_thread_that_brings_it_finds_it(make, job):
    source = make()
    bring([source])
    try:
        assert source in sources()
        assert find(source.name) is source
        assert job(brought).get() == ()
        with pytest.raises(ExplanationError, match="There is no classifier called 'own-"):
            job(lambda: find(source.name)).get()
    finally:
        bring([])
    assert source not in sources()
