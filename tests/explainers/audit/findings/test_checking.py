"""Findings that can't be of a run are told from those that can."""

from dataclasses import replace

import pytest

from explainers.audit.findings.checking import fits
from explainers.audit.findings.finding import AuditFinding, Findings

FINDING = AuditFinding(
    "a-1", "cluster", "A", "A.", "Why?", 1, 0.5, True, (2, 0), (1.0,) * 1024, (0, 1023), (("x", 1.0),)
)
FINDINGS = Findings("f", 1, "run", 3, (FINDING,), ((1, ((0, 0), (2, 1))),), ((0, 0.5, -0.5), (2, 0.0, 1.0)), ())


def test_what_a_run_can_have_fits():
    assert fits(FINDINGS, 3)
    assert fits(replace(FINDINGS, findings=(replace(FINDING, label=None, mean_map=(), cells=(), sure=0.0),)), 100)


@pytest.mark.parametrize(
    "change",
    [
        {"pictures": -1},
        {"pictures": 4},
        {"findings": (FINDING, FINDING)},
        {"clusters": ((1, ((3, 0),)),)},
        {"clusters": ((1, ((0, 10**30),)),)},
        {"clusters": ((-2, ((0, 0),)),)},
        {"embedding": ((10**30, 0.0, 0.0),)},
        {"embedding": ((0, float("nan"), 0.0),)},
        {"embedding": ((0, 0.0, float("inf")),)},
    ],
)
def test_what_no_run_can_have_does_not_fit(change):
    assert not fits(replace(FINDINGS, **change), 3)


@pytest.mark.parametrize(
    "change",
    [
        {"pictures": (3,)},
        {"pictures": (-1,)},
        {"sure": float("nan")},
        {"sure": 1.5},
        {"label": -1},
        {"label": 10**30},
        {"mean_map": (1.0,)},
        {"mean_map": (float("nan"),) * 1024},
        {"cells": (1024,)},
        {"cells": (-1,)},
    ],
)
def test_a_finding_that_no_run_can_have_does_not_fit(change):
    assert not fits(replace(FINDINGS, findings=(replace(FINDING, **change),)), 3)
