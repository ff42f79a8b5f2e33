"""The picture as a visitor's classifier sees it, and its likeliest classes: wrong answers to the questions show."""

from __future__ import annotations

import streamlit as st

from explainers import EXPLAINERS, Classifier
from explainers.classifiers.own.classifier import OwnClassifier
from explainers.figures import answer
from explainers.images.encoding import as_image
from explainers.images.photo import Photo
from explainers.methods.families import FAMILIES
from explainers.numbers import percent
from pages.shared import work
from pages.shared.tiles import NO_MODE_BAR

PICTURE_WIDTH = 200  # pixels
CHECK_HINT = "If it gets a picture wrong that it should know, check the class names, their order and the normalisation."
NO_PICTURE = "Choose a picture in the sidebar to see what your classifier makes of it."


def show_preview(own: OwnClassifier, photo: Photo | None) -> bool:
    """Draw what the classifier sees and says; return whether it is to be kept. Raises ExplanationError."""
    st.markdown("**Preview**", help=CHECK_HINT)
    classifier = work.classifier(own, own.fit)
    if photo is None:
        st.caption(NO_PICTURE)
    else:
        likely = work.predictions(classifier, photo)
        st.image(
            as_image(classifier.see(photo.image)[0].cpu().numpy()),
            width=PICTURE_WIDTH,
            alt="The picture as the classifier sees it.",
        )
        st.caption(f"As the classifier sees it: {own.answers.size} × {own.answers.size} pixels.")
        about = ", ".join(f"{row.label} {percent(row.probability)}" for row in likely)
        st.plotly_chart(
            answer(likely, likely[0].index),
            key="model-answer",
            config=NO_MODE_BAR,
            alt=f"The likeliest classes: {about}",
        )
    st.caption(_families(classifier))
    return st.button("Keep it and explain", key="model-keep", type="primary")


def _families(classifier: Classifier) -> str:
    """Say for which families of methods the classifier has all that they need."""
    possible = {kind.family for kind in EXPLAINERS if not kind.refusal(classifier)}
    titles = [FAMILIES[name].title for name in FAMILIES if name in possible]
    missing = [FAMILIES[name].title for name in FAMILIES if name not in possible]
    sentence = f"Methods that work on it: {', '.join(titles)}."
    return f"{sentence} Not defined: {', '.join(missing)}." if missing else sentence
