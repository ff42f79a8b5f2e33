"""The campaign over known networks, on two of them; `python -m tools.known_networks` runs it on all."""

from dataclasses import replace

import pytest

from explainers import EXPLAINERS, GradCAM, Occlusion, Saliency, ScoreCAM
from tools.known_networks import judging
from tools.known_networks.__main__ import report
from tools.known_networks.judging import judge
from tools.known_networks.networks import Known, known_networks

SMALL = Known("timm", "resnet", "test_resnet", 160, 2.0)


@pytest.fixture
def few(monkeypatch):
    """Three methods are enough."""
    monkeypatch.setattr(judging, "EXPLAINERS", (Saliency, GradCAM, Occlusion))


def test_all_of_torchvisions_and_sixty_families_of_timms_are_known():
    every = [*known_networks(60)]
    assert len([known for known in every if known.library == "torchvision"]) == 80
    families = [known.family for known in every if known.library == "timm"]
    assert len(families) == len(set(families)) == 60


def test_a_network_gets_its_maps_and_the_report_says_so(few):
    judgement = judge(SMALL)
    assert (judgement.maps, judgement.refusals, judgement.failures, judgement.side) == (3, {}, (), 64)
    text = report([judgement], 1, 60)
    assert "| timm | 1 | 3 | 0 | 0 |" in text
    assert f"| test_resnet (timm) | 64 px | {judgement.layer} | 3 | 0 |" in text


def test_what_passes_once_for_every_channel_is_run_where_these_are_few(monkeypatch):
    classifier = SMALL.classifier()
    usual = ScoreCAM().passes(classifier)
    layers = [layer for layer in classifier.layers() if layer.features]
    assert judging._affordable(ScoreCAM(), classifier) == ScoreCAM()
    monkeypatch.setattr(judging, "MANY_PASSES", usual - 1)
    cheaper = judging._affordable(ScoreCAM(), classifier)
    assert cheaper.passes(classifier) == 2 + min(layer.channels for layer in layers) < usual
    monkeypatch.setattr(judging, "MANY_PASSES", 1)
    assert judging._affordable(Occlusion(), classifier) == Occlusion()


def test_a_refusal_is_told_from_a_failure(few, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("boom")

    monkeypatch.setattr(Saliency, "attribute", fails)
    assert judge(SMALL).failures == ("Vanilla gradient: RuntimeError: boom",)
    monkeypatch.setattr(judging, "EXPLAINERS", [kind for kind in EXPLAINERS if kind.needs_attention])
    judgement = judge(SMALL)
    assert judgement.maps == 0
    assert len(judgement.refusals) == len(judging.EXPLAINERS)


def test_what_can_not_be_built_is_a_failure():
    judgement = judge(replace(SMALL, name="no_such_network"))
    assert judgement.failures
    assert "can't be built" in judgement.failures[0]
