"""A GPU gives the maps that the CPU gives, and gives them again. Skipped where there is none."""

import pytest
import torch

from explainers import EXPLAINERS, Classifier, IntegratedGradients, Target
from explainers.passes import chunk_size
from explainers.runtime.turns import turns

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that PyTorch knows as cuda")

TARGETS = [Target(1), Target(0, versus=2)]
every_kind = pytest.mark.parametrize("kind", EXPLAINERS, ids=lambda kind: kind.__name__)


@pytest.fixture(scope="module")
def moved():
    """(classifier) -> the same on the GPU."""

    def make(classifier):
        return Classifier(
            classifier.network,
            classifier.labels,
            size=classifier.size,
            mean=classifier.mean,
            std=classifier.std,
            device="cuda",
            name=classifier.name,
        )

    return make


@every_kind
def test_maps_agree_with_the_cpus_to_a_thousandth(conv, suited, noise, moved, apart, kind):
    conv = suited(kind, conv)
    there = moved(conv)
    for target in TARGETS:
        found, expected = (kind()(classifier, noise(conv.size), target) for classifier in (there, conv))
        assert found.facts.device == "cuda"
        assert apart(found.values, expected.values) < 1e-3
        assert found.score == pytest.approx(expected.score, rel=1e-3, abs=1e-4)


@every_kind
def test_maps_agree_with_the_cpus_in_float64_but_for_rounding(conv64, suited, noise, moved, apart, kind):
    conv64 = suited(kind, conv64)
    there, picture = moved(conv64), noise(conv64.size, dtype=torch.float64)
    found, expected = (kind()(classifier, picture, Target(1)) for classifier in (there, conv64))
    assert apart(found.values, expected.values) < 1e-6  # values are kept in float32


def test_a_real_network_agrees_too(real, noise, moved, apart):
    here = real("resnet18", 64).classifier
    method = IntegratedGradients(steps=16)
    found, expected = (method(classifier, noise((64, 64)), Target(1)) for classifier in (moved(here), here))
    assert apart(found.values, expected.values) < 2e-2  # a ReLU that stands at 0 flips on rounding: test_integrated.py


@pytest.mark.parametrize(
    "explainer",
    [
        IntegratedGradients(),
        IntegratedGradients(steps=200),
        IntegratedGradients(baseline="random", draws=3),
    ],
    ids=["automatic steps", "chosen steps", "draws"],
)
@pytest.mark.parametrize("name", ["conv", "resnet18"])
def test_integrated_gradients_repeat_bit_for_bit(conv, real, noise, moved, explainer, name):
    classifier = moved(conv if name == "conv" else real("resnet18", 64).classifier)
    first, second = (explainer(classifier, noise(classifier.size), Target(1)) for _ in range(2))
    assert first.values.tobytes() == second.values.tobytes()
    assert first.score == second.score
    assert first.history == second.history
    for curve, again in zip(vars(first.trace).values(), vars(second.trace).values(), strict=True):
        assert curve.tobytes() == again.tobytes()


def test_more_pictures_pass_at_once_and_the_processor_is_free(conv, noise, moved, job):
    there = moved(conv)
    assert chunk_size(there) >= chunk_size(conv)
    with turns(conv.device):
        assert job(lambda: there.predict(noise(conv.size))).get()
    with turns(there.device):
        assert job(lambda: conv.predict(noise(conv.size))).get()
