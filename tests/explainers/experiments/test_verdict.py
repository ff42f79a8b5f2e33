"""The verdict counts experiments and adds up no numbers."""

import pytest

from explainers.experiments import Finding
from explainers.experiments.verdict import verdict

FOR, AGAINST, NEITHER = (
    Finding(speaks, "It was found.", "It was found: 1.", "But.") for speaks in ("for", "against", "neither")
)


@pytest.mark.parametrize(
    ("findings", "beginning", "end"),
    [
        ([], "No test", "yet."),
        ([None, None], "No test", "2 wait for a click."),
        ([FOR, AGAINST, NEITHER], "**The tests disagree**: 1 of 3 tests supports this map, 1 contradicts", "it."),
        ([AGAINST, AGAINST], "**Don't rely on this map**: 2 of 2 tests contradict it", "none supports it."),
        ([FOR, NEITHER, None], "**1 of 2 tests supports this map**, none contradicts it.", "1 waits for a click."),
        ([NEITHER], "**Undecided**: the one test", "nor contradicts this map."),
        ([NEITHER, NEITHER], "**Undecided**: none of 2 tests clearly", "this map."),
    ],
    ids=["none", "waiting", "disagreeing", "against", "for", "one open", "open"],
)
def test_what_the_experiments_say_together(findings, beginning, end):
    said = verdict(findings)
    assert said.startswith(beginning)
    assert said.endswith(end)
