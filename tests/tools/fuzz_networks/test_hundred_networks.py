"""A hundred random networks, of a fixed seed."""

from functools import cache

import pytest

from tools.fuzz_networks.judging import FAILURES, judge
from tools.fuzz_networks.networks import Case

NETWORKS = range(100)

pytestmark = pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")  # of checkpoints


@cache
def judged(number):
    return judge(Case(0, number), slice(number % 2, None, 2))  # every other method, to save time


@pytest.mark.parametrize("number", NETWORKS)
def test_no_map_of_a_random_network_is_wrong_without_a_word(number):
    failures = [f"{o.kind} {o.method}: {o.detail}" for o in judged(number).outcomes if o.kind in FAILURES]
    assert not failures, f"{Case(0, number)}\n" + "\n".join(failures)


def test_few_networks_are_refused_and_many_are_folded():
    judgements = [judged(number) for number in NETWORKS]
    kinds = [outcome.kind for judgement in judgements for outcome in judgement.outcomes]
    assert kinds.count("right") > 0.75 * len(kinds)
    assert sum(judgement.folded for judgement in judgements) > 0.3 * len(NETWORKS)
