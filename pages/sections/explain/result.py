"""The result of an explanation: the map, the prediction and the check beside it, and all that is to be known of it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import Classifier, Explainer, Explanation, Prediction, proof
from explainers.check import Check, no_sum
from explainers.figures import Look, answer, check, panels, radius, saturation
from explainers.glossary import with_terms
from explainers.numbers import counted, percent
from explainers.question import Question
from pages.shared import state
from pages.shared.keep import Keepable, offer_to_keep
from pages.shared.look import choose_look, last_look
from pages.shared.place import Place
from pages.shared.question import choose_class
from pages.shared.save import offer_files
from pages.shared.tiles import NO_MODE_BAR

UNFOLD = (  # in a narrow window, where the prediction comes before the small panels (result.css)
    '<label class="unfold"><input type="checkbox"> Also show the picture and the map by themselves</label>'
)


def show_answer(likely: Sequence[Prediction], question: Question) -> None:
    """Draw the likeliest classes as bars; a click on one of them chooses its class."""
    st.markdown("**Prediction**", help=with_terms("The five likeliest classes, with their probabilities."))
    about = "The likeliest classes: " + ", ".join(f"{row.label} {percent(row.probability)}" for row in likely)
    st.plotly_chart(
        answer(likely, question.target.index),
        key="answer",
        on_select=_explain_clicked,
        selection_mode="points",
        config=NO_MODE_BAR,
        alt=about,
    )
    st.caption(" ".join(["Click a bar to explain that class.", *_of_output(question.classifier)]))


def _of_output(classifier: Classifier) -> list[str]:
    """Say how the probabilities belong together, where they aren't shares of a whole."""
    if classifier.two_sided:
        return ["The network gives one logit; its negative is that of the other answer."]
    return ["Each class is judged for itself, so these needn't add up to 100%."] * (classifier.output == "sigmoid")


def _explain_clicked() -> None:
    """Explain the class whose bar was clicked."""
    if points := state.widget("answer")["selection"]["points"]:
        choose_class(points[0]["y"])


def show_check(explanation: Explanation) -> None:
    """Hold the map against the score: what it adds up to and how right it is; and warn of what is unusual."""
    st.markdown(
        "**Check**",
        help=with_terms("Do the pixels add up to the score (completeness), and how large is the map's expected error?"),
    )
    found, lines = Check.of(explanation), [f"The {proof.score_name(explanation)}:"]
    if found is None:
        lines = [f"The {proof.score_name(explanation)} is **{proof.score(explanation)}**.", no_sum(explanation)]
    else:
        about = (
            f"Bars: the pixels and the classifier should end at the same place. {found.sum}. {found.verdict}".replace(
                "**", ""
            )
        )
        st.plotly_chart(check(found), key="check", config=NO_MODE_BAR, alt=about)
        lines += [found.sum, found.verdict, found.why_unjudged]
    lines += [proof.accuracy(explanation) or ""]
    if explanation.converged is False:
        lines += [proof.ROUGH]
    st.markdown("  \n".join(line for line in lines if line))
    for warning in (proof.why_empty(explanation), proof.caution(explanation)):
        if warning:
            st.warning(warning)


def show_details(explainer: Explainer, classifier: Classifier, explanation: Explanation) -> None:
    """List what was explained and how it was computed, and say what one should know about the method."""
    left, right = st.columns(2, gap="medium")
    sentences = (
        proof.explained(explanation),
        proof.samples(explanation),
        proof.steps(explanation),
        proof.coverage(explainer.inner, classifier),
        proof.verification(explanation),
        proof.cost(explanation),
    )
    left.markdown("**How it was computed**", help=with_terms("What a map costs is counted in passes."))
    left.markdown("\n".join(f"- {sentence}" for sentence in sentences if sentence))
    about = explainer.about()
    right.markdown("**About this method**", help=with_terms("How it works, and how far it can be trusted.", about))
    right.markdown(about)


class MapArea:
    """The place of the map: a preview where the map takes a while, then the map itself; and that of how it is drawn."""

    def __init__(self, place: Place, look_place: Place) -> None:
        self._place, self._look_place = place, look_place

    def preview(self, explanation: Explanation) -> None:
        """Draw a first map, and say that it is one."""
        explanation, look = last_look(explanation)
        with self._place.preview(key="preview-area"):
            figure, _, caption = _places("preview-panels")
            figure.plotly_chart(
                panels(explanation, look), height="stretch", key="preview", config=NO_MODE_BAR, alt=_about(explanation)
            )
            passes = counted(explanation.facts.passes, "pass", "passes")
            caption.caption(
                f"A preview after {passes}. {proof.accuracy(explanation) or ''} The map is still being computed."
            )

    def show(
        self, explainer: Explainer, question: Question, likely: Sequence[Prediction], explanation: Explanation
    ) -> None:
        """Draw the panels, the widgets that choose how they are drawn, and the menu that saves the result."""
        with self._place.fill(key="map-area"):
            figure, fold, caption = _places("panels")
            fold.html(UNFOLD)
        with self._look_place.fill(key="look-area"):
            explanation, look = choose_look(explanation)
            with st.container(horizontal=True, key="take-away"):
                offer_files(explainer, question, likely, explanation, look)
                offer_to_keep({"": Keepable(question.photo, explanation, look)}, "explain")
        figure.plotly_chart(panels(explanation, look), height="stretch", key="map", alt=_about(explanation))
        if look.smooth and not explanation.coarse:
            caption.caption(_smoothing(explanation, look))


def _places(key: str) -> tuple[DeltaGenerator, DeltaGenerator, DeltaGenerator]:
    """Return the places of the panels, of what folds them and of the words below.

    They are the same for a preview and for a map: until a run ends, the browser keeps of an older map all that
    nothing has taken the place of.
    """
    figure = st.container(key=key)
    figure.empty()  # so that the panels have their place already when the widgets under them are drawn
    return figure, st.empty(), st.empty()


def _about(explanation: Explanation) -> str:
    """Describe the panels in a sentence."""
    facts = explanation.facts
    other = "against it" if facts.opposite is None else f"for {facts.opposite}"
    colours = f"; red speaks for {facts.label}, blue {other}" if explanation.signed else ""
    return f"{facts.method} for {facts.label}: the map drawn on the picture, and both by themselves{colours}."


def _smoothing(explanation: Explanation, look: Look) -> str:
    """Say that a map is drawn smoothed, and how much."""
    return (
        f"Smoothed for display: each pixel shows the mean of its surroundings, about {radius(explanation.heat):.1f} "
        "pixels wide. What was computed is unchanged."
    )


def show_curves(explanation: Explanation) -> None:
    """Draw the saturation curves; only path methods have some."""
    if curves := saturation(explanation):
        st.markdown("#### Saturation: on the way from the baseline (alpha 0) to the picture (alpha 1)")
        for number, (column, (title, figure)) in enumerate(zip(st.columns(3), curves.items(), strict=True)):
            column.markdown(f"**{title}**")
            column.plotly_chart(figure, key=f"curve-{number}", config=NO_MODE_BAR, alt=f"{title}, from alpha 0 to 1")
