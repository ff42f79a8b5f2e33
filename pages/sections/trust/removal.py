"""Does the map matter? Deletion and insertion against the same map in the wrong place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import streamlit as st

from explainers import EXPLAINERS, Classifier, Explainer, Explanation
from explainers.experiments import Experiment, Finding, Removal
from explainers.experiments.removal.outcome import MOVED, Curves, RemovalOutcome
from explainers.figures import Look, removal
from pages.sections.trust.section import outcome
from pages.shared import state, work
from pages.shared.controls import choose_settings
from pages.shared.frame import messages
from pages.shared.look import last_look
from pages.shared.question import Question
from pages.shared.tiles import BARE

WORDS = rf"""
Pixels are **removed** in the order of the map, the hottest first, and the classifier is asked again and again
(*deletion*). Then they are **brought back** in the same order (*insertion*). If the classifier does lean on these
pixels, its score falls early in the one and rises early in the other. One number says how early: the area under the
curve, the mean score $F$ over the shares $p$ of pixels,

$$\int_0^1 F(p) \, dp$$

**Small is good in deletion, large in insertion.** But small against what? Against **the same map in the wrong place**:
moved around the picture's edges by quarters of the picture, and mirrored, in {MOVED} ways. Those have its grain and its
areas, and know nothing of where the object is. Their curves are the grey band. A map that is right leaves the band.

:material/warning: **Do not hold a map against random pixels** (dotted). Scattered holes destroy any network's score, so
fine-grained maps, even wrong ones, look good in deletion, and most maps of whole areas beat random pixels in insertion.
That says something of the grain, and nothing of whether the map is true.

**Move the slider** to see what the classifier saw. A blob in the middle is drawn too: objects mostly stand there, so
a map has to be better than that to tell you something new.
"""
MOST = 3  # other methods at once: more curves are not told apart
HEAD = "| | area | area / score | in wrong places, mean | beats | by | blob in the middle | random |"


class RemovalSection:
    """Two curves, what they are held against, and the pictures behind them."""

    title: ClassVar[str] = "Does the map matter?"

    def __init__(self, classifier: Classifier) -> None:
        st.markdown(f"#### {self.title}")
        words, right = st.columns([2, 5], gap="medium")
        words.markdown(WORDS)
        with words.expander("Settings", key="removal-settings"):
            self._experiment = choose_settings(Removal, classifier)
        with right:
            self.place = st.container(key="removal-area")
            kinds = {kind.slug(): kind for kind in EXPLAINERS}
            chosen: list[str] = st.multiselect(
                "Other methods beside it",
                kinds,
                format_func=lambda slug: kinds[slug].title,
                key=state.setting("removal-others", [], lambda slugs: len(slugs) <= MOST and kinds.keys() >= {*slugs}),
                max_selections=MOST,
                placeholder="None",
                help="With their usual settings, each in the same experiment: it takes as long again.",
            )
        self._others = [kinds[slug] for slug in chosen]

    def experiments(self) -> Sequence[Experiment]:
        return (self._experiment,)

    def show(self, asked: Question, explainer: Explainer, explanation: Explanation, look: Look) -> Finding | None:
        """Draw the curves and the table."""
        found: RemovalOutcome | None = outcome(self._experiment, asked, explainer, explanation)
        if found is None:
            return None
        others = self._beside(asked, explainer)
        figure = st.container(key="removal-figure")
        about = "The score while pixels are removed, and while they are brought back"
        figure.plotly_chart(removal(found, others), height="stretch", key="removal", config=BARE, alt=about)
        st.container(key="removal-table").markdown(_table({explainer.title: found, **others}))
        st.caption(f"{found.finding.sentence} {found.finding.caveat}")
        return found.finding

    def _beside(self, asked: Question, explainer: Explainer) -> Mapping[str, RemovalOutcome]:
        """What came out for the other methods, by name; a method that can't is said and left out."""
        found: dict[str, RemovalOutcome] = {}
        for kind in self._others:
            with messages():
                other = kind()
                if other.title != explainer.title:
                    map_, _ = last_look(work.explanation(other, asked.classifier, asked.photo, asked.target))
                    found[other.title] = work.outcome(self._experiment, other, asked.classifier, asked.photo, map_)
        return found


def _table(found: Mapping[str, RemovalOutcome]) -> str:
    """The areas in Markdown, one line for each curve."""
    lines = [HEAD, "|---" + "|---:" * (HEAD.count("|") - 2) + "|"]
    names = {name: f", {name}" if len(found) > 1 else "" for name in found}
    lines += [_line(side.name + names[name], side) for name, each in found.items() for side in each.sides]
    return "\n".join(lines)


def _line(name: str, side: Curves) -> str:
    area, relative = side.area(side.map), side.relative(side.area(side.map))
    cells = [
        name,
        f"{area:.3g}",
        "undefined" if relative is None else f"{relative:.2f}",
        f"{side.area(side.moved.mean(0)):.3g}",
        f"{side.beaten} of {MOVED}",
        "" if side.distance is None else f"{side.distance:+.1f} sd",
        f"{side.area(side.centre):.3g}",
        f"{side.area(side.random):.3g}",
    ]
    return f"| {' | '.join(cells)} |"
