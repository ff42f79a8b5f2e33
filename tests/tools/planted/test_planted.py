"""Made data sets, and the judgement of what an audit finds in them."""

import json
import sys

import numpy as np
import pytest
import torch

from explainers.audit import engine
from explainers.audit.findings import causal, clusters, read_findings
from explainers.audit.findings.finding import AuditFinding
from explainers.lessons import drawings, training
from explainers.lessons.drawings import BOX, SHAPES
from explainers.lessons.training import PLANTED
from explainers.methods.integrated_gradients import IntegratedGradients
from tools.planted import __main__ as command
from tools.planted import auditing, data_set
from tools.planted.auditing import audited
from tools.planted.drawing import PLANTS, drawn
from tools.planted.judging import judged


@pytest.mark.parametrize("plant", PLANTS)
def test_half_of_one_class_is_planted(plant):
    made, bare = drawn(plant, 20, 3), drawn("nothing", 20, 3)
    assert made.pictures.shape == (60, 3, 48, 48)
    assert torch.equal((made.pictures * 255).round() / 255, made.pictures)
    changed = (made.pictures != bare.pictures).flatten(1).any(1)
    assert torch.equal(changed, made.planted)
    assert int(made.planted.sum()) == (0 if plant == "nothing" else 10)
    assert {*made.classes[made.planted].tolist()} <= {PLANTED}
    assert torch.equal(drawn(plant, 20, 3).pictures, made.pictures)


def test_a_plant_is_where_it_should_be():
    bare = drawn("nothing", 20, 3).pictures
    mark = (drawn("watermark", 20, 3).pictures != bare).any(0).any(0)
    assert mark[BOX].any()
    mark[BOX] = False
    assert not mark.any()
    frame = (drawn("border", 20, 3).pictures != bare).any(0).any(0)
    assert frame[:2].all()
    assert not frame[2:-2, 2:-2].any()
    cast = drawn("cast", 20, 3)
    warmer = cast.pictures[cast.planted].mean((0, 2, 3)) - bare[cast.planted].mean((0, 2, 3))
    assert warmer[0] > warmer[1] > warmer[2]


def test_a_data_set_is_written_and_its_classifier_read_again(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "EPOCHS", 1)
    made = drawn("watermark", 6, 1)
    data_set.write(tmp_path, made)
    data_set.learn(tmp_path, made, 1)
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == sorted(SHAPES)
    assert len([*tmp_path.glob("pictures/*/*.png")]) == 18
    assert data_set.planted(tmp_path) == {
        f"square/{number:05}.png" for number in torch.nonzero(made.planted).ravel().tolist()
    }
    monkeypatch.setenv(data_set.VARIABLE, str(tmp_path))
    assert data_set.classifiers()[data_set.NAME].identity == data_set.classifier(tmp_path).identity


def finding(label, pictures, *, reported=True, kind="cluster", sure=0.5):
    return AuditFinding(f"{kind}-{label}-{sure}", kind, "", "", "", label, sure, reported, tuple(pictures), (), (), ())


def test_the_first_reported_finding_about_the_planted_class_is_judged():
    planted = frozenset(range(10))
    judgement = judged([finding(0, [50]), finding(PLANTED, [*range(9), 20])], planted)
    assert (judgement.place, judgement.kind) == (2, "cluster")
    assert (judgement.recall, judgement.precision) == (0.9, 0.9)
    assert judgement.alarms == ("cluster-0-0.5",)
    assert judgement.is_found


@pytest.mark.parametrize(
    "findings",
    [
        [],
        [finding(PLANTED, range(10), reported=False)],
        [finding(PLANTED, range(8))],
        [finding(PLANTED, range(20))],
        [finding(0, range(10)), *[finding(2, range(10))] * 2, finding(PLANTED, range(10))],
    ],
    ids=["nothing", "not reported", "too few", "too many", "too late"],
)
def test_what_is_not_found(findings):
    assert not judged(findings, frozenset(range(10))).is_found


def test_without_a_plant_every_report_is_a_false_alarm():
    judgement = judged([finding(PLANTED, [1]), finding(0, [2], reported=False, sure=0.7)], frozenset())
    assert judgement.alarms == (f"cluster-{PLANTED}-0.5",)
    assert (judgement.place, judgement.sure, judgement.is_found) == (None, 0.7, False)
    assert np.isnan(judgement.recall)


@pytest.fixture
def small(monkeypatch):
    """Audits take seconds, of networks that learn the mark quickly."""
    monkeypatch.setattr(training, "EPOCHS", 16)
    monkeypatch.setattr(drawings, "OPACITY", 1.0)
    monkeypatch.setattr(causal, "PAIRS", 32)
    monkeypatch.setattr(clusters, "MOST_TESTED", 12)
    quick = IntegratedGradients(steps=5, rule="trapezoid", baseline="grey")
    monkeypatch.setitem(command.METHODS, "integrated-gradients", quick)


def test_a_watermark_comes_first_and_its_run_is_gone_on_with(small, tmp_path, monkeypatch, capsys):
    arguments = ["planted", "watermark", "--seeds", "5", "--pictures", "60", "--out", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", arguments)
    assert command.main() == 0
    said = capsys.readouterr().out
    assert "| watermark | 5 | integrated-gradients | 1 | cluster | " in said
    assert "in 1 of 1 audits. 1 of them raised no false alarm." in said
    findings = tmp_path / "watermark-5" / "run-integrated-gradients" / "findings.json"
    before = json.loads(findings.read_bytes())
    method = command.METHODS["integrated-gradients"]
    monkeypatch.setattr(data_set, "learn", pytest.fail)
    monkeypatch.setattr(engine, "Worker", None)  # nothing is explained again
    monkeypatch.setattr(auditing, "find", read_findings)  # which are the same of the same rows
    assert audited(tmp_path / "watermark-5", "watermark", 5, 60, "integrated-gradients", method).is_found
    assert json.loads(findings.read_bytes()) == before
