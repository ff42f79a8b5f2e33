"""The table of methods: costs, refusals and faults are told apart, and the README keeps the rest of its text."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from torchvision.transforms.functional import to_pil_image

from explainers import AttentionRollout, IntegratedGradients, Saliency
from explainers.explainer import Attribution
from tools.benchmark.methods import BEGIN, END, ROOT, cost, placed, table


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
    [(Wrong(0.0), "empty or not finite"), (Wrong(float("nan")), "empty or not finite"), (Broken(), "RuntimeError")],
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


def test_the_readme_has_the_marks_and_keeps_all_but_what_is_between_them():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    once = placed(readme, "one")
    assert f"{BEGIN}\n\none\n\n{END}" in once
    assert placed(once, "other") == once.replace("\n\none\n\n", "\n\nother\n\n")
    assert once.partition(BEGIN)[0] == readme.partition(BEGIN)[0]
    assert once.partition(END)[2] == readme.partition(END)[2]


def test_a_text_without_marks_is_not_touched():
    with pytest.raises(ValueError, match="are missing"):
        placed(f"no mark {END} {BEGIN}", "block")
