"""The benchmark of verification: only the first map of a picture asks the network as it is."""

from types import SimpleNamespace

from explainers import IntegratedGradients
from explainers.verification import _Answers
from tools.benchmark.verifying import ANOTHER, FIRST, UNVERIFIED, ours


def test_calls_verify_what_they_say(conv, noise, monkeypatch):
    asked, answer = [], _Answers._answer
    monkeypatch.setattr(_Answers, "_answer", lambda *of: asked.append(of) or answer(*of))
    subject = SimpleNamespace(classifier=conv, picture=noise(conv.size, seed=73), index=0)  # of no other test
    calls = ours(IntegratedGradients(steps=3), subject)

    def questions(name):
        before = len(asked)
        calls[name]()
        return len(asked) - before

    assert questions(UNVERIFIED) == 0
    assert questions(ANOTHER) > 0  # for the first time
    assert questions(ANOTHER) == 0
    assert [questions(FIRST) > 0 for _ in range(2)] == [True, True]
