"""Classifiers of timm's: found by name, seen as they were trained, downloaded, and loaded as timm does."""

import hashlib
from dataclasses import replace

import huggingface_hub
import pytest
import timm
import torch
from safetensors.torch import save
from timm.data import create_transform

from explainers import ExplanationError, load_classifier
from explainers.classifiers import published
from explainers.classifiers.catalogue import find, sources
from explainers.classifiers.published import labels_of, listing, of_timm
from explainers.classifiers.with_timm import timm_address, timm_recipe

SMALL = "test_resnet.r160_in1k"  # of random weights here: timm has it for tests
IMAGENET = labels_of("imagenet_classes.csv")


def network(name=SMALL, **settings):
    torch.manual_seed(0)
    return timm.create_model(name, **settings).eval()


@pytest.fixture
def own(tmp_path, monkeypatch):
    """The owner's folder."""
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("WHYPIXEL_WEIGHTS", str(tmp_path / "own"))
    return tmp_path / "own"


def test_the_table_names_the_weights_that_timm_takes_by_default():
    for architecture in ("resnet18", "resnet50", "vit_base_patch16_224", "legacy_xception", "convnext_tiny"):
        assert listing(f"timm/{architecture}").weights == f"{architecture}.{timm.get_pretrained_cfg(architecture).tag}"


def test_the_table_has_every_classifier_of_timms():
    every = {name: timm.get_pretrained_cfg(name) for name in timm.list_pretrained()}
    assert {*of_timm()} == {name for name, cfg in every.items() if cfg.num_classes == 1000 or cfg.num_classes > 10_000}
    for name, known in of_timm().items():
        assert (known.classes, known.size) == (every[name].num_classes, every[name].input_size[-1])


@pytest.mark.parametrize(
    "name", ["resnet18.a1_in1k", "vit_tiny_patch16_224.augreg_in21k_ft_in1k", "convnext_tiny.in12k"]
)
def test_it_sees_a_photo_as_timm_evaluates_it(photo, monkeypatch, name):
    cfg, made_for = timm.get_pretrained_cfg(name), timm_recipe(name)
    blind = torch.nn.Sequential(
        torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(), torch.nn.Linear(3, len(made_for.labels))
    )
    monkeypatch.setattr("explainers.classifiers.weights_source.timm_network", lambda *_: blind)
    classifier = load_classifier(f"timm/{name}", checkpoint="unread", device="cpu")
    theirs = create_transform(
        cfg.input_size, interpolation=cfg.interpolation, mean=cfg.mean, std=cfg.std, crop_pct=cfg.crop_pct
    )
    for size in ((640, 427), (300, 512)):
        ours = classifier.normalise(classifier.see(photo(*size))[0][None])[0]
        torch.testing.assert_close(ours, theirs(photo(*size)), rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "count", "some"),
    [
        ("resnet18.a1_in1k", 1000, IMAGENET[:3]),
        ("resmlp_12_224.fb_dino", 1000, ("class 0", "class 1")),
        ("convnext_tiny.in12k", 11821, ("benthos", "cell")),
        ("vit_tiny_patch16_224.augreg_in21k", 21843, ("organism, being", "benthos")),
        ("vit_base_patch16_224.bamboo", 115217, ("class 0", "class 1")),
    ],
)
def test_classes_have_the_names_of_what_it_was_trained_on(name, count, some):
    labels = timm_recipe(name).labels
    assert len(set(labels)) == len(labels) == count == listing(f"timm/{name}").classes
    assert labels[: len(some)] == some


def test_xception_is_recommended_at_299_and_224_pixels():
    usual, small = find("timm/legacy_xception"), find("timm/legacy_xception@224")
    assert {usual, small} <= {*sources()}
    assert (usual.title, usual.size, small.title, small.size) == ("Xception", 299, "Xception, 224 px", 224)
    assert usual.path == small.path
    assert usual.digest != small.digest
    assert timm_recipe(small.weights, 224) == replace(timm_recipe(usual.weights), size=224, resize=249)
    assert timm_recipe(usual.weights).resize == 333


@pytest.mark.parametrize("file", [f"{SMALL}.safetensors", f"{SMALL}.pth", "test_resnet.safetensors"])
def test_a_file_in_the_owners_folder_may_have_timms_name(own, file):
    theirs = network()
    content = save(theirs.state_dict()) if file.endswith("safetensors") else None
    (own / file).write_bytes(content) if content else torch.save(theirs.state_dict(), own / file)
    source = find(f"timm/{SMALL}")
    assert (source.origin, source.path) == ("local", own / file)
    assert find("timm/test_resnet").path == own / file  # its default weights
    assert source.name in {one.name for one in sources()}
    classifier = load_classifier(f"timm/{SMALL}", device="cpu")
    pictures = torch.rand(2, 3, 160, 160, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(classifier.network(pictures), theirs(pictures))
    assert (classifier.size, classifier.labels) == ((160, 160), IMAGENET)


def test_own_weights_of_other_classes(tmp_path):
    torch.save(network(num_classes=2).state_dict(), tmp_path / "mine.pth")
    settings = {"checkpoint": tmp_path / "mine.pth", "device": "cpu"}
    classifier = load_classifier("timm/test_resnet@96", labels=["cat", "dog"], **settings)
    assert (classifier.labels, classifier.size) == (("cat", "dog"), (96, 96))
    with pytest.raises(
        ExplanationError, match=r"mine\.pth does not fit .*test_resnet.* with 3 classes, or can't be read"
    ):
        load_classifier("timm/test_resnet", labels=["cat", "dog", "owl"], **settings)
    with pytest.raises(ExplanationError, match=r"There is no file nowhere\.pth\."):
        load_classifier("timm/test_resnet", checkpoint=tmp_path / "nowhere.pth")


class TestDownload:
    @pytest.fixture
    def be(self, monkeypatch):
        """(url) -> that address is the hub's."""
        template = "{}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        constants = huggingface_hub.constants
        return lambda url: monkeypatch.setattr(constants, "HUGGINGFACE_CO_URL_TEMPLATE", template.format(url))

    @pytest.fixture
    def hub(self, server, be):
        """The hub's answers on a server of this machine; (announced hash) -> its size and the name of its file."""
        content = save(network().state_dict())
        address, right = server.offer("cdn/weights", content), hashlib.sha256(content).hexdigest()

        def publish(sha256=right):
            be(server.url)
            where = f"timm/{SMALL}/resolve/main/model.safetensors"
            server.send_on(where, address, {"X-Linked-Etag": f'"{sha256}"', "X-Linked-Size": str(len(content))})
            return len(content)

        return publish

    def test_comes_from_the_hub_with_progress_and_is_kept(self, hub, server):
        size, seen = hub(), []
        classifier = load_classifier(f"timm/{SMALL}", on_progress=lambda *done: seen.append(done), device="cpu")
        assert seen[-1] == (size, size)
        assert classifier.labels == IMAGENET
        server.answers.clear()
        assert find(f"timm/{SMALL}").origin == "on disk"
        assert load_classifier(f"timm/{SMALL}", device="cpu").identity == classifier.identity

    def test_is_checked_against_the_hash_that_the_hub_names(self, hub):
        hub("0" * 64)
        with pytest.raises(ExplanationError, match="could not be downloaded: the wrong file came"):
            load_classifier(f"timm/{SMALL}")
        source = find(f"timm/{SMALL}")
        assert source.origin == "download"
        assert list(source.path.parent.iterdir()) == []

    def test_offline_it_says_which_file_would_do(self, hub, be):
        hub()
        be("http://127.0.0.1:9")  # nobody listens there
        with pytest.raises(ExplanationError) as caught:
            load_classifier(f"timm/{SMALL}")
        assert "no connection to the other server could be made" in str(caught.value)
        assert f"save them as {SMALL}.safetensors in a folder" in str(caught.value)

    def test_of_one_that_is_not_on_the_hub_comes_from_its_author(self):
        assert timm_address("legacy_xception.tf_in1k").endswith("/xception-43020ad28.pth")
        assert find("timm/legacy_xception").path.name == "xception-43020ad28.pth"


def test_sizes_are_known(monkeypatch):
    for name in ("resnet18.a1_in1k", SMALL, "vit_tiny_patch16_224.augreg_in21k"):
        with torch.device("meta"):
            state = timm.create_model(name).state_dict()
        size = sum(tensor.numel() * tensor.element_size() for tensor in state.values()) / 2**20
        assert published.listing(f"timm/{name}").megabytes == pytest.approx(size, abs=0.06)
