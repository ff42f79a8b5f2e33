import os
from dataclasses import replace
from itertools import count

import pytest
from torchvision import models

from explainers.classifiers import catalogue
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.classifiers.catalogue import find, sources
from explainers.classifiers.published import RECOMMENDED, listing
from explainers.errors import ExplanationError

BUNDLED = ["efficientnet_lite0", "bundled"]
BEST_KNOWN = [
    "resnet18",
    "resnet50",
    "googlenet",
    "inception_v3",
    "timm/legacy_xception",
    "timm/legacy_xception@224",
    "vgg16",
    "densenet121",
    "mobilenet_v2",
    "squeezenet1_1",
    "efficientnet_b0",
    "convnext_tiny",
    "vit_b_16",
]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder of the visitor's own weights."""
    path = tmp_path / "own"
    path.mkdir()
    monkeypatch.setenv("WHYPIXEL_WEIGHTS", str(path))
    return path


@pytest.fixture
def cache(tmp_path):
    """Where torchvision keeps what it downloaded."""
    path = tmp_path / "torch" / "hub" / "checkpoints"
    path.mkdir(parents=True)
    return path


def test_the_bundled_classifiers_come_first_then_the_best_known():
    assert [source.name for source in sources()] == [*BUNDLED, *BEST_KNOWN]


def test_the_bundled_classifier_is_here_and_measured():
    bundled = sources()[1]
    assert (bundled.title, bundled.origin) == ("PocketNet", "bundled")
    assert bundled.accuracy == 60.6
    assert bundled.megabytes == pytest.approx(bundled.path.stat().st_size / 2**20)


@pytest.mark.parametrize("name", [name for name in BEST_KNOWN if not name.startswith("timm/")])
def test_what_is_said_of_a_download_is_what_torchvision_publishes(name, tmp_path):
    source, published = find(name), models.get_model_weights(name).DEFAULT
    assert source.accuracy == published.meta["_metrics"]["ImageNet-1K"]["acc@1"]
    assert source.megabytes == published.meta["_file_size"]
    assert source.path == tmp_path / "torch" / "hub" / "checkpoints" / published.url.rsplit("/", 1)[1]
    assert source.origin == "download"


def test_titles_are_unique():
    assert len({source.title for source in sources()}) == len(sources())


def test_a_file_downloaded_before_is_on_disk(cache):
    (cache / listing("vgg16").file).touch()
    assert {source.name for source in sources() if source.origin == "on disk"} == {"vgg16"}


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_a_local_file_wins_and_nobody_measured_it(folder, cache, ending):
    (cache / listing("resnet18").file).touch()
    (folder / f"resnet18.{ending}").write_bytes(bytes(2**20))
    source = sources()[len(BUNDLED)]
    assert (source.name, source.title, source.origin) == ("resnet18", RECOMMENDED["resnet18"][0], "local")
    assert (source.megabytes, source.accuracy) == (1.0, None)
    assert source.path == folder / f"resnet18.{ending}"


def test_local_files_of_further_architectures_come_last_with_a_readable_title(folder):
    for name in ("vit_l_32.safetensors", "alexnet.pth", "resnext50_32x4d.pth"):
        (folder / name).touch()
    assert [(source.name, source.title) for source in sources()[len(BUNDLED) + len(BEST_KNOWN) :]] == [
        ("alexnet", "AlexNet"),
        ("resnext50_32x4d", "ResNeXt50 32X4D"),
        ("vit_l_32", "ViT L 32"),
    ]


def test_files_that_are_no_classifiers_weights_are_left_out(folder):
    for name in ("mine.pth", "alexnet.txt", "fasterrcnn_resnet50_fpn.pth", "bundled.pth", "alexnet"):
        (folder / name).touch()
    (folder / "vgg11.pth").mkdir()
    assert [source.name for source in sources()] == [*BUNDLED, *BEST_KNOWN]
    assert sources()[0].origin == "bundled"


def test_a_folder_that_is_not_there_holds_nothing(folder, monkeypatch):
    monkeypatch.setenv("WHYPIXEL_WEIGHTS", str(folder / "nowhere"))
    assert len(sources()) == len(BUNDLED) + len(BEST_KNOWN)


@pytest.mark.parametrize("name", ["resnet5", "ResNet50", "", "fasterrcnn_resnet50_fpn", "../resnet18"])
def test_an_unknown_name_is_refused_with_advice(name):
    with pytest.raises(ExplanationError, match=r"There is no classifier called '.*': choose 'bundled', .*'resnet50'"):
        find(name)


class TestFolder:
    """The visitor's own weights are listed once, and change as they please."""

    @pytest.fixture
    def listings(self, monkeypatch):
        """The folders that have been listed."""
        listed, scandir = [], os.scandir

        def watched(folder):
            listed.append(folder)
            return scandir(folder)

        monkeypatch.setattr("explainers.classifiers.catalogue.os.scandir", watched)
        return listed

    @pytest.fixture
    def settled(self, folder):
        """Makes the folder one that was changed long ago, each time another second."""
        seconds = count(1_000_000_000)

        def settle():
            os.utime(folder, (moment := next(seconds), moment))

        return settle

    def test_is_listed_once_as_long_as_it_does_not_change(self, folder, settled, listings):
        for index in range(2000):
            (folder / f"file{index}.pth").touch()
        (folder / "alexnet.pth").touch()
        settled()
        assert {sources() for _ in range(3)} == {sources()}
        assert find("alexnet").origin == "local"
        assert listings == [folder]
        (folder / "vgg11.pth").touch()
        settled()
        assert [source.name for source in sources()[len(BUNDLED) + len(BEST_KNOWN) :]] == ["alexnet", "vgg11"]
        assert len(listings) == 2

    def test_that_has_just_changed_is_listed_anew(self, folder, listings):
        assert find("alexnet").origin == "download"
        (folder / "alexnet.pth").touch()
        assert find("alexnet").origin == "local"
        (folder / "alexnet.pth").unlink()
        assert find("alexnet").origin == "download"
        assert len(listings) == 3

    @pytest.mark.parametrize("name", ["resnet18", "alexnet"])
    def test_may_lose_a_file_that_was_listed(self, folder, settled, name):
        (folder / f"{name}.pth").touch()
        settled()
        local, moment = find(name), os.stat(folder).st_mtime_ns
        digest = local.digest
        (folder / f"{name}.pth").unlink()
        os.utime(folder, ns=(moment, moment))  # as if it had not been told yet
        assert local.digest != digest
        assert (name in {source.name for source in sources()}) == (name == "resnet18")
        assert find(name).origin == "download"

    def test_may_lose_a_file_between_two_looks_at_it(self, folder, monkeypatch):
        megabytes = catalogue._megabytes
        (folder / "alexnet.pth").touch()
        (folder / "resnet18.pth").touch()

        def gone(path):
            if path.parent == folder:
                path.unlink()
            return megabytes(path)

        monkeypatch.setattr(catalogue, "_megabytes", gone)
        assert [source.name for source in sources()] == [*BUNDLED, *BEST_KNOWN]
        assert {source.origin for source in sources()} == {"bundled", "download"}

    def test_may_be_named_from_home(self, folder, monkeypatch):
        (folder / "alexnet.pth").touch()
        monkeypatch.setenv("HOME", str(folder.parent))
        monkeypatch.setenv("WHYPIXEL_WEIGHTS", f"~/{folder.name}")
        assert find("alexnet").path == folder / "alexnet.pth"

    @pytest.mark.parametrize("name", ["~nobody-of-that-name/weights", "a file", "no such folder", ""])
    def test_that_is_none_holds_nothing(self, folder, monkeypatch, name):
        (folder.parent / "a file").touch()
        monkeypatch.setenv("WHYPIXEL_WEIGHTS", name and str(folder.parent / name) if "~" not in name else name)
        assert len(sources()) == len(BUNDLED) + len(BEST_KNOWN)


def test_visitors_meet_the_first_bundled_one_that_is_installed_or_the_one_that_the_server_names(monkeypatch):
    monkeypatch.delenv("WHYPIXEL_CLASSIFIER")
    assert catalogue.default().name == "efficientnet_lite0"
    monkeypatch.setitem(BUNDLED_CLASSIFIERS, BUNDLED[0], replace(BUNDLED_CLASSIFIERS[BUNDLED[0]], package="missing"))
    assert catalogue.default().name == "bundled"
    monkeypatch.setenv("WHYPIXEL_CLASSIFIER", "resnet18")
    assert catalogue.default().name == "resnet18"
    monkeypatch.setenv("WHYPIXEL_CLASSIFIER", "nonsense")
    with pytest.raises(ExplanationError, match="no classifier called 'nonsense'"):
        catalogue.default()
