"""The table of costs: costs, refusals and faults are told apart."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from torchvision.transforms.functional import to_pil_image

from explainers import AttentionRollout, IntegratedGradients, Saliency
from explainers.explainer import Attribution
from tools.benchmark.methods import cost, table


@pytest.fixture
def photos(conv, noise):
    return [to_pil_image(noise(conv.size, seed=seed)) for seed in range(2)]


def test_a_cost_is_what_the_maps_took(conv, photos):
    found = cost(IntegratedGradients(steps=7), conv, photos)
    assert found.passes == [9, 9]
    assert len(found.seconds) == 2
    assert found.refusals == found.faults == []


def test_a_refusal_is_no_fault(conv, photos):
    found = cost(AttentionRollout(), conv, photos)
    assert len(found.refusals) == 2
    assert found.passes == found.faults == []
    assert str(found).startswith("refused")


@dataclass(frozen=True)
class Wrong(Saliency):
    """A method whose values are multiplied by a number."""

    title: ClassVar[str] = "Wrong"
    factor: float = 0.0

    def attribute(self, passes, pictures):
        return Attribution(super().attribute(passes, pictures).values * self.factor)


class Broken(Saliency):
    """A method with a mistake."""

    def attribute(self, passes, pictures):
        return torch.zeros(3) @ torch.zeros(4)


@pytest.mark.parametrize(
    ("method", "fault"),
    [(Wrong(0.0), "the map is empty"), (Broken(), "RuntimeError")],
    ids=str,
)
def test_a_fault_is_said(conv, photos, method, fault):
    faults = cost(method, conv, photos).faults
    assert len(faults) == 2
    assert all(fault in sentence and f"{method.title} on conv, photo" in sentence for sentence in faults)


def test_the_table_has_a_row_for_each_method(conv, photos):
    rows = table({kind.title: [cost(kind(), conv, photos)] * 2 for kind in (Saliency, AttentionRollout)}, ["a", "b"])
    lines = rows.splitlines()
    assert lines[0] == "| Method | a: passes | s | b: passes | s |"
    assert lines[2].startswith("| Vanilla gradient | 1 | ")
    assert lines[3] == "| Attention rollout | refused |  | refused |  |"
    assert {line.count("|") for line in lines} == {6}
