"""Widgets that choose the question: the picture, the classifier, the class, and which score is explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

import streamlit as st

from explainers import Classifier, Explainer, ExplanationError, Prediction, Target
from explainers.classifiers import BUNDLED, Source, sources
from explainers.classifiers.bundled import BUNDLED_CLASSIFIERS, INSTALL
from explainers.classifiers.catalogue import default, find
from explainers.classifiers.view import Fit
from explainers.explanation import SCALES
from explainers.glossary import with_terms
from explainers.images.photo import Photo
from explainers.markdown import escaped
from explainers.question import Question
from pages.shared import jobs, own_classifiers, state, work
from pages.shared.frame import Kind, NoResult, show
from pages.shared.picture import choose_picture
from pages.shared.tray_report import offer_tray_report

FITS: dict[Fit, str] = {"crop": "centre", "pad": "whole photo"}
ORIGINS = {
    "bundled": "{purpose} It sees {size} x {size} pixels.",
    "local": "Local weights.",
    "on disk": "Its weights are on disk.",
    "download": "Its weights are downloaded once.",
    "team": "It comes from whoever runs this server.",
    "memory": "It is in the memory of the program that opened this page.",
    "own": "It is yours, and gone when you leave.",
}
ASKED_PHOTO_KEY = "photo"  # of the digest of the photo that the question is about
ASKED_MEGABYTES = 600  # of weights: more are downloaded only after a click
AGREED_KEY = "agreed downloads"  # of the digests of such classifiers that the visitor has agreed to
USUAL_FIT_KEY = "usual fit"  # of the chosen classifier
TOP_PREDICTION, NOTHING = "top prediction", "nothing"
T = TypeVar("T")


def ask(choose_method: Callable[[Classifier, Photo], T]) -> tuple[Question, Sequence[Prediction], T]:
    """Draw the widgets of the question and, after the picture, those of the method.

    Return the question, the likeliest classes of its photo, and what `choose_method` returns.
    Raises ExplanationError.
    """
    own_classifiers.bring_along()
    with st.container(key="asked-picture"):  # by which too_large.css knows that the results are about it
        photo = choose_picture()
    state.remember(ASKED_PHOTO_KEY, photo.digest)
    report_place = st.container(key="tray-report")
    method_place, class_place = st.container(key="method-choice"), st.container(key="class-choice")
    with st.expander("More: classifier, contrast, score, crop", key="more"):
        classifier_place, target_place, fit_place = st.container(), st.container(), st.container()
    problem_place = st.container()
    with classifier_place:
        source = choose_source()
    with fit_place:
        fit = _choose_fit(source)
    with classifier_place:
        classifier = load_or_replace(source, fit, problem_place)
    likely = work.predictions(classifier, photo)
    with class_place:
        index = _choose_class(classifier, likely)
    with target_place:
        target = _choose_target(classifier, index)
    question = Question(photo, classifier, target)
    with method_place:
        method = choose_method(classifier, photo)
    if isinstance(method, Explainer):
        with report_place:
            offer_tray_report(method, question, class_is_chosen=class_is_chosen())
    return question, likely, method


def available_sources() -> dict[str, Source]:
    """Return what can be chosen, by name: the sources of the menu, the server's first, and any other that is named."""
    offered = {source.name: source for source in sources()}
    for name in (default().name, state.value(own_classifiers.CLASSIFIER_KEY, "")):
        if name and name not in offered:
            with suppress(ExplanationError):  # an address names what it likes
                offered[name] = find(name)
    return offered


def catalogue(available: Mapping[str, Source]) -> dict[str, str]:
    """Return the text of every available classifier in the select box, by the classifier's name."""
    # The browser answers with an option's text, so it must not change during a visit, even after a download.
    texts: dict[str, str] = state.recall("offers", {})
    for name, source in available.items():
        if name not in texts:
            text = source.description
            texts = {**texts, name: text if text not in texts.values() else f"{text} ({name})"}
    state.remember("offers", texts)
    return texts


def choose_source() -> Source:
    """Choose a classifier, which `load_or_replace` loads. Raises NoResult for an own one that isn't here."""
    available = available_sources()
    texts, first = catalogue(available), default().name
    missing = own_classifiers.missing(state.value(own_classifiers.CLASSIFIER_KEY, first), available)
    options = (*available, *missing)
    name: str = st.selectbox(
        "Classifier",
        options,
        format_func=(texts | missing).__getitem__,
        key=state.setting(own_classifiers.CLASSIFIER_KEY, first, options.__contains__),
        on_change=state.remember,
        args=("failure", None),
        help="Name, share of right answers (top-1 accuracy) and size of the weights. ↓: they are downloaded once, when "
        "you choose it.",
    )
    if name in missing:
        raise NoResult(own_classifiers.MISSING, "warning")
    st.caption(_origin(available[name]))
    return available[name]


def load_or_replace(source: Source, fit: Fit, problem_place: st.delta_generator.DeltaGenerator) -> Classifier:
    """Load the chosen classifier; where that fails or is to be agreed to, say so there and return another one."""
    failed, failure = state.recall("failure") or (None, "")
    if _is_large(source) and source.digest not in state.recall(AGREED_KEY, ()):
        size = f"{source.megabytes:,.0f} MB"
        request = f"{source.title} isn't on this server yet. Its weights take {size}."
        return _another(source, fit, problem_place, (request, "info"), f"Download {size}", _agree_to, source.digest)
    if failed != source.digest:
        try:
            return work.classifier(source, fit)
        except jobs.Stopped:
            raise
        except ExplanationError as error:
            if source.origin == "own":
                raise
            failure = str(error)
            state.remember("failure", (source.digest, failure))
    return _another(source, fit, problem_place, (failure, "error"), "Try again", state.remember, "failure", None)


def _is_large(source: Source) -> bool:
    """Whether a classifier, which an address may name, would take much of the server's disk and network."""
    return source.origin == "download" and (source.megabytes or 0) > ASKED_MEGABYTES


def _agree_to(digest: str) -> None:
    state.remember(AGREED_KEY, (*state.recall(AGREED_KEY, ()), digest))


def _another(
    source: Source,
    fit: Fit,
    problem_place: st.delta_generator.DeltaGenerator,
    problem: tuple[str, Kind],
    button: str,
    on_click: Callable[..., None],
    *args: object,
) -> Classifier:
    """Say at a place what the problem is, and how grave; offer a way out of it, and load another classifier."""
    first = default()
    other = first if source.name != first.name else find(BUNDLED)
    with problem_place:
        show(*problem)
        st.button(button, key="try-again", on_click=on_click, args=args)
        st.caption(f"{other.title} answers instead.")
    return work.classifier(other, fit)


def _origin(source: Source) -> str:
    """Say where the weights of a classifier come from, and which better one could be installed."""
    if source.origin != "bundled":
        return " ".join(filter(None, (escaped(source.about), ORIGINS[source.origin])))
    bundled = BUNDLED_CLASSIFIERS[source.name]
    text = ORIGINS["bundled"].format(purpose=bundled.purpose, size=bundled.recipe.size)
    for other in BUNDLED_CLASSIFIERS.values():
        if not other.is_installed:
            text += f" {other.title} isn't installed: `{INSTALL}` installs it."
    return text


def _choose_fit(source: Source) -> Fit:
    if state.recall(USUAL_FIT_KEY, source.fit) != source.fit:
        state.forget("fit")  # it was chosen for a classifier that sees photos in another way
    state.remember(USUAL_FIT_KEY, source.fit)
    fit = st.segmented_control(
        "Crop",
        FITS,
        format_func=FITS.__getitem__,
        required=True,
        key=state.setting("fit", source.fit, FITS.__contains__),
        help="The centre of the photo, as in training, or the whole photo with black bars.",
    )
    return fit or source.fit  # the widget is required; its type doesn't say so


def _choose_class(classifier: Classifier, likely: Sequence[Prediction]) -> int:
    """Choose the class; the top prediction follows the picture until another class is chosen."""
    classes = (TOP_PREDICTION, *classifier.labels)
    chosen: str = st.selectbox(
        "Class",
        classes,
        key=state.setting("class", TOP_PREDICTION, classes.__contains__),
        help="Which class the map explains. Type to search.",
    )
    return likely[0].index if chosen == TOP_PREDICTION else classifier.labels.index(chosen)


def _choose_target(classifier: Classifier, index: int) -> Target:
    """Choose what the class is compared with, and which score is explained."""
    others = (NOTHING, *classifier.labels)
    versus: str = st.selectbox(
        "Compared with",
        others,
        key=state.setting("rather-than", NOTHING, others.__contains__),
        help="Another class: then the map explains why the one rather than the other.",
    )
    scale = st.segmented_control(
        "Score",
        SCALES,
        required=True,
        key=state.setting("scale", SCALES[0], SCALES.__contains__),
        help=with_terms("Explain the logit or the probability."),
    )
    return Target(index, None if versus == NOTHING else classifier.labels.index(versus), scale or SCALES[0])


def class_is_chosen() -> bool:
    """Whether a class is explained that somebody has chosen, and not the top prediction."""
    return bool(state.value("class", TOP_PREDICTION) != TOP_PREDICTION)


def choose_class(label: str) -> None:
    """Explain this class from the next run on."""
    state.choose("class", label)
