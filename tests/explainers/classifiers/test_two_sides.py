"""A network of one logit answers no as well as yes."""

from types import SimpleNamespace

import pytest
import torch
from PIL import Image
from torch import nn

from explainers import CAM, Classifier, ExplanationError, Target
from explainers.experiments.randomisation.weights import RandomisedClassifier

PHOTO = Image.linear_gradient("L").convert("RGB")


def network(classes=1):
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, classes))


def classifier(network, labels=("not cat", "cat"), output="sigmoid"):
    return Classifier(
        network, labels, size=(16, 16), mean=(0.5,) * 3, std=(0.25,) * 3, output=output, device="cpu", name="tiny"
    )


class Wrapped(nn.Module):
    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, pictures):
        return SimpleNamespace(logits=self.network(pictures))


@pytest.mark.parametrize("wrap", [lambda network: network, Wrapped])
def test_no_has_minus_the_logit_of_yes_and_what_is_left_of_its_probability(wrap):
    plain = network()
    given = classifier(wrap(plain))
    with torch.no_grad():
        logit = plain.eval()(given.normalise(given.see(PHOTO)[0][None])).item()
    no, yes = sorted(given.predict(PHOTO), key=lambda row: row.index)
    assert (no.label, no.logit) == ("not cat", pytest.approx(-logit))
    assert (yes.label, yes.logit) == ("cat", pytest.approx(logit))
    assert yes.probability == pytest.approx(torch.tensor(logit).sigmoid().item())
    assert no.probability + yes.probability == pytest.approx(1)
    assert given.two_sided


def test_of_two_logits_each_class_has_its_own():
    plain = classifier(network(2), ("cat", "dog"))
    assert not plain.two_sided
    assert CAM()(plain, PHOTO, Target(0)).facts.opposite is None


def test_one_label_alone_is_the_only_class():
    alone = classifier(network(), ["cat"])
    assert not alone.two_sided
    assert [row.label for row in alone.predict(PHOTO)] == ["cat"]


def test_softmax_needs_two_logits_for_two_labels():
    with pytest.raises(ExplanationError, match="there are 2 labels"):
        classifier(network(), output="softmax").predict(PHOTO)


def test_a_copy_of_such_a_network_answers_both_too():
    given = classifier(network())
    again = RandomisedClassifier(given, given.network)
    assert again.two_sided
    assert again.predict(PHOTO) == given.predict(PHOTO)


def test_a_difference_of_both_has_no_opposite():
    facts = CAM()(classifier(network()), PHOTO, Target(1, 0)).facts
    assert (facts.opposite, facts.negated) == (None, False)
