import hashlib
import re
from dataclasses import replace
from functools import cache, partial
from io import BytesIO
from urllib.error import URLError

import pytest
import skimage.data
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torchvision import models
from torchvision.models import WeightsEnum
from torchvision.transforms.functional import center_crop, pil_to_tensor, resize

from explainers.classifiers import load_classifier, published, weights_source
from explainers.classifiers.pocketnet import PocketNet
from explainers.classifiers.with_torchvision import torchvision_network, torchvision_recipe
from explainers.errors import ExplanationError

SMALL = [
    "resnet18",
    "googlenet",
    "densenet121",
    "mobilenet_v2",
    "squeezenet1_1",
    "efficientnet_b0",
    "mnasnet0_5",
    "mobilenet_v3_small",
    "regnet_x_400mf",
    "shufflenet_v2_x0_5",
]
SMALLEST = {  # of each family, which is a file of torchvision: the others are only deeper or wider
    models.get_model_builder(name).__module__: name
    for name in sorted(
        models.list_models(module=models),
        key=lambda name: models.get_model_weights(name).DEFAULT.meta["num_params"],
        reverse=True,
    )
}
SLIM = {"googlenet": {"init_weights": False, "aux_logits": False, "transform_input": True}}


def random_network(name, **settings):
    torch.manual_seed(0)
    return models.get_model(name, **{**SLIM.get(name, {}), **settings})


@pytest.fixture
def saved(tmp_path):
    """Saves a network's weights."""

    def save(network, name="weights.pth"):
        state = network if isinstance(network, dict) else network.state_dict()
        (save_file if name.endswith(".safetensors") else torch.save)(state, tmp_path / name)
        return tmp_path / name

    return save


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder of the visitor's own weights."""
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("WHYPIXEL_WEIGHTS", str(tmp_path / "own"))
    return tmp_path / "own"


@pytest.fixture(scope="module")
def bundled():
    return load_classifier("bundled", device="cpu")


@pytest.fixture
def at_96_pixels(monkeypatch):
    """Classifiers see pictures of 96 x 96: which weights stand where doesn't hang on the size of pictures."""
    small = lambda name: replace(torchvision_recipe(name), size=96)  # noqa: E731
    monkeypatch.setattr(weights_source, "torchvision_recipe", small)


@pytest.fixture
def pictures():
    """Noise (2, 3, 96, 96)."""
    return torch.randn((2, 3, 96, 96), generator=torch.Generator().manual_seed(0))


class Cancelled(Exception):
    pass


class TestBundled:
    def test_has_100_classes_a_name_and_64_pixels(self, bundled):
        assert (len(set(bundled.labels)), bundled.name, bundled.size) == (100, "PocketNet", (64, 64))

    def test_takes_coffee_for_espresso(self, bundled):
        (best,) = bundled.predict(Image.fromarray(skimage.data.coffee()), k=1)
        assert (best.label, best.probability > 0.9) == ("espresso", True)

    def test_takes_chelsea_for_a_tabby(self, bundled):
        assert bundled.predict(Image.fromarray(skimage.data.chelsea()))[0].label == "tabby"

    def test_sees_the_middle_of_a_photo_at_64_pixels(self, bundled, photo):
        expected = pil_to_tensor(center_crop(resize(photo(300, 200), [64]), [64]))
        assert torch.equal((bundled.see(photo(300, 200))[0] * 255).round().byte().cpu(), expected)

    def test_weighs_in_float32(self, bundled):
        assert {p.dtype for p in bundled.network.parameters()} == {torch.float32}

    def test_can_carry_weights_for_other_classes(self, saved):
        network = PocketNet(2)
        classifier = load_classifier("bundled", checkpoint=saved(network), labels=["cat", "dog"], device="cpu")
        assert classifier.labels == ("cat", "dog")
        assert torch.equal(classifier.network.fc.weight, network.fc.weight)


ARCHITECTURES = [
    "resnet18",
    "resnet50",
    "inception_v3",
    "efficientnet_b0",
    "efficientnet_v2_l",
    "vit_h_14",
    "swin_v2_t",
]


class TestPreprocessing:
    """What the network is given, beside torchvision's own `weights.transforms()`."""

    @pytest.fixture(scope="class")
    @classmethod
    def load(cls):
        """Loads a classifier without weights, which sees as the real one does."""
        blind = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 1000))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(weights_source, "load_weights", lambda *_: blind)
            yield cache(partial(load_classifier, checkpoint="unread", device="cpu"))

    @pytest.mark.parametrize("size", [(640, 427), (427, 640), (512, 512), (224, 224), (63, 40), (1, 3), (1500, 100)])
    @pytest.mark.parametrize("name", ARCHITECTURES)
    def test_is_torchvisions_bit_for_bit(self, load, photo, name, size):
        theirs = models.get_model_weights(name).DEFAULT.transforms()(photo(*size))
        assert torch.equal(load(name).normalise(load(name).see(photo(*size))[0][None])[0], theirs)

    @pytest.mark.parametrize("size", [(3000, 17), (17, 3000)])
    @pytest.mark.parametrize("name", ["resnet50", "inception_v3", "efficientnet_b0"])
    def test_is_torchvisions_to_a_few_grey_levels_for_extreme_proportions(self, load, photo, name, size):
        preset = models.get_model_weights(name).DEFAULT.transforms()
        preset.mean, preset.std = (0.0,) * 3, (1.0,) * 3
        levels = 255 * (load(name).see(photo(*size))[0] - preset(photo(*size))).abs()
        assert levels.max() < 10
        assert levels.mean() < 0.5

    def test_can_show_the_whole_photo(self, load, photo):
        picture, box = load("efficientnet_b0", fit="pad").see(photo(100, 50))
        assert picture.shape == (3, 224, 224)
        assert box == (0, -25, 100, 75)


class TestNetworks:
    @pytest.mark.usefixtures("at_96_pixels")
    @pytest.mark.parametrize("name", SMALL)
    def test_answer_as_torchvisions_with_the_same_weights(self, saved, stirred, pictures, name):
        theirs = stirred(random_network(name))
        ending = "safetensors" if SMALL.index(name) % 2 else "pth"
        ours = load_classifier(name, checkpoint=saved(theirs, f"weights.{ending}"), device="cpu")
        with torch.no_grad():
            assert torch.equal(ours.network(pictures), theirs(pictures))
        assert not ours.network.training
        assert ours.labels == tuple(models.get_model_weights(name).DEFAULT.meta["categories"])

    @pytest.mark.usefixtures("at_96_pixels")
    @pytest.mark.parametrize(("name", "heads"), [("googlenet", ["aux1", "aux2"]), ("inception_v3", ["AuxLogits"])])
    def test_googlenet_and_inception_are_as_torchvision_loads_its_own(
        self, saved, stirred, pictures, monkeypatch, name, heads
    ):
        state = stirred(random_network(name, init_weights=False, aux_logits=True)).state_dict()
        monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: state)
        theirs = models.get_model(name, weights="DEFAULT").eval()
        ours = load_classifier(name, checkpoint=saved(state), device="cpu")
        with torch.no_grad():
            assert torch.equal(ours.network(pictures), theirs(pictures))
        assert ours.network.transform_input is theirs.transform_input is True
        assert ours.network.aux_logits is False
        assert not [key for key, _ in ours.network.named_modules() if "aux" in key.lower()]

        headless = {key: value for key, value in state.items() if not key.startswith(tuple(heads))}
        without = load_classifier(name, checkpoint=saved(headless), device="cpu")
        assert without.identity == ours.identity

    @pytest.mark.usefixtures("at_96_pixels")
    def test_densenets_old_names_are_understood(self, saved, stirred, pictures, monkeypatch):
        network = stirred(random_network("densenet121"))
        old = {
            re.sub(r"(denselayer\d+\.(?:norm|conv))([12])", r"\1.\2", key): value
            for key, value in network.state_dict().items()
            if not key.endswith("num_batches_tracked")
        }
        assert "features.denseblock1.denselayer1.norm.1.weight" in old
        monkeypatch.setattr(WeightsEnum, "get_state_dict", lambda *_, **__: dict(old))
        theirs = models.densenet121(weights="DEFAULT").eval()
        ours = load_classifier("densenet121", checkpoint=saved(old), device="cpu")
        with torch.no_grad():
            assert torch.equal(ours.network(pictures), theirs(pictures))

    @pytest.mark.usefixtures("at_96_pixels")
    def test_have_a_head_for_the_visitors_own_classes(self, saved):
        network = random_network("squeezenet1_1", num_classes=2)
        classifier = load_classifier("squeezenet1_1", checkpoint=saved(network), labels=["cat", "dog"], device="cpu")
        assert classifier.labels == ("cat", "dog")
        assert len(classifier.predict(classifier.probe()[0])) == 2

    @pytest.mark.parametrize("name", SMALLEST.values())
    def test_of_every_family_are_built_without_making_up_weights(self, name):
        network = torchvision_network(name, 7)
        assert all(p.is_meta for p in network.parameters() if p.numel() > 10_000)
        assert not any(b.is_meta for b in network.buffers())
        assert set(dict(network.named_buffers())) <= set(network.state_dict())  # a file gives them all

    def test_of_a_vision_transformer_have_a_place_for_each_patch_of_its_pictures(self):
        assert torchvision_network("vit_h_14", 1000).encoder.pos_embedding.shape[1] == 1 + (518 // 14) ** 2


class TestMismatch:
    def test_says_which_network_and_how_many_classes(self, saved):
        path = saved(random_network("squeezenet1_1", num_classes=2))
        with pytest.raises(ExplanationError, match=r"weights\.pth does not fit SqueezeNet 1\.1 with 1000 classes: "):
            load_classifier("squeezenet1_1", checkpoint=path)

    def test_of_the_published_weights_and_the_labels_is_one_too(self, own, saved):
        saved(random_network("squeezenet1_1"), "own/squeezenet1_1.pth")
        with pytest.raises(ExplanationError, match=r"classifier\.1\.bias is \(1000,\) there and \(2,\) in the network"):
            load_classifier("squeezenet1_1", labels=["cat", "dog"])

    def test_of_name_is_said(self):
        with pytest.raises(ExplanationError, match="There is no classifier called 'squeezenet'"):
            load_classifier("squeezenet")


@pytest.mark.usefixtures("at_96_pixels")
class TestWhereWeightsComeFrom:
    @pytest.fixture
    def download(self, server, monkeypatch):
        """Weights of a random SqueezeNet, on a server of this machine instead of torchvision's."""
        torch.save(random_network("squeezenet1_1").state_dict(), buffer := BytesIO())
        body = buffer.getvalue()
        name = f"squeezenet1_1-{hashlib.sha256(body).hexdigest()[:8]}.pth"
        monkeypatch.setattr(models.SqueezeNet1_1_Weights.DEFAULT.value, "url", server.offer(name, body))
        every = published.of_torchvision()
        monkeypatch.setitem(every, "squeezenet1_1", replace(every["squeezenet1_1"], file=name))
        return server, name, len(body)

    def test_a_download_is_kept_for_the_next_time(self, download, tmp_path):
        (server, name, size), seen = download, []
        first = load_classifier("squeezenet1_1", on_progress=lambda *progress: seen.append(progress), device="cpu")
        assert seen[-1] == (size, size)
        assert (tmp_path / "torch" / "hub" / "checkpoints" / name).stat().st_size == size
        server.answers.clear()
        assert load_classifier("squeezenet1_1", device="cpu").identity == first.identity

    def test_a_local_file_wins(self, download, own, saved):
        download[0].answers.clear()
        torch.manual_seed(1)
        network = models.squeezenet1_1()
        saved(network, "own/squeezenet1_1.safetensors")
        classifier = load_classifier("squeezenet1_1", device="cpu")
        assert torch.equal(classifier.network.features[0].weight, network.features[0].weight)

    def test_a_cancel_passes_through(self, download, tmp_path):
        def cancel(done, total):
            raise Cancelled

        with pytest.raises(Cancelled):
            load_classifier("squeezenet1_1", on_progress=cancel)
        assert list((tmp_path / "torch" / "hub" / "checkpoints").iterdir()) == []

    def test_a_server_error_is_explained(self, download):
        server, name, _ = download
        server.offer(name, status=503)
        with pytest.raises(
            ExplanationError, match=r"could not be downloaded: the other server answered with 503 \(Ser"
        ):
            load_classifier("squeezenet1_1")

    def test_no_sentence_names_a_folder_of_the_server(self, download, tmp_path):
        (tmp_path / "torch" / "hub").mkdir(parents=True)
        (tmp_path / "torch" / "hub" / "checkpoints").touch()  # a file where the folder should be
        with pytest.raises(ExplanationError, match=r"could not be downloaded: File exists\. Try") as caught:
            load_classifier("squeezenet1_1")
        assert str(tmp_path) not in str(caught.value)

    def test_offline_it_says_what_is_missing_and_what_to_do(self, monkeypatch):
        monkeypatch.setattr("urllib.request._opener", None)  # urllib reads the proxies of the environment once
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens there
        with pytest.raises(ExplanationError) as caught:
            load_classifier("resnet50")
        assert re.fullmatch(
            r"ResNet-50 needs its weights \(98 MB\) once, and they could not be downloaded: no connection to the "
            r"other server could be made\. Try again when it is online, choose another classifier, or save them as "
            r"resnet50\.pth in a folder on the machine that runs Whypixel, and name the folder in WHYPIXEL_WEIGHTS\.",
            str(caught.value),
        )
        assert isinstance(caught.value.__cause__, URLError)


@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v2"])
def test_real_weights_know_an_espresso(real_weights, name):
    if not list(real_weights.glob(f"{name}.*")):
        pytest.skip(f"needs {name} in WHYPIXEL_WEIGHTS")
    best = load_classifier(name, device="cpu").predict(Image.fromarray(skimage.data.coffee()))
    assert "espresso" in [prediction.label for prediction in best]
