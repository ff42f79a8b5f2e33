"""Whether the fuzz of networks would notice what is wrong."""

import pytest
import torch

from explainers import ExplanationError, Saliency
from tools.fuzz_networks import __main__ as tool
from tools.fuzz_networks.judging import judge, oracle
from tools.fuzz_networks.networks import Case
from tools.fuzz_networks.pieces.folded import ConvNormReLU
from tools.fuzz_networks.pieces.moody import BatchMaximum, DropoutStaysOn
from tools.fuzz_networks.pieces.reshaped import NormOfTokens


@pytest.mark.parametrize("number", range(6))
def test_the_oracle_agrees_with_differences(number):
    case = Case(7, number, (NormOfTokens,))
    answers, picture = oracle(case), case.picture.double() + 0.1
    direction = torch.randn(picture.shape, generator=torch.Generator().manual_seed(number), dtype=torch.float64)
    with torch.no_grad():
        ends = [answers.score(picture + step * direction) for step in (1e-6, -1e-6)]
    difference = float(ends[0] - ends[1]) / 2e-6
    assert float((answers.gradient(picture) * direction).sum()) == pytest.approx(difference, rel=1e-4, abs=1e-9)


def test_a_case_is_the_same_each_time():
    first, second = Case(3, 14).build().state_dict(), Case(3, 14).build().state_dict()
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert torch.equal(Case(3, 14).picture, Case(3, 14).picture)
    assert not torch.equal(Case(3, 14).picture[:, :16, :16], Case(3, 15).picture[:, :16, :16])


def kinds_of(case):
    return {outcome.method: outcome.kind for outcome in judge(case).outcomes}


def test_a_map_that_is_a_little_off_is_wrong(monkeypatch):
    case, right = Case(1, 0, (ConvNormReLU,)), Saliency.gradient
    assert kinds_of(case)["Vanilla gradient"] == "right"
    monkeypatch.setattr(Saliency, "gradient", lambda *arguments: right(*arguments) * 1.002)
    assert kinds_of(case)["Vanilla gradient"] == "WRONG"


@pytest.mark.parametrize(("error", "kind"), [(ExplanationError("No."), "refused"), (KeyError("oops"), "TRACEBACK")])
def test_a_sentence_is_a_refusal_and_any_other_error_is_not(monkeypatch, error, kind):
    def fail(*arguments):
        raise error

    monkeypatch.setattr(Saliency, "gradient", fail)
    assert kinds_of(Case(1, 0, (ConvNormReLU,)))["Vanilla gradient"] == kind


def test_a_network_that_answers_at_random_must_say_so():
    assert set(kinds_of(Case(1, 1, (DropoutStaysOn,))).values()) == {"said"}


def test_a_network_that_mixes_its_batch_is_right_one_by_one():
    assert set(kinds_of(Case(1, 2, (BatchMaximum,))).values()) == {"right"}


def test_the_tool_prints_a_table_and_fails_if_anything_is_wrong(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["fuzz_networks", "--only", "3", "--seed", "1"])
    assert tool.main() == 0
    assert "| Vanilla gradient | 1 | 0 | 0 | 0 | 0 |" in capsys.readouterr().out
    monkeypatch.setattr(Saliency, "gradient", lambda self, passes, pictures, rows: pictures)
    assert tool.main() == 1
