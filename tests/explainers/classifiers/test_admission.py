"""What people bring: it works, or a sentence says why not, before any map is computed."""

from collections import OrderedDict, namedtuple
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from explainers import (
    CAM,
    AttentionRollout,
    Classifier,
    ExplanationError,
    GradCAM,
    GuidedBackprop,
    IntegratedGradients,
    LayerCAM,
    Occlusion,
    Saliency,
    ScoreCAM,
    Target,
)

SIZE, LABELS = (12, 12), ("cat", "dog", "hen")
PHOTO = Image.new("RGB", (30, 20), (200, 100, 50))


def bring(network, labels=LABELS, channels=3, **settings):
    settings = {"size": SIZE, "mean": (0.5,) * channels, "std": (0.25,) * channels, "device": "cpu", **settings}
    return Classifier(network, labels, **settings)


def body(channels=3):
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(channels, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))


class Wrapped(nn.Module):
    """The body, whose output somebody changes."""

    def __init__(self, change):
        super().__init__()
        self.body, self.change = body(), change

    def forward(self, x):
        return self.change(self.body(x))


@dataclass
class Output:
    logits: torch.Tensor
    loss: None = None


Row = namedtuple("Row", "loss logits")

OUTPUTS = {
    "object": Output,
    "named tuple": lambda logits: Row(None, logits),
    "dict": lambda logits: {"loss": None, "logits": logits},
    "ordered dict": lambda logits: OrderedDict(logits=logits),
}


class TestOutputsThatHoldLogits:
    @pytest.mark.parametrize("kind", OUTPUTS)
    @pytest.mark.parametrize(
        "explainer",
        [Saliency(), IntegratedGradients(steps=4), GuidedBackprop(), GradCAM(), LayerCAM(), ScoreCAM(), Occlusion()],
        ids=lambda explainer: explainer.slug(),
    )
    def test_are_explained_as_the_logits_are(self, noise, kind, explainer):
        plain, packed = bring(Wrapped(lambda logits: logits)), bring(Wrapped(OUTPUTS[kind]))
        expected, given = (explainer(classifier, noise(SIZE), Target(1)) for classifier in (plain, packed))
        assert np.array_equal(given.values, expected.values)
        assert given.score == expected.score

    @pytest.mark.parametrize("kind", OUTPUTS)
    def test_leave_predictions_layers_and_preparation_as_they_are(self, kind):
        plain, packed = bring(Wrapped(lambda logits: logits)), bring(Wrapped(OUTPUTS[kind]))
        assert packed.predict(PHOTO) == plain.predict(PHOTO)
        assert packed.layers() == plain.layers()  # no name gains a prefix
        assert packed.activations == plain.activations
        assert isinstance(packed.prepared(packed.probe()), torch.Tensor)

    def test_are_unpacked_for_transformers_too(self, attentive, noise):
        class Packing(nn.Module):
            def __init__(self):
                super().__init__()
                self.body = attentive()

            def forward(self, x):
                return Output(self.body(x))

        given = AttentionRollout()(bring(Packing(), size=(24, 24)), noise((24, 24)), Target(0))
        assert given.values.sum() > 0

    @pytest.mark.parametrize("change", [lambda logits: (logits, None), lambda logits: {"scores": logits}, Output])
    def test_are_told_from_those_that_hold_none(self, change):
        network = Wrapped(lambda logits: change("none") if change is Output else change(logits))
        with pytest.raises(ExplanationError, match=r"must give a tensor .*, and gives a (tuple|dict|Output)\."):
            bring(network).predict(PHOTO)

    def test_do_not_put_a_hook_on_the_given_network(self):
        network = Wrapped(Output)
        bring(network)
        assert not network._forward_hooks


ANSWERS = {
    "integers": (lambda logits: logits.to(torch.int64), r"gives numbers of type torch\.int64"),
    "truths": (lambda logits: logits > 0, r"gives numbers of type torch\.bool"),
    "complex numbers": (lambda logits: logits.to(torch.complex64), r"gives numbers of type torch\.complex64"),
    "one row": (lambda logits: logits[0], r"must give a tensor \(N, classes\), and gives one of shape \(3,\)"),
    "one number": (lambda logits: logits.sum(), r"and gives one of shape \(\)"),
    "the likeliest class": (lambda logits: logits.argmax(1), r"and gives one of shape \(1,\)"),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_answers_that_are_no_scores_are_refused_by_predictions_and_methods(noise, name):
    change, sentence = ANSWERS[name]
    classifier = bring(Wrapped(change))
    for ask in (lambda: classifier.predict(PHOTO), lambda: Occlusion()(classifier, noise(SIZE), Target(0))):
        with pytest.raises(ExplanationError, match=sentence):
            ask()


def one_picture_only(x):
    assert len(x) == 1
    return x


def flat(x):
    return x.view(1, 3, *SIZE)


def refused(x):
    if len(x) > 1:
        raise ValueError("one at a time")
    return x


@pytest.mark.parametrize("take", [one_picture_only, flat, refused])
@pytest.mark.parametrize("explainer", [Saliency(), IntegratedGradients(steps=4), GradCAM(), Occlusion()])
def test_networks_that_take_one_picture_at_a_time_are_given_one(noise, apart, take, explainer):
    class Single(Wrapped):
        def forward(self, x):
            return super().forward(take(x))

    expected = explainer(bring(Wrapped(lambda logits: logits)), noise(SIZE), Target(1))
    given = explainer(bring(Single(lambda logits: logits)), noise(SIZE), Target(1))
    assert apart(given.values, expected.values) < 1e-5


class Half(nn.Module):
    """A network whose body runs without a record of its steps."""

    def __init__(self, way):
        super().__init__()
        self.body, self.head, self.way = body()[:4], nn.Linear(4, 3), way

    def forward(self, x):
        if self.way == "detached":
            return self.head(self.body(x).detach())
        with torch.no_grad() if self.way == "no_grad" else torch.inference_mode():
            features = self.body(x)
        return self.head(features) + (x[:, :, 0, 0] * features[:, :3] if self.way == "mixed" else 0)


@pytest.mark.parametrize("way", ["no_grad", "inference_mode", "detached", "mixed"])
@pytest.mark.parametrize("explainer", [Saliency(), IntegratedGradients(steps=4), GuidedBackprop(), GradCAM()])
def test_networks_without_a_gradient_say_so_and_can_be_occluded(noise, way, explainer):
    classifier = bring(Half(way))
    with pytest.raises(ExplanationError, match=r"[Nn]o gradient of the score reaches the|reach the ReLUs|has none"):
        explainer(classifier, noise(SIZE), Target(0))
    assert np.isfinite(Occlusion()(classifier, noise(SIZE), Target(0)).values).all()


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")  # of quantisation
@pytest.mark.parametrize("explainer", [Saliency(), IntegratedGradients(steps=4), GuidedBackprop(), CAM(), GradCAM()])
def test_quantised_heads_say_so_and_can_be_occluded(noise, explainer):
    plain = body().insert(1, nn.BatchNorm2d(4)).eval()
    network = torch.ao.quantization.quantize_dynamic(plain, {nn.Linear}, dtype=torch.qint8)
    classifier = bring(network)
    with pytest.raises(ExplanationError):
        explainer(classifier, noise(SIZE), Target(0))
    assert np.isfinite(Occlusion()(classifier, noise(SIZE), Target(0)).values).all()
    assert classifier.identity == bring(network).identity


class TestChannels:
    @pytest.mark.parametrize("channels", [2, 4, 13])
    def test_of_a_photo_must_be_those_of_the_network(self, noise, channels):
        classifier = bring(body(channels), channels=channels)
        for ask in (lambda: classifier.predict(PHOTO), lambda: Saliency()(classifier, PHOTO, Target(0))):
            with pytest.raises(ExplanationError, match=rf"sees {channels} channels, .* tensor \({channels}, 12, 12\)"):
                ask()
        assert Saliency()(classifier, noise(SIZE, channels=channels), Target(0)).values.shape == (channels, *SIZE)

    @pytest.mark.parametrize(("channels", "means"), [(4, 3), (3, 4), (1, 3), (3, 1)])
    def test_must_be_as_many_as_there_are_means(self, channels, means):
        with pytest.raises(ExplanationError, match=rf"fails on a picture of {means} × 12 × 12 .*one value per"):
            bring(body(channels), channels=means)

    @pytest.mark.parametrize("dtype", [torch.uint8, torch.int64, torch.bool, torch.complex64])
    def test_of_a_tensor_must_be_floats(self, dtype):
        with pytest.raises(ExplanationError, match="must hold floats, 0 for black and 1 for white"):
            bring(body()).predict(torch.zeros((3, *SIZE), dtype=dtype))

    @pytest.mark.parametrize("picture", [np.zeros((3, *SIZE)), "photo.png", None])
    def test_are_asked_of_pictures_alone(self, picture):
        with pytest.raises(ExplanationError, match=r"must be a PIL image or a tensor, not a (ndarray|str|NoneType)"):
            bring(body()).predict(picture)


class TestWeights:
    def test_on_the_device_meta_are_none(self):
        with pytest.raises(ExplanationError, match=r"Sequential has no weights: '0\.weight' is on the device \"meta\""):
            bring(body().to("meta"))

    def test_half_of_which_are_on_the_device_meta_are_not_enough(self):
        network = body()
        network[4].to("meta")
        with pytest.raises(ExplanationError, match=r"'4\.weight' is on the device"):
            bring(network)

    @pytest.mark.filterwarnings("ignore:Lazy modules")
    def test_that_wait_for_a_first_pass_are_none_yet(self):
        network = nn.Sequential(nn.LazyConv2d(3, 3), nn.Flatten())
        with pytest.raises(ExplanationError, match=r"Sequential has no weights yet: '0\.weight' gets its size in"):
            bring(network)


class TestLabels:
    def test_may_be_integers(self):
        classifier = bring(body(), labels=range(3))
        assert classifier.labels == ("0", "1", "2")
        assert Saliency()(classifier, PHOTO, Target(2)).facts.label == "2"

    def test_may_be_of_mixed_kinds_as_long_as_their_texts_differ(self):
        assert bring(body(), labels=[np.int64(1), "one\ud800", 1.5]).labels == ("1", "one?", "1.5")
        with pytest.raises(ExplanationError, match="must be unique"):
            bring(body(), labels=[1, "1", 2])

    def test_that_stand_alone_need_a_sigmoid(self):
        network = nn.Sequential(body(), nn.Linear(3, 1))
        with pytest.raises(ExplanationError, match=r'There is one label, .* Say output="sigmoid"'):
            bring(network, labels=["cat"])
        (only,) = bring(network, labels=["cat"], output="sigmoid").predict(PHOTO)
        assert 0 < only.probability < 1

    def test_must_be_in_the_order_of_the_outputs(self):
        with pytest.raises(ExplanationError, match=r"labels must be a list .* in that order, not a dict"):
            bring(body(), labels={0: "cat", 1: "dog", 2: "hen"})

    def test_must_be_there(self):
        with pytest.raises(ExplanationError, match="needs a label for each number"):
            bring(body(), labels=[])


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"size": 224}, "size must be the height and width .* not 224"),
        ({"size": (12,)}, "size must be the height and width"),
        ({"size": (12.5, 12)}, "size must be the height and width"),
        ({"size": (0, 12)}, "size must be the height and width"),
        ({"size": (2, 2)}, r"Sequential fails on a picture of 3 × 2 × 2 \(channels, height, width\): .*\. Check size"),
        ({"std": (0.2, 0, 0.2)}, "std above zero"),
        ({"std": (0.2, float("nan"), 0.2)}, "must be finite numbers"),
        ({"mean": (float("inf"), 0, 0)}, "must be finite numbers"),
        ({"mean": (), "std": ()}, "must be finite numbers, one per channel"),
        ({"output": "relu"}, 'output must be "softmax" or "sigmoid", not \'relu\''),
    ],
    ids=str,
)
def test_settings_that_nothing_can_be_seen_with_are_refused(settings, sentence):
    with pytest.raises(ExplanationError, match=sentence):
        bring(body(), **settings)


LOOSE = {}


def test_a_pass_that_reaches_the_given_network_by_a_global_variable_is_refused_when_it_is_brought():
    class Loose(nn.Module):
        def __init__(self):
            super().__init__()
            LOOSE["body"] = self.body = body()

        def forward(self, x):
            return LOOSE["body"](x)

    with pytest.raises(ExplanationError, match=r"Loose reaches 'body\.0\.weight' of the given network without going"):
        bring(Loose())
    LOOSE.clear()


def test_a_forward_pass_in_a_closure_explains_the_copy_and_leaves_the_network_alone(noise, apart):
    network = body()
    network.insert(1, nn.BatchNorm2d(4))
    nn.init.normal_(network[1].running_mean)
    inner = network.forward
    network.forward = lambda x: 2 * inner(x)
    x = noise(SIZE).clone().requires_grad_()
    (true,) = torch.autograd.grad(network.eval()(((x - 0.5) / 0.25)[None])[0, 1], x)
    before = {key: value.clone() for key, value in network.train().state_dict().items()}
    given = Saliency()(bring(network), noise(SIZE), Target(1))
    assert apart(given.values, true) < 1e-5
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
    assert network.training
