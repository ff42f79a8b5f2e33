"""Widgets that choose the question: the picture, the classifier, the class, and which number is explained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from explainers import Classifier, ExplanationError, Prediction, Target
from explainers.classifiers import BUNDLED, Source, sources
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS
from explainers.explanation import SCALES
from explainers.question import Question
from pages.shared import state, work
from pages.shared.frame import show
from pages.shared.picture import choose_picture

FITS: dict[Literal["crop", "pad"], str] = {"crop": "the middle", "pad": "the whole photo"}
ORIGINS = {
    "bundled": "Comes with Whypixel: {classes:,} classes, pictures of {size} pixels.",
    "local": "Weights of your own folder; nobody has published their accuracy.",
    "on disk": "Weights are on disk.",
    "download": "Its weights are downloaded once.",
}
ASKED_PHOTO_KEY = "photo"  # of the digest of the photo that the question is about
LIKELIEST_CLASS, NO_OTHER_CLASS = "the likeliest", "no other class"


def ask() -> tuple[Question, Sequence[Prediction]]:
    """Draw the widgets of the question; return the question, and the likeliest classes of its photo.

    Raises ExplanationError.
    """
    photo = choose_picture()
    state.remember(ASKED_PHOTO_KEY, photo.digest)
    classifier = choose_classifier()
    likely = work.predictions(classifier, photo)
    return Question(photo, classifier, choose_target(classifier, likely)), likely


def catalogue() -> dict[str, str]:
    """Return the text of every available classifier in the select box, by the classifier's name."""
    # The browser answers with an option's text, so it must not change during a visit, even after a download.
    texts: dict[str, str] = {source.name: source.description for source in sources()} | state.recall("offers", {})
    state.remember("offers", texts)
    return texts


def choose_classifier() -> Classifier:
    """Load the chosen classifier; where that fails, say why and return the bundled one."""
    available, texts = {source.name: source for source in sources()}, catalogue()
    name: str = st.selectbox(
        "Classifier",
        available,
        format_func=texts.__getitem__,
        key=state.setting("classifier", BUNDLED, available.__contains__),
        on_change=state.remember,
        args=("failure", None),
        help="Name, top-1 accuracy and size of the weights. ↓: they are downloaded once, when you choose it.",
    )
    st.caption(_origin(available[name]))
    fit = st.segmented_control(
        "It is shown",
        FITS,
        format_func=FITS.__getitem__,
        required=True,
        key=state.setting("fit", "crop", FITS.__contains__),
        help="The middle of the photo, as in training, or the whole photo with black bars.",
    )
    fit = fit or "crop"  # the widget is required; its type doesn't say so
    failed, failure = state.recall("failure") or (None, "")
    if failed != name:
        try:
            return work.classifier(available[name], fit)
        except ExplanationError as error:
            failure = str(error)
            state.remember("failure", (name, failure))
    show(failure)
    st.button(
        "Try again", key="try-again", on_click=state.remember, args=("failure", None), help="Fetch the weights again."
    )
    st.caption("The bundled classifier answers instead.")
    return work.classifier(available[BUNDLED], fit)


def _origin(source: Source) -> str:
    """Say where the weights of a classifier come from."""
    text = ORIGINS[source.origin]
    if source.origin != "bundled":
        return text
    recipe = BUNDLED_CLASSIFIERS[source.name].recipe
    return text.format(classes=len(recipe.labels), size=recipe.size)


def choose_target(classifier: Classifier, likely: Sequence[Prediction]) -> Target:
    """Choose the target; the likeliest class follows the picture until another class is chosen."""
    classes = (LIKELIEST_CLASS, *classifier.labels)
    chosen: str = st.selectbox(
        "Class to explain",
        classes,
        key=state.setting("class", LIKELIEST_CLASS, classes.__contains__),
        help="Type to search. The likeliest follows the picture.",
    )
    others = (NO_OTHER_CLASS, *classifier.labels)
    versus: str = st.selectbox(
        "Rather than",
        others,
        key=state.setting("rather-than", NO_OTHER_CLASS, others.__contains__),
        help="Explains the difference: why the one class rather than the other.",
    )
    scale = st.segmented_control(
        "Number to explain",
        SCALES,
        required=True,
        key=state.setting("scale", SCALES[0], SCALES.__contains__),
        help="The logit is the class's own score. The probability also depends on all other classes, and saturates.",
    )
    index = likely[0].index if chosen == LIKELIEST_CLASS else classifier.labels.index(chosen)
    return Target(index, None if versus == NO_OTHER_CLASS else classifier.labels.index(versus), scale or SCALES[0])


def choose_class(label: str) -> None:
    """Explain this class from the next run on."""
    state.choose("class", label)
