"""Which pictures a finding lists: those that were shown, one by one, to do what it says."""

from __future__ import annotations

import numpy as np

from explainers.arrays import Array
from explainers.audit.findings.causal import CausalTest, Change, Effect
from explainers.audit.findings.shares import REPORTED
from explainers.numbers import counted

MOST_TRIED = 1000  # pictures of a class
KEPT, ADDED = 0.2, 0.5  # of the way from the control's share of flips to the group's: what a picture must exceed


def listed(
    test: CausalTest | None, index: int, change: Change, effect: Effect | None, members: Array, rest: Array
) -> tuple[Array, str]:
    """Return the places of a finding's pictures, those that show it best first, and what to say of them.

    members, rest: the places of the pictures that look alike, those that do so most first, and of the class's others.

    What looks alike draws no sharp line. So where a finding is reported and the class isn't too large, all of its
    pictures are tried one by one. A member that does little more than the control is left out, and another picture is
    added that is nearer to what the members do than to the control.
    """
    places = np.concatenate([members, rest])
    if test is None or effect is None or effect.sure < REPORTED or len(places) > MOST_TRIED:
        return members, ""
    shares = test.one_by_one(index, change, places)
    share, control = effect.flips / effect.trials, effect.control_flips / effect.control_trials
    least = control + (share - control) * np.where(np.arange(len(places)) < len(members), KEPT, ADDED)
    order = np.argsort(-shares, kind="stable")
    chosen = places[order[shares[order] > least[order]]]
    if not len(chosen):
        return members, ""
    out, added = (int(np.isin(one, other, invert=True).sum()) for one, other in ((members, chosen), (chosen, members)))
    return chosen, (
        f" After trying {counted(len(places), 'picture')} one by one, {out:,} of these are left out and {added:,} "
        "others are added."
    )
