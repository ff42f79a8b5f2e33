import copy

import pytest
import torch
from PIL import Image
from torch import nn

from explainers.classifiers import Classifier, View
from explainers.classifiers.preparing import FoldedNorm
from explainers.errors import ExplanationError

LABELS = ("cat", "dog", "hen")
MEAN, STD = (0.4, 0.5, 0.6), (0.1, 0.2, 0.3)


@pytest.fixture
def classify(tiny, stirred):
    """Makes a classifier of 8 by 6 pixels around a network, by default the tiny one."""

    def make(network=None, labels=LABELS, **settings):
        settings = {"size": (8, 6), "mean": MEAN, "std": STD, "device": "cpu", **settings}
        return Classifier(network or stirred(tiny()), labels, **settings)

    return make


class TestPredictions:
    def test_are_the_networks_own_likeliest_first(self, classify, tiny, stirred):
        classifier, picture = classify(), torch.rand((3, 8, 6), generator=torch.Generator().manual_seed(0))
        with torch.no_grad():
            logits = stirred(tiny())(classifier.normalise(picture[None]))[0]
        predictions = classifier.predict(picture)
        assert [p.index for p in predictions] == logits.argsort(descending=True).tolist()
        assert [p.label for p in predictions] == [LABELS[p.index] for p in predictions]
        assert [p.logit for p in predictions] == pytest.approx([logits[p.index].item() for p in predictions])
        assert [p.probability for p in predictions] == pytest.approx(
            [logits.softmax(0)[p.index].item() for p in predictions]
        )

    def test_are_as_many_as_asked_for(self, classify):
        assert [len(classify().predict(Image.new("RGB", (9, 9)), k)) for k in (1, 2, 50)] == [1, 2, 3]

    def test_stand_each_for_itself_with_a_sigmoid(self, classify):
        for prediction in classify(output="sigmoid").predict(Image.new("RGB", (9, 9))):
            assert prediction.probability == pytest.approx(torch.tensor(prediction.logit).sigmoid().item())


class TestSeeing:
    def test_a_photo_gives_pixels_from_0_to_1(self, classify):
        picture, box = classify().see(Image.new("RGB", (60, 40), (255, 51, 0)))
        assert picture.shape == (3, 8, 6)
        assert picture[:, 0, 0].tolist() == pytest.approx([1.0, 0.2, 0.0])
        assert box == pytest.approx((15, 0, 45, 40))

    def test_what_the_network_gets_is_normalised(self, classify):
        normal = classify().normalise(torch.tensor([0.5, 0.5, 0.9]).view(1, 3, 1, 1))
        assert normal.flatten().tolist() == pytest.approx([1.0, 0.0, 1.0])

    def test_a_tensor_of_the_inputs_shape_passes_as_it_is(self, classify):
        picture = torch.full((3, 8, 6), 1.5, dtype=torch.float64)
        seen, box = classify().see(picture)
        assert torch.equal(seen, picture.float())
        assert box == (0, 0, 6, 8)

    @pytest.mark.parametrize("shape", [(3, 6, 8), (1, 8, 6), (8, 6, 3), (1, 3, 8, 6), (8, 6)])
    def test_a_tensor_of_another_shape_is_refused(self, classify, shape):
        with pytest.raises(ExplanationError, match=r"must be \(3, 8, 6\) \(C, H, W\), not \("):
            classify().see(torch.zeros(shape))

    def test_a_classifier_of_one_channel_sees_grey(self, classify):
        network = nn.Sequential(nn.Conv2d(1, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        picture, _ = classify(network, mean=(0,), std=(1,)).see(Image.new("RGB", (60, 40), (255, 255, 255)))
        assert picture.shape == (1, 8, 6)

    def test_a_palette_with_alpha_is_no_trouble(self, classify):
        assert classify().see(Image.new("RGBA", (60, 40)).convert("P"))[0].shape == (3, 8, 6)


class TestRefusals:
    def test_labels_must_be_unique(self, classify):
        with pytest.raises(ExplanationError, match="labels of a classifier must be unique"):
            classify(labels=("crane", "dog", "crane"))

    def test_there_must_be_a_label_for_each_number_the_network_gives(self, classify):
        with pytest.raises(ExplanationError, match="but there are 2 labels"):
            classify(labels=("cat", "dog")).predict(Image.new("RGB", (9, 9)))

    def test_grids_are_no_answer(self, classify):
        network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Identity())
        with pytest.raises(ExplanationError, match=r"Sequential gives \(3, 8, 6\)"):
            classify(network).predict(Image.new("RGB", (9, 9)))

    @pytest.mark.parametrize("value", [float("nan"), float("inf")])
    def test_numbers_must_be_finite(self, classify, tiny, value):
        network = tiny()
        nn.init.constant_(network.fc.bias, value)
        with pytest.raises(ExplanationError, match="Tiny gives numbers that are not finite"):
            classify(network).predict(Image.new("RGB", (9, 9)))

    def test_mean_and_std_belong_together(self, classify):
        with pytest.raises(ExplanationError, match="not 3 and 1"):
            classify(std=(1,))


class TestTheGivenNetwork:
    def test_is_left_in_its_mode_trainable_and_without_hooks(self, classify, tiny):
        network = tiny().train()
        before = copy.deepcopy(network.state_dict())
        classifier = classify(network)
        classifier.predict(Image.new("RGB", (9, 9)))
        classifier.layers()
        assert all(module.training for module in network.modules())
        assert all(p.requires_grad and p.grad is None for p in network.parameters())
        assert not any(module._forward_hooks or module._backward_hooks for module in network.modules())
        assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())

    def test_shares_its_weights(self, classify, tiny):
        network = tiny()
        mine = dict(classify(network).network.named_parameters())
        assert all(mine[key].data_ptr() == value.data_ptr() for key, value in network.named_parameters())

    def test_is_used_in_eval_mode_and_frozen(self, classify, tiny):
        network = classify(tiny().train()).network
        assert not any(module.training for module in network.modules())
        assert not any(p.requires_grad for p in network.parameters())

    def test_may_tie_weights(self, classify):
        network = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
        network[1].weight = network[0].weight
        mine = classify(network).network
        assert mine[1].weight is mine[0].weight


class TestIdentity:
    def test_is_equal_for_equal_classifiers(self, classify):
        assert classify().identity == classify().identity

    def test_does_not_depend_on_name_or_preparation(self, classify):
        assert classify(name="Rex", prepare=False).identity == classify().identity

    @pytest.mark.parametrize(
        "change",
        [
            {"labels": ("cat", "dog", "cow")},
            {"size": (6, 8)},
            {"mean": (0.4, 0.5, 0.7)},
            {"std": (0.1, 0.2, 0.4)},
            {"view": View(resize=10)},
            {"view": View(fit="pad")},
            {"view": View(interpolation="bicubic")},
            {"output": "sigmoid"},
        ],
        ids=str,
    )
    def test_changes_with_what_it_sees_and_says(self, classify, change):
        assert classify(**change).identity != classify().identity

    @pytest.mark.parametrize("key", ["conv.weight", "fc.bias", "norm.running_mean"])
    def test_changes_with_one_weight(self, classify, tiny, stirred, key):
        network = stirred(tiny())
        network.state_dict()[key].view(-1)[0] += 1e-6
        assert classify(network).identity != classify().identity

    def test_changes_with_the_architecture(self, classify, tiny, stirred):
        network = stirred(tiny())
        network.relu = nn.GELU()
        assert classify(network).identity != classify().identity


def test_its_name_is_the_networks_unless_told(classify):
    assert (classify().name, classify(name="Rex").name) == ("Tiny", "Rex")


def test_a_probe_is_the_same_every_time(classify):
    assert classify().probe(2).shape == (2, 3, 8, 6)
    assert torch.equal(classify().probe(), classify().probe())


def test_preparing_can_be_left_out(classify):
    classifier = classify(prepare=False)
    assert classifier.prepared is classifier.network
    assert isinstance(classify().prepared.norm, FoldedNorm)


def test_classifiers_on_one_network_share_its_prepared_form(classify):
    classifier = classify()
    other = classifier.scaled((0.5,) * 3, (0.5,) * 3)
    assert other.prepared is classifier.fitted("pad").prepared is classifier.prepared


def test_a_network_that_gives_no_tensor_is_refused_with_a_sentence(classify):
    class Pair(nn.Module):
        def forward(self, pictures):
            return pictures.mean((2, 3)), pictures

    with pytest.raises(ExplanationError, match=r"Pair must give a tensor \(N, classes\), and gives a tuple\."):
        classify(Pair()).predict(Image.new("RGB", (9, 9)))


def test_a_switch_that_changes_the_answer_changes_the_identity(classify):
    class Scaled(nn.Module):
        def __init__(self, twice):
            super().__init__()
            self.twice = twice

        def forward(self, pictures):
            return pictures.mean((2, 3)) * (2 if self.twice else 1)

    assert classify(Scaled(True)).identity == classify(Scaled(True)).identity != classify(Scaled(False)).identity


@pytest.mark.parametrize("prepare", [False, True])
def test_dropped_copies_are_made_anew(classify, prepare):
    classifier = classify(prepare=prepare)
    kept = [classifier.copies, classifier.preparation().copies]
    for copies in kept:
        copies.give_back(copies.take())
    before = [copies.take() for copies in kept]
    for copies, kept_copy in zip(kept, before, strict=True):
        copies.give_back(kept_copy)
    classifier.drop_copies()
    assert not any(copies.take() is kept_copy for copies, kept_copy in zip(kept, before, strict=True))
