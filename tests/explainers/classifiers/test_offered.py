"""Classifiers in memory: those that a team's function returns."""

import sys

import pytest

from explainers import load_classifier
from explainers.classifiers import offered
from explainers.classifiers.catalogue import find, sources
from explainers.errors import ExplanationError

TEAM = """
import torch
from torch import nn
from explainers import Classifier, View, load_classifier

calls = []

def classifier(name, fit="crop"):
    network = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 2))
    return Classifier(network, ["cat", "dog"], size=(8, 8), mean=(0.5,) * 3, std=(0.25,) * 3, name=name, device="cpu",
                      view=View(fit=fit))

def one():
    calls.append("one")
    return classifier("the only one", "pad")

def late():
    calls.append("late")
    return classifier("made late")

def several():
    calls.append("several")
    failing = {"broken": lambda: 1 / 0, "no classifier": lambda: 5, "odd": 5}
    return {"ready": classifier("ready"), "made late": late, **failing}

def renamed():
    bundled = load_classifier("bundled", device="cpu")
    return {"our own name for it": bundled}

def fails():
    raise ValueError("the weights have moved")

def strange():
    return [1, 2]
"""


@pytest.fixture
def team(tmp_path, monkeypatch):
    """(name of a function) -> a server whose owner names it; the calls of the functions."""
    (tmp_path / "team_of_tests.py").write_text(TEAM)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(offered, "_BY_FACTORY", {})

    def name(function):
        monkeypatch.setenv("WHYPIXEL_CLASSIFIERS", function if ":" in function else f"team_of_tests:{function}")
        return sys.modules["team_of_tests"].calls if "team_of_tests" in sys.modules else []

    yield name
    sys.modules.pop("team_of_tests", None)


def test_one_classifier_is_offered_first_as_it_sees_photos(team):
    team("one")
    source = sources()[0]
    assert (source.name, source.title, source.origin, source.fit) == ("the only one", "the only one", "team", "pad")
    assert source.description == "the only one · accuracy unknown"
    assert load_classifier("the only one").view.fit == "pad"
    assert load_classifier("the only one", fit="crop").view.fit == "crop"
    sources()
    assert team("one") == ["one"]


def test_the_function_is_called_once_and_what_it_returns_once_each(team):
    team("several")
    first = find("made late")
    assert "late" not in team("several")
    assert first.load() is find("made late").load()
    assert team("several") == ["several", "late"]
    names = [source.name for source in sources()]
    assert names[:5] == ["ready", "made late", "broken", "no classifier", "odd"]
    assert len({source.digest for source in sources()}) == len(names)


def test_the_function_may_load_others_by_their_names(team):
    team("renamed")
    assert load_classifier("our own name for it").name == "PocketNet"


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("broken", r"The function that makes this classifier fails: ZeroDivisionError: division by zero\."),
        ("no classifier", "What makes no classifier must return a Classifier, and returns a int"),
        ("odd", "odd must be a Classifier or a function that makes one, not a int"),
    ],
)
def test_what_is_wrong_with_one_is_told_who_chooses_it(team, name, sentence):
    team("several")
    with pytest.raises(ExplanationError, match=sentence):
        load_classifier(name)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("nothing", "must name a function as package.module:function"),
        ("no_such_module:one", "names no_such_module:one, which fails: ModuleNotFoundError: No module named"),
        ("no_such_function", "which fails: AttributeError"),
        ("fails", r"names team_of_tests:fails, which fails: ValueError: the weights have moved\."),
        ("strange", "must return a Classifier, or a mapping of names .*; it returns a list"),
    ],
)
def test_a_function_that_can_not_be_used_stands_in_the_menu_with_the_reason(team, monkeypatch, function, sentence):
    team(function)
    if function == "nothing":
        monkeypatch.setenv("WHYPIXEL_CLASSIFIERS", "nothing")
    source = sources()[0]
    assert source.name == "WHYPIXEL_CLASSIFIERS"
    assert len(sources()) > 10  # all others are there
    with pytest.raises(ExplanationError, match=sentence):
        source.load()


def test_own_weights_need_an_architecture(team, tmp_path):
    team("one")
    with pytest.raises(ExplanationError, match="the only one comes with weights and labels of its own"):
        load_classifier("the only one", checkpoint=tmp_path / "weights.pth")
