"""Many visitors at once: what methods give together is what each gives alone."""

import random
import threading
from dataclasses import replace

import pytest
import torch

from explainers import EXPLAINERS, ExplanationError, IntegratedGradients, Target
from explainers.explainer import Explainer

THREADS = 8
CALLS = 100  # on the small network, whose questions repeat; others are asked one for each method
METHODS = [
    *(kind(**kind.examples.few) for kind in EXPLAINERS),
    IntegratedGradients(steps=3, baseline="random", draws=2, rule="trapezoid"),
]
TARGETS = [Target(1), Target(2, versus=0)]


@pytest.fixture(autouse=True)
def _chunks_of_four(monkeypatch):
    """So that longer work takes several turns."""
    monkeypatch.setattr("explainers.passes.LARGEST_CHUNK", 4)


def answer(classifier, question):
    """All of an answer but what it took, to compare bit for bit; a refusal is one, too."""
    method, picture, target = question
    if method == "predict":
        return classifier.predict(picture, 3)
    try:
        found = method(classifier, picture, target)
    except ExplanationError as error:
        return str(error)
    trace = [] if found.trace is None else [curve.tobytes() for curve in vars(found.trace).values()]
    facts = replace(found.facts, seconds=0, checks=0)  # a later map of a picture needs fewer checks
    return found.values.tobytes(), found.score, found.baseline_score, found.residual, trace, found.history, facts


def name(question):
    return question[0].title if isinstance(question[0], Explainer) else question[0]


def all_at_once(classifier, questions, job):
    """The answers to all questions, dealt out to threads that start together."""
    start = threading.Barrier(THREADS)

    def work(mine):
        start.wait()
        return [answer(classifier, question) for question in mine]

    jobs = [job(lambda mine=questions[first::THREADS]: work(mine)) for first in range(THREADS)]
    found = [None] * len(questions)
    for first, each in enumerate(jobs):
        found[first::THREADS] = each.get()
    return found


def check(network, make, methods, noise, state, job, calls=0):
    """Ask questions of a fresh classifier in a shuffled order, all at once: each once, and up to `calls` in all.

    Without `calls`, a method is asked about one of the targets: which of them makes no difference to what it shares.
    """
    first = make()
    questions = [
        (method, noise(first.size, seed=seed), target)
        for number, method in enumerate((*methods, "predict"))
        for seed, target in enumerate(TARGETS)
        if calls or seed == number % 2
    ]
    alone = [answer(first, question) for question in questions]
    dealt = [*range(len(questions)), *random.Random(0).choices(range(len(questions)), k=max(0, calls - len(questions)))]
    random.Random(0).shuffle(dealt)

    classifier = make()  # of which nothing has been read yet
    networks = (network, classifier.network, classifier.prepared)
    before = [state(each) for each in networks]
    found = all_at_once(classifier, [questions[number] for number in dealt], job)
    wrong = [name(questions[number]) for number, given in zip(dealt, found, strict=True) if given != alone[number]]
    assert wrong == []
    assert len(found) == max(calls, len(questions)) >= 2 * THREADS
    assert [state(each) for each in networks] == before
    assert torch.overrides._get_current_function_mode_stack() == []


def test_methods_at_once_give_what_each_gives_alone(small, classify, conv, noise, state, job):
    # on one shared network, hooks and replaced ReLUs of one method would show in the maps of the others
    network = small()

    def make():
        return classify(network, conv.size, mean=conv.mean, std=conv.std)

    check(network, make, [*METHODS, IntegratedGradients()], noise, state, job, CALLS)


def test_on_a_real_network_too(real, classify, noise, state, job):
    network, known = real("squeezenet1_1", 48)

    def make():
        return classify(network, known.size, classes=10, mean=known.mean, std=known.std)

    quick = [method for method in METHODS if method.passes(known) < 100]  # Score-CAM masks 512 pictures there
    check(network, make, quick, noise, state, job)


def test_on_a_transformer_whose_attention_is_read_too(attentive, classify, conv, noise, state, job):
    network = attentive()

    def make():
        return classify(network, (24, 24), mean=conv.mean, std=conv.std)

    check(network, make, [method for method in METHODS if method.passes(make()) < 100], noise, state, job)
