"""Choosing what is asked: the picture, the classifier, the class, and which number is explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from explainers import Classifier, ExplanationError, Prediction, Target
from explainers.classifiers import BUNDLED, Offer, offers
from explainers.explanation import SCALES
from pages.shared import state, work
from pages.shared.frame import show
from pages.shared.photo import Photo
from pages.shared.picture import choose_picture

FITS: dict[Literal["crop", "pad"], str] = {"crop": "the middle", "pad": "the whole photo"}
ORIGINS = {
    "bundled": "Comes with Whypixel: 100 everyday classes, small pictures.",
    "local": "Weights of your own folder; nobody has published their accuracy.",
    "on disk": "Weights are on disk.",
    "download": "Its weights are downloaded once.",
}
ASKED = "photo"  # the digest of the photo that is asked about
LIKELIEST, NO_OTHER = "the likeliest", "no other class"


@dataclass(frozen=True, eq=False)
class Question:
    """What every page asks about: a picture, who looks at it, what it says, and what of that is explained."""

    photo: Photo
    classifier: Classifier
    likely: Sequence[Prediction]
    target: Target


def ask() -> Question:
    """The question as the visitor puts it, in the sidebar of every page. Raises ExplanationError."""
    photo = choose_picture()
    state.note(ASKED, photo.digest)
    classifier = choose_classifier()
    likely = work.predictions(classifier, photo)
    return Question(photo, classifier, likely, choose_target(classifier, likely))


def catalogue() -> dict[str, str]:
    """The classifiers on offer by name, each with its text in a select box."""
    # The browser answers with an option's text, so it stays the same all visit long, also after a download.
    texts: dict[str, str] = {offer.name: _described(offer) for offer in offers()} | state.noted("offers", {})
    state.note("offers", texts)
    return texts


def choose_classifier() -> Classifier:
    """The chosen classifier, ready to use; the bundled one, after a message, where it can't be had."""
    on_offer, texts = {offer.name: offer for offer in offers()}, catalogue()
    name: str = st.selectbox(
        "Classifier",
        on_offer,
        format_func=texts.__getitem__,
        key=state.setting("classifier", BUNDLED, on_offer.__contains__),
        on_change=state.note,
        args=("failure", None),
        help="Name, top-1 accuracy and size of the weights. ↓: they are downloaded once, when you choose it.",
    )
    st.caption(ORIGINS[on_offer[name].origin])
    fit = st.segmented_control(
        "It is shown",
        FITS,
        format_func=FITS.__getitem__,
        required=True,
        key=state.setting("fit", "crop", FITS.__contains__),
        help="The middle of the photo, as in training, or the whole photo with black bars.",
    )
    fit = fit or "crop"  # the widget is required; its type doesn't say so
    failed, failure = state.noted("failure") or (None, "")
    if failed != name:
        try:
            return work.classifier(name, on_offer[name].title, fit)
        except ExplanationError as error:
            failure = str(error)
            state.note("failure", (name, failure))
    show(failure)
    st.button(
        "Try again", key="try-again", on_click=state.note, args=("failure", None), help="Fetch the weights again."
    )
    st.caption("The bundled classifier answers instead.")
    return work.classifier(BUNDLED, on_offer[BUNDLED].title, fit)


def choose_target(classifier: Classifier, likely: Sequence[Prediction]) -> Target:
    """What is explained; the likeliest class follows the picture until another is chosen."""
    classes = (LIKELIEST, *classifier.labels)
    chosen: str = st.selectbox(
        "Class to explain",
        classes,
        key=state.setting("class", LIKELIEST, classes.__contains__),
        help="Type to search. The likeliest follows the picture.",
    )
    others = (NO_OTHER, *classifier.labels)
    other: str = st.selectbox(
        "Rather than",
        others,
        key=state.setting("rather-than", NO_OTHER, others.__contains__),
        help="Explains the difference: why the one class rather than the other.",
    )
    scale = st.segmented_control(
        "Number to explain",
        SCALES,
        required=True,
        key=state.setting("scale", SCALES[0], SCALES.__contains__),
        help="The logit is the class's own score. The probability also depends on all other classes, and saturates.",
    )
    index = likely[0].index if chosen == LIKELIEST else classifier.labels.index(chosen)
    return Target(index, None if other == NO_OTHER else classifier.labels.index(other), scale or SCALES[0])


def choose_class(label: str) -> None:
    """Explain this class from the next run on."""
    state.choose("class", label)


def _described(offer: Offer) -> str:
    accuracy = "local" if offer.accuracy is None else f"{offer.accuracy:.1f} %"
    return f"{offer.title} · {accuracy} · {offer.megabytes:.0f} MB" + " ↓" * (offer.origin == "download")
