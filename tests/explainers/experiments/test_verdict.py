"""The verdict counts experiments and adds up no numbers."""

import pytest

from explainers.experiments import Finding
from explainers.experiments.verdict import verdict

FOR, AGAINST, NEITHER = (Finding(speaks, "It was found.", "But.") for speaks in ("for", "against", "neither"))


@pytest.mark.parametrize(
    ("findings", "beginning", "end"),
    [
        ([], "No experiment", "yet."),
        ([None, None], "No experiment", "2 wait for a click."),
        ([FOR, AGAINST, NEITHER], "**The experiments disagree**: 1 for the map, 1 against", "it."),
        ([AGAINST, AGAINST], "**Do not lean on this map**: 2 against it", "none for it."),
        ([FOR, NEITHER, None], "**Nothing speaks against this map**, and 1 of 2 for it.", "1 waits for a click."),
        ([NEITHER], "**Open**", "this map."),
    ],
    ids=["none", "waiting", "disagreeing", "against", "for", "open"],
)
def test_what_the_experiments_say_together(findings, beginning, end):
    said = verdict(findings)
    assert said.startswith(beginning)
    assert said.endswith(end)
