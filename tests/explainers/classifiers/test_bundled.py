"""The classifiers whose weights are installed with Whypixel."""

from dataclasses import replace

import pytest
import skimage.data
import timm
import torch
from PIL import Image
from timm.data import create_transform, resolve_data_config
from torchvision.models import ResNet50_Weights

from explainers import CAM, ExplanationError, GuidedBackprop, Target, load_classifier
from explainers.classifiers import bundled, sources
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS

LITE = "efficientnet_lite0"


@pytest.fixture(scope="module")
def lite():
    return load_classifier(LITE, device="cpu")


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Changes what is known of EfficientNet-Lite0; its file is a copy then."""

    def change(content=None, **facts):
        if content is not None:
            path = tmp_path / "models" / "efficientnet-lite0-57934424.pth"
            path.parent.mkdir()
            path.write_bytes(content)
            monkeypatch.setattr(bundled, "PACKAGE_FOLDER", tmp_path)
            facts["package"] = None
        monkeypatch.setitem(BUNDLED_CLASSIFIERS, LITE, replace(BUNDLED_CLASSIFIERS[LITE], **facts))

    return change


@pytest.mark.parametrize("name", BUNDLED_CLASSIFIERS)
def test_what_the_catalogue_says_is_true_of_what_is_loaded(name):
    source, classifier = next(source for source in sources() if source.name == name), load_classifier(name)
    assert source.origin == "bundled"
    assert source.title == classifier.name == BUNDLED_CLASSIFIERS[name].title
    assert source.megabytes == pytest.approx(source.path.stat().st_size / 2**20)
    assert classifier.labels == BUNDLED_CLASSIFIERS[name].recipe.labels


def test_lite_knows_the_thousand_classes_of_imagenet(lite):
    assert lite.labels == tuple(ResNet50_Weights.DEFAULT.meta["categories"])


def test_lite_answers_as_timms_network_after_timms_preprocessing(lite):
    theirs = timm.create_model("tf_efficientnet_lite0").eval()
    theirs.load_state_dict(dict(zip(theirs.state_dict(), lite.network.state_dict().values(), strict=True)))
    transform = create_transform(**resolve_data_config({}, model=theirs))
    for picture in (skimage.data.coffee(), skimage.data.chelsea()):
        photo = Image.fromarray(picture)
        with torch.no_grad():
            expected = theirs(transform(photo)[None])[0]
        torch.testing.assert_close(
            lite.network(lite.normalise(lite.see(photo)[0][None]))[0], expected, rtol=0, atol=1e-5
        )


def test_lite_has_a_cam_and_only_rectifications_that_guided_backpropagation_reaches(lite):
    photo = Image.fromarray(skimage.data.coffee())
    (top,) = lite.predict(photo, k=1)
    assert top.label == "espresso"
    assert CAM()(lite, photo, Target(top.index)).heat.any()
    coverage = GuidedBackprop().coverage(lite)
    assert coverage.ratio == "33 of 33"


def test_a_file_that_was_changed_is_refused(installed):
    content = bytearray(BUNDLED_CLASSIFIERS[LITE].path.read_bytes())
    content[1_000_000] ^= 1
    installed(bytes(content))
    with pytest.raises(ExplanationError, match="The weights of EfficientNet-Lite0 are not those that were published"):
        load_classifier(LITE)


def test_without_its_package_it_is_not_offered_and_says_how_to_get_it(installed):
    installed(package="no_such_package_is_installed")
    assert LITE not in [source.name for source in sources()]
    with pytest.raises(ExplanationError, match=r"are not installed. Install them: pip install -r requirements\.txt"):
        load_classifier(LITE)
